import json

import numpy as np
import pytest

from engine.store import strict_json


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"a": float("nan")}, r"^a: got nan"),
        ({"a": {"b": [1.0, float("inf")]}}, r"^a\.b\[1\]: got inf"),
        ({"a": np.float64("nan")}, r"^a: got nan"),
        ({"a": np.arange(3)}, r"^a: got a ndarray"),
        ({"a": np.float32(1)}, r"^a: got a float32"),
        ({1: "a"}, r"key 1 is not text"),
    ],
)
def test_what_is_not_json_is_refused_with_its_place(document, place):
    with pytest.raises(ValueError, match=place):
        strict_json.dumps(document)


@pytest.mark.parametrize(
    "text",
    ['{"a": NaN}', '{"a": -Infinity}', '{"a": 1e999}', "[1]", "7", "{", "", b"\xff", "[" * 100_000],
)
def test_text_that_is_not_a_strict_json_object_is_refused(text):
    with pytest.raises(ValueError):
        strict_json.loads(text)


def test_the_same_document_is_the_same_text_and_comes_back():
    document = {"b": [1, 2.5, None, True, "ρ"], "a": {"y": 0.1, "x": -1e-300}}
    text = strict_json.dumps(document)
    assert text == strict_json.dumps(dict(reversed(document.items())))
    assert strict_json.loads(text) == json.loads(text) == document

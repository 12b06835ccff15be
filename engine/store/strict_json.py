"""JSON as the standard has it: no NaN, no infinity, keys sorted, the same value the same bytes."""

import json
import math
from collections.abc import Mapping
from typing import Any

_compact = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


def dumps(document: Mapping[str, Any], *, indent: int | None = None) -> str:
    """The document as JSON text.

    Raises:
        ValueError: a number is not finite or a value is not JSON; names where it lies.
    """
    check(document)
    if indent is None:
        return _compact.encode(document)
    return json.dumps(document, sort_keys=True, indent=indent, allow_nan=False)


def loads(text: str | bytes) -> dict[str, Any]:
    """The object that JSON text holds.

    Raises:
        ValueError: not JSON, not an object, or a number that is not finite.
    """
    try:
        plain = text.decode() if isinstance(text, bytes) else text
        document = json.loads(plain, parse_constant=_refuse)
        check(document)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(document, dict):
        raise ValueError(f"got a JSON {type(document).__name__}, expected an object")
    return document


def check(value: Any, where: str = "") -> None:
    """Refuse what strict JSON cannot carry, naming its place (`spectral_fidelity.scale`)."""
    # Scalars first, of which an event has twenty: to ask for a Mapping takes as long as all else.
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{where}: got {value}, expected a finite number or null")
    elif value is None or isinstance(value, (str, int)):
        pass
    elif isinstance(value, Mapping):
        for name, item in value.items():
            if not isinstance(name, str):
                raise ValueError(f"{where or 'document'}: key {name!r} is not text")
            check(item, f"{where}.{name}" if where else name)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            check(item, f"{where}[{index}]")
    else:
        raise ValueError(f"{where}: got a {type(value).__name__}, expected a JSON value")


def is_deeper(value: Any, levels: int) -> bool:
    """Whether a value has more levels of objects and lists than so many."""
    if not isinstance(value, dict | list):
        return False
    items = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(is_deeper(item, levels - 1) for item in items)


def _refuse(constant: str) -> Any:
    raise ValueError(f"got {constant}, expected a finite number or null")

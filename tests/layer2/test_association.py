"""The correlation across runs against formulas, on samples whose correlation is known."""

import math

import numpy as np
import pytest

from engine.hunt.correlation import correlate
from engine.layer2.association import Association, associate


def sample(count: int, true: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    x, y = random.normal(size=(2, count))
    return 10**x, 10 ** (true * x + math.sqrt(1 - true**2) * y)


def test_by_hand():
    found = associate(10.0 ** np.array([1, 2, 3, 4, 5]), 10.0 ** np.array([1, 3, 2, 5, 4]))
    assert (found.runs, found.pearson, found.spearman) == (
        5,
        pytest.approx(0.8),
        pytest.approx(0.8),
    )
    reach = 1.959964 / math.sqrt(2)
    assert found.low == pytest.approx(math.tanh(math.atanh(0.8) - reach), rel=1e-6)
    assert found.high == pytest.approx(math.tanh(math.atanh(0.8) + reach), rel=1e-6)


def test_the_interval_holds_the_true_correlation_95_times_in_100():
    found = [associate(*sample(25, 0.72, seed)) for seed in range(1000)]
    held = sum(each.low <= 0.72 <= each.high for each in found)
    assert 935 <= held <= 965


def test_it_is_what_the_hunts_page_says():
    one, two = sample(40, -0.4, 3)
    ours, theirs = associate(one, two), correlate(one, two)
    for name in ("runs", "pearson", "low", "high", "spearman"):
        assert getattr(ours, name) == pytest.approx(getattr(theirs, name), rel=1e-6), name


def test_runs_without_both_figures_are_left_out_and_too_few_say_nothing():
    one, two = sample(10, 0.5, 1)
    one[0], two[1], two[2], one[3] = np.nan, np.inf, 0.0, -1.0
    assert associate(one, two) == associate(one[4:], two[4:])
    assert associate(one[:7], two[:7]) == Association(3)
    assert associate(np.full(9, 2.0), sample(9, 0, 1)[0]) == Association(9)

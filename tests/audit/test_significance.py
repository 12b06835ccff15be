"""What many p-values say together."""

import numpy as np
import pytest
from scipy.stats import kstest

from engine.audit.nulls import sequential
from engine.audit.significance import holm, share_below, stouffer, twice_mean


def test_holm_is_the_published_procedure():
    """Holm (1979): steps m, m − 1, …; monotone; never above 1."""
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm([0.5, 0.9]), [1.0, 1.0])
    assert holm([0.02]) == [0.02]
    assert holm([]).size == 0


def test_an_unscored_run_counts_as_a_test():
    assert holm([0.004, 1.0, 1.0, 1.0])[0] == pytest.approx(0.016)


def test_holm_holds_its_level_over_a_hunt_that_finds_nothing():
    """Of 2,000 hunts of 20 structureless runs, at most 5 % claim anything at 5 %."""
    random = np.random.default_rng(1)
    claims = [holm(random.random(20)).min() < 0.05 for _ in range(2000)]
    assert np.mean(claims) < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 2000)


def test_stouffer_is_uniform_where_there_is_nothing():
    random = np.random.default_rng(2)
    assert kstest([stouffer(random.random(8)) for _ in range(2000)], "uniform").pvalue > 0.01


def test_stouffer_of_one_is_itself_and_of_eight_weak_ones_is_strong():
    assert stouffer([0.03]) == pytest.approx(0.03)
    assert stouffer([0.05] * 8) == pytest.approx(1.6e-6, rel=0.1)
    assert stouffer([0.5] * 8) == pytest.approx(0.5)


def test_one_replicate_without_a_score_weakens_but_is_no_veto():
    assert stouffer([0.01] * 7) < stouffer([0.01] * 7 + [1.0]) < 0.01


def test_twice_the_mean_holds_its_level_where_stouffer_does_not():
    """Eight copies of one p-value are one test, not eight."""
    p = np.random.default_rng(4).random(4000)
    assert np.mean([stouffer([x] * 8) < 0.01 for x in p]) > 0.1
    assert np.mean([twice_mean([x] * 8) < 0.01 for x in p]) < 0.01
    assert twice_mean([0.9, 0.9]) == 1


def test_share_below_counts_the_tail_and_reads_the_rest():
    scores = np.random.default_rng(3).random(4999)
    null = sequential(0.5, lambda count: scores[:count], 4999, 4999).to_dict()
    ordered = np.sort(scores)
    assert share_below(-1.0, null) == 0
    assert share_below(float(ordered[2]) + 1e-9, null) == 3 / 4999
    for score in (0.1, 0.5, 0.93):
        assert share_below(score, null) == pytest.approx(np.mean(scores <= score), abs=0.011)
    assert share_below(2.0, null) == 1


def test_an_undefined_surrogate_is_below_nothing():
    scores = np.full(199, np.inf)
    scores[:2] = 0.25
    null = sequential(0.1, lambda count: scores[:count], 199, 199).to_dict()
    assert share_below(1e9, null) == pytest.approx(2 / 199, abs=0.011)

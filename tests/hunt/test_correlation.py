"""The stability–fidelity correlation against SciPy, and its words where it says nothing."""

import numpy as np
import pytest
import scipy.stats
from table_samples import table_of

from engine.hunt.correlation import correlate, stability_fidelity


def sample(n, slope=0.5, seed=0):
    random = np.random.default_rng(seed)
    x = random.normal(size=n)
    return 10**x, 10 ** (slope * x + random.normal(size=n) - 3)


@pytest.mark.parametrize("n", [4, 12, 200])
@pytest.mark.parametrize("slope", [-1.0, 0.0, 1.5])
def test_r_its_interval_and_rho_are_scipys(n, slope):
    sse, h_norm = sample(n, slope)
    found = correlate(sse, h_norm)
    pearson = scipy.stats.pearsonr(np.log10(sse), np.log10(h_norm))
    interval = pearson.confidence_interval(0.95)
    assert found.pearson == pytest.approx(pearson.statistic)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-6)
    assert found.spearman == pytest.approx(scipy.stats.spearmanr(sse, h_norm).statistic)
    assert found.runs == n


def test_equal_values_share_their_rank():
    sse = np.array([1.0, 2, 2, 3, 4, 4, 4])
    h_norm = np.array([2.0, 2, 1, 5, 3, 4, 4])
    expected = scipy.stats.spearmanr(sse, h_norm).statistic
    assert correlate(sse, h_norm).spearman == pytest.approx(expected)


def test_runs_without_both_figures_are_left_out():
    sse, h_norm = sample(20)
    sse[0], h_norm[1], h_norm[2] = np.nan, np.nan, 0.0
    found = correlate(sse, h_norm)
    assert found.runs == 17
    assert found.pearson == correlate(sse[3:], h_norm[3:]).pearson


def test_the_interval_holds_the_true_correlation_95_times_in_100():
    true = 0.5 / np.hypot(0.5, 1)
    found = [correlate(*sample(30, seed=seed)) for seed in range(1000)]
    held = sum(each.low <= true <= each.high for each in found)
    assert 935 <= held <= 965


@pytest.mark.parametrize("n", [0, 1, 3])
def test_too_few_runs_are_said_so(n):
    found = correlate(*sample(n))
    assert found.pearson is None
    assert (
        found.words
        == f"{n} run{'s' * (n != 1)} {'has' if n == 1 else 'have'} both figures, 4 are needed."
    )


def test_no_spread_is_said_so():
    found = correlate(np.ones(9), sample(9)[1])
    assert found.pearson is None
    assert "All 9 runs have the same SSE" in found.words


def test_a_perfect_correlation_is_one_without_an_interval():
    x = np.logspace(-3, 0, 8)
    found = correlate(x, x**2)
    assert (found.pearson, found.low, found.high) == pytest.approx((1, 1, 1))


def test_the_words_place_the_reported_figure_and_doubt_few_runs():
    weak = correlate(*sample(20, slope=0.0, seed=3))
    assert "no correlation" in weak.words
    assert "+0.72 lies outside" in weak.words
    assert "Only 20 runs" in weak.words
    strong = correlate(*sample(300, slope=1.04))
    assert "more stable" in strong.words
    assert "+0.72 lies inside" in strong.words
    assert "Only" not in strong.words


def test_a_run_at_two_places_counts_once():
    sse, h_norm = sample(5)
    table = table_of(
        log_prime_sse=[*sse, sse[0]], sdg_h_norm_l2=[*h_norm, h_norm[0]], ids=[*"abcde", "a"]
    )
    assert stability_fidelity(table).runs == 5

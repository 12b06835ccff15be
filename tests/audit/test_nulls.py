"""The null hypotheses: what they keep, what they change, and that p means what it says."""

import numpy as np
import pytest
from synthetic_fields import structureless

from engine.audit import nulls
from engine.audit.nulls import ENOUGH, exact, most_draws, phase_scramble, sequential, target_shuffle
from engine.audit.primes import LOG_PRIMES, fit_primes, score_field, score_peaks

RUN, OTHER = "0123456789" * 4, "fedcba9876" * 4


def surrogates(monkeypatch, psi, draws):
    seen = []
    monkeypatch.setattr(
        nulls, "score_surrogates", lambda rho: seen.append(rho) or np.zeros(len(rho))
    )
    phase_scramble(psi, RUN)(draws)
    return np.concatenate(seen)


def test_scramble_keeps_the_moduli_and_changes_the_field(monkeypatch):
    psi = structureless(16, 1)
    rho = surrogates(monkeypatch, psi, 5)
    assert rho.shape == (5, 16, 16)
    # Parseval: Σ|ψ|² follows from |ψ̂| alone.
    np.testing.assert_allclose(rho.sum(axis=(1, 2)), np.sum(np.abs(psi) ** 2), rtol=1e-6)
    assert np.corrcoef(rho.reshape(5, -1))[np.triu_indices(5, 1)].max() < 0.5
    assert np.corrcoef(rho[0].ravel(), (np.abs(psi) ** 2).ravel())[0, 1] < 0.5


def test_scrambled_scores_differ():
    assert len(set(phase_scramble(structureless(32, 2), RUN)(20))) > 15


def test_scrambling_the_phases_of_rho_would_change_nothing():
    """Why the null draws the phases of ψ̂: the score sees |ρ̂| only."""
    rho = np.abs(structureless(64, 3)) ** 2
    random = np.fft.fft2(np.random.default_rng(3).normal(size=rho.shape))
    scrambled = np.fft.ifft2(np.abs(np.fft.fft2(rho)) * random / np.abs(random)).real
    assert np.corrcoef(scrambled.ravel(), rho.ravel())[0, 1] < 0.9
    assert score_field(scrambled, 1.0).log_prime_sse == pytest.approx(
        score_field(rho, 1.0).log_prime_sse, rel=1e-9
    )


def test_sorting_shuffled_targets_would_change_nothing():
    """Why the null permutes gaps: sorted again, shuffled targets are the targets."""
    peaks = np.sort(np.random.default_rng(4).uniform(0.2, 3, 8))
    shuffled = np.sort(np.random.default_rng(5).permutation(LOG_PRIMES))
    assert fit_primes(peaks, shuffled)[0] == fit_primes(peaks)[0]
    assert len(set(target_shuffle(peaks).round(12))) > 5000


def test_shuffle_is_every_permutation_of_the_gaps():
    """Four peaks have three gaps: six scores, the first of them the observed one."""
    peaks = np.array([0.5, 0.9, 1.4, 1.7])
    scores = target_shuffle(peaks)
    assert len(set(scores.round(12))) == scores.size == 6
    assert score_peaks(peaks).log_prime_sse == pytest.approx(scores[0], abs=1e-14)
    gaps = np.diff(LOG_PRIMES[:4])[::-1]
    turned = LOG_PRIMES[0] + np.concatenate([[0], np.cumsum(gaps)])
    expected = fit_primes(np.pad(peaks, (0, 4)), np.pad(turned, (0, 4)))[0]
    assert np.abs(scores - expected).min() < 1e-14
    assert target_shuffle(np.linspace(1, 3, 9)).size == 5040


def test_draws_depend_on_the_run_and_on_nothing_else(monkeypatch):
    psi = structureless(16, 6)
    scores = phase_scramble(psi, RUN)(30)
    np.testing.assert_array_equal(phase_scramble(psi, RUN)(30), scores)
    draw = phase_scramble(psi, RUN)
    np.testing.assert_array_equal(np.concatenate([draw(12), draw(18)]), scores)
    assert not np.array_equal(phase_scramble(psi, OTHER)(30), scores)
    monkeypatch.setattr(nulls, "_BLOCK_CELLS", 7 * 16**2)
    np.testing.assert_array_equal(phase_scramble(psi, RUN)(30), scores)


def drawing(scores):
    """Draws that are known beforehand."""
    rest = iter(np.asarray(scores, float))
    return lambda count: np.fromiter(rest, float, count)


def test_p_counts_the_observation_among_the_draws():
    null = [1.0, 2.0, 3.0, 4.0]
    assert sequential(0.5, drawing(null), 4, 4).p == 1 / 5
    assert sequential(2.0, drawing(null), 4, 4).p == 3 / 5
    assert sequential(9.0, drawing(null), 4, 4).p == 1
    assert sequential(2.0, drawing(null), 4, 4).median == 2.5


def test_exact_p_is_the_share_of_the_permutations():
    assert exact(2.0, np.array([2.0, 1.0, 3.0, 4.0])).p == 2 / 4


def test_draws_go_on_until_ten_reach_the_score():
    """The tenth at or below 0.1 is draw 1000: p = 10/1000, and no draw after it counts."""
    scores = np.ones(4000)
    scores[99:1000:100] = 0.1
    scores[1000:] = 0.0
    found = sequential(0.1, drawing(scores), 199, 100_000)
    assert (found.p, found.draws, found.reached) == (ENOUGH / 1000, 1000, ENOUGH)


def test_a_score_that_no_draw_reaches_gets_the_most_draws():
    found = sequential(0.1, lambda count: np.ones(count), 199, 5000)
    assert (found.p, found.draws, found.reached) == (1 / 5001, 5000, 0)


def test_a_score_that_many_reach_gets_no_more_draws():
    scores = np.where(np.arange(199) < ENOUGH, 0.0, 1.0)
    found = sequential(0.1, drawing(scores), 199, 100_000)
    assert (found.p, found.draws) == ((1 + ENOUGH) / 200, 199)


def test_going_on_favours_no_level():
    """P(p ≤ u) ≤ u at every u, by 20,000 tests of uniform scores against uniform draws."""
    random = np.random.default_rng(0)
    p = np.array([sequential(random.random(), random.random, 39, 2000).p for _ in range(20_000)])
    for u in (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 10 / 39, 11 / 40, 0.3, 0.5, 0.9):
        found, noise = np.mean(p <= u), np.sqrt(u * (1 - u) / p.size)
        assert found <= u + 4 * noise
        assert found >= u - 4 * noise - 1 / 40
    assert np.mean(p <= 0.002) > 0.001  # a floor of 1/40 would leave none


def test_larger_grids_get_fewer_draws_but_never_less_than_asked():
    assert most_draws(64, 199) == most_draws(128, 199) == 100_000
    assert most_draws(1024, 199) == 1562
    assert most_draws(1024, 5000) == 5000


def test_a_permutation_that_changes_nothing_counts_in_spite_of_rounding():
    for peaks in (LOG_PRIMES[:3] * 0.37, np.array([0.31, 0.77, 0.96])):
        assert exact(score_peaks(peaks).log_prime_sse, target_shuffle(peaks)).p in (0.5, 1.0)


def test_undefined_surrogates_are_worse_than_any_and_the_median_is_capped():
    found = sequential(1.0, drawing([0.5, np.inf, np.inf]), 3, 3)
    assert found.p == 2 / 4
    assert found.median == nulls.CAP
    assert found.to_dict()["lowest"] == [0.5, None, None]

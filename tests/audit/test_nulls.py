"""The null hypotheses: what they keep, what they change, and that p means what it says."""

import numpy as np
import pytest
from scipy.stats import kstest

from engine.audit import nulls
from engine.audit.nulls import compare, phase_scramble, target_shuffle
from engine.audit.primes import LOG_PRIMES, fit_primes, score_field, score_peaks

RUN, OTHER = "0123456789" * 4, "fedcba9876" * 4


def structureless(size: int, seed: int) -> np.ndarray:
    """A complex Gaussian field with a smooth spectrum: all phases independent."""
    random = np.random.default_rng(seed)
    m = np.fft.fftfreq(size, 1 / size)
    envelope = np.exp(-(m[None, :] ** 2 + m[:, None] ** 2) / (2 * (size / 3) ** 2))
    shape = (size, size)
    return np.fft.ifft2(envelope * (random.normal(size=shape) + 1j * random.normal(size=shape)))


def scramble_p(size: int, seed: int, draws: int) -> float | None:
    psi = structureless(size, seed)
    observed = score_field(np.abs(psi) ** 2, 1.0).log_prime_sse
    if observed is None:
        return None
    return compare(observed, phase_scramble(psi, f"{seed:040x}", draws)).p


def surrogates(monkeypatch, psi, draws):
    seen = []
    monkeypatch.setattr(
        nulls, "score_surrogates", lambda rho: seen.append(rho) or np.zeros(len(rho))
    )
    phase_scramble(psi, RUN, draws)
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
    assert len(set(phase_scramble(structureless(32, 2), RUN, 20))) > 15


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
    assert len(set(target_shuffle(peaks, RUN, 50).round(12))) > 40


def test_shuffle_draws_the_permutations_of_the_gaps():
    """Four peaks have three gaps: six scores, each about as often."""
    peaks = np.array([0.5, 0.9, 1.4, 1.7])
    scores, counts = np.unique(target_shuffle(peaks, RUN, 6_000).round(12), return_counts=True)
    assert scores.size == 6
    assert score_peaks(peaks).log_prime_sse == pytest.approx(
        scores[np.argmin(np.abs(scores - score_peaks(peaks).log_prime_sse))], abs=1e-11
    )
    assert counts.min() > 850
    assert counts.max() < 1150


def test_draws_depend_on_the_run_and_on_nothing_else(monkeypatch):
    psi = structureless(16, 6)
    scores = phase_scramble(psi, RUN, 30)
    np.testing.assert_array_equal(phase_scramble(psi, RUN, 30), scores)
    np.testing.assert_array_equal(phase_scramble(psi, RUN, 12), scores[:12])
    assert not np.array_equal(phase_scramble(psi, OTHER, 30), scores)
    monkeypatch.setattr(nulls, "_BLOCK_CELLS", 7 * 16**2)
    np.testing.assert_array_equal(phase_scramble(psi, RUN, 30), scores)
    peaks = LOG_PRIMES + 0.1
    np.testing.assert_array_equal(target_shuffle(peaks, RUN, 9), target_shuffle(peaks, RUN, 9))
    assert not np.array_equal(target_shuffle(peaks, RUN, 9), target_shuffle(peaks, OTHER, 9))


def test_p_counts_the_observation_among_the_draws():
    null = np.array([1.0, 2.0, 3.0, 4.0])
    assert compare(0.5, null).p == 1 / 5
    assert compare(2.0, null).p == 3 / 5
    assert compare(9.0, null).p == 1
    assert compare(2.0, null).median == 2.5


def test_a_permutation_that_changes_nothing_counts_in_spite_of_rounding():
    for peaks in (LOG_PRIMES[:3] * 0.37, np.array([0.31, 0.77, 0.96])):
        observed = score_peaks(peaks).log_prime_sse
        assert compare(observed, target_shuffle(peaks, RUN, 199)).p > 0.35


def test_undefined_surrogates_are_worse_than_any_and_the_median_is_capped():
    null = np.array([0.5, np.inf, np.inf])
    found = compare(1.0, null)
    assert found.p == 2 / 4
    assert found.median == nulls.CAP


def test_p_is_uniform_without_structure():
    p = [scramble_p(32, seed, 39) for seed in range(120)]
    p = np.array([1.0 if x is None else x for x in p])
    # Undefined observations count as p = 1; below that, p is uniform on multiples of 1/40.
    assert np.mean(p <= 0.25) == pytest.approx(0.25, abs=0.12)
    assert np.mean(p <= 0.5) == pytest.approx(0.5, abs=0.14)


@pytest.mark.slow
def test_p_is_uniform_without_structure_on_300_fields():
    p = [scramble_p(64, seed, 199) for seed in range(300)]
    defined = np.array([x for x in p if x is not None])
    assert defined.size > 290
    assert kstest(defined, "uniform").pvalue > 0.01
    assert np.mean(defined < 0.05) == pytest.approx(0.05, abs=0.03)

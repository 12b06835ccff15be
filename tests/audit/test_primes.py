"""log_prime_sse: zero on combs of ln p, blind to units, undefined below three peaks."""

import numpy as np
import pytest
from scipy.stats import qmc
from synthetic_fields import ring_field

from engine.audit.nulls import exact, phase_scramble, sequential, target_shuffle
from engine.audit.primes import LOG_PRIMES, fit_primes, score_field, score_peaks

RUN = "5" * 40


@pytest.mark.parametrize("c", np.geomspace(0.1, 10, 9))
@pytest.mark.parametrize("count", [3, 5, 8])
def test_a_comb_of_log_primes_scores_zero(c, count):
    found = score_peaks(c * LOG_PRIMES[:count])
    assert found.log_prime_sse < 1e-28
    assert found.scale == pytest.approx(1 / c)


def test_scale_is_the_least_squares_fit():
    peaks = np.array([0.3, 0.55, 0.7, 1.1])
    found = score_peaks(peaks)
    (scale,), (sse,), *_ = np.linalg.lstsq(peaks[:, None], LOG_PRIMES[:4])
    assert found.scale == pytest.approx(scale)
    assert found.log_prime_sse == pytest.approx(sse)


def test_only_the_first_eight_peaks_are_scored():
    comb = np.append(2 * LOG_PRIMES, [9.0, 17.0])
    found = score_peaks(comb)
    assert found.log_prime_sse < 1e-28
    assert found.peaks.size == 10


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_peaks_have_no_score(count):
    found = score_peaks(LOG_PRIMES[:count])
    assert found.log_prime_sse is None
    assert found.scale is None
    padded = np.zeros(8)
    padded[:count] = LOG_PRIMES[:count]
    sse, scale = fit_primes(padded)
    assert sse == np.inf
    assert np.isnan(scale)


def test_an_even_comb_is_no_comb_of_primes():
    assert score_peaks(np.arange(1.0, 9.0)).log_prime_sse > 0.5


@pytest.mark.parametrize(("a", "b"), [(1e-6, 0.0), (3.0, -2.0), (1e6, 5e6)])
def test_score_does_not_see_level_and_amplitude(a, b):
    rho = ring_field(64, 9 * LOG_PRIMES, 0.7, seed=1)
    before, after = score_field(rho, 64.0), score_field(a * rho + b, 64.0)
    assert after.log_prime_sse == pytest.approx(before.log_prime_sse, rel=1e-7)


@pytest.mark.parametrize("length", [1.0, 6.4, 1e4])
def test_score_does_not_see_the_size_of_the_domain(length):
    rho = ring_field(64, 9 * LOG_PRIMES, 0.7, seed=2)
    here, there = score_field(rho, 64.0), score_field(rho, length)
    assert there.log_prime_sse == pytest.approx(here.log_prime_sse, rel=1e-12)
    assert there.scale == pytest.approx(here.scale * length / 64)


@pytest.mark.parametrize("seed", range(4))
def test_score_does_not_see_translation_or_quarter_turns(seed):
    rho = ring_field(64, 9 * LOG_PRIMES, 0.7, seed)
    moved = np.rot90(np.roll(rho, (5, 17), axis=(0, 1)))
    assert score_field(moved, 64.0).log_prime_sse == pytest.approx(
        score_field(rho, 64.0).log_prime_sse, rel=1e-9
    )


@pytest.mark.parametrize("c", [30.0, 37.0])
def test_rings_at_log_primes_score_within_their_width_and_are_significant(c):
    """Eight rings whose order is in ρ but not in |ψ̂|: both nulls refute chance."""
    size = 256
    ripple = ring_field(size, c * LOG_PRIMES, 0.7, seed=3)
    rho = 1 + 0.1 * ripple / np.abs(ripple).max()
    phase = np.random.default_rng(4).uniform(0, 2 * np.pi, rho.shape)
    found = score_field(rho, 64.0)
    assert found.peaks.size >= 8
    # A ring is found to a fraction of its spacing; eight of them, in units of ln p.
    assert found.log_prime_sse < 8 * (0.3 / c) ** 2
    psi = np.sqrt(rho) * np.exp(1j * phase)
    scramble = sequential(found.log_prime_sse, phase_scramble(psi, RUN), 99, 499)
    shuffle = exact(found.log_prime_sse, target_shuffle(found.peaks))
    assert scramble.p == 1 / 500
    assert shuffle.p < 0.01


def test_three_peaks_are_never_significant():
    """However well they fit, half of the two permutations fit as well."""
    for sample in qmc.Sobol(3, seed=0).random(64):
        peaks = np.cumsum(0.1 + sample)
        observed = score_peaks(peaks).log_prime_sse
        assert exact(observed, target_shuffle(peaks)).p >= 0.5

"""That a p-value is what it says: as often below u as u where there is nothing, low where there is.

All on fields, from ψ to p. What `sequential` does to known scores is in test_nulls.py.
"""

from math import factorial

import numpy as np
import pytest
from scipy.stats import kstest
from synthetic_fields import ring_field, structureless

from engine.audit.nulls import exact, phase_scramble, sequential, target_shuffle
from engine.audit.primes import LOG_PRIMES, score_field


def scramble_p(size: int, seed: int, draws: int, most: int) -> float:
    """The p-value of one structureless field; 1 where it has too few peaks for a score."""
    psi = structureless(size, seed)
    observed = score_field(np.abs(psi) ** 2, 1.0).log_prime_sse
    if observed is None:
        return 1.0
    return sequential(observed, phase_scramble(psi, f"{seed:040x}"), draws, most).p


def assert_uniform(p: np.ndarray) -> None:
    assert np.mean(p == 1) < 0.05
    assert kstest(p, "uniform").pvalue > 0.01
    assert np.mean(p < 0.05) == pytest.approx(0.05, abs=0.03)


def test_p_is_uniform_on_300_fields_without_structure():
    assert_uniform(np.array([scramble_p(32, seed, 99, 99) for seed in range(300)]))


@pytest.mark.slow
def test_p_is_uniform_on_300_fields_without_structure_as_runs_are_audited():
    assert_uniform(np.array([scramble_p(64, seed, 199, 199) for seed in range(300)]))


def test_more_draws_for_low_scores_favour_no_level():
    """P(p ≤ u) = u to the noise of 1000 fields, far below the 1/40 that 39 draws would allow."""
    p = np.array([scramble_p(32, seed, 39, 2000) for seed in range(1000)])
    for u in (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2):
        noise = np.sqrt(u * (1 - u) / p.size)
        assert np.mean(p <= u) == pytest.approx(u, abs=3 * noise), f"{u=}"
    assert p.min() < 0.005


@pytest.mark.parametrize("count", [3, 4, 5, 6, 7, 8])
def test_a_comb_reaches_the_lowest_p_that_its_peaks_allow(count):
    """Rings at c·ln p fit best as they are: p = 1/(m − 1)!, below 0.01 from six peaks on."""
    field = ring_field(256, 37 * LOG_PRIMES[:count], 0.7, seed=count)
    found = score_field(field, 64.0)
    assert found.peaks.size == count
    p = exact(found.log_prime_sse, target_shuffle(found.peaks)).p
    assert p == 1 / factorial(count - 1)
    assert (p < 0.01) == (count >= 6)

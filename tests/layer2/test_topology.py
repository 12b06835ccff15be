"""The topology's p-value: uniform where the phases are random, low where they are not."""

import numpy as np
import pytest
from planted_vortices import noise
from scipy.stats import kstest

from engine.audit.nulls import surrogate_densities
from engine.layer2.topology import first_against_others, topology_test


def saturated(size: int, seed: int) -> np.ndarray:
    """Amplitude 1 nearly everywhere, with vortices: phases and amplitudes tied to each other."""
    psi = noise(size, seed, highest=4)
    psi /= np.abs(psi).std()
    return psi / np.sqrt(np.abs(psi) ** 2 + 0.05)


def p_of_noise(size: int, seed: int, draws: int) -> float:
    return topology_test(noise(size, seed, highest=4), f"{seed:040x}", draws).p


def assert_uniform(p: np.ndarray, draws: int) -> None:
    """On the values i/(n + 1) that it can take: as often below each as chance allows."""
    filled = p - np.random.default_rng(0).uniform(0, 1 / (draws + 1), p.size)
    assert kstest(filled, "uniform").pvalue > 0.01
    for u in (0.05, 0.1, 0.25, 0.5):
        assert np.mean(p <= u + 1e-12) == pytest.approx(u, abs=3 * np.sqrt(u * (1 - u) / p.size))


def test_p_is_uniform_on_200_fields_of_random_phases():
    assert_uniform(np.array([p_of_noise(12, seed, 19) for seed in range(200)]), 19)


@pytest.mark.slow
def test_p_is_uniform_on_1000_fields_of_random_phases():
    assert_uniform(np.array([p_of_noise(24, seed, 39) for seed in range(1000)]), 39)


@pytest.mark.slow
def test_p_is_uniform_on_300_fields_drawn_from_one_runs_own_null():
    """The surrogates of a structured field, one of which is taken for the observed."""
    base = saturated(16, 3)
    modulus = np.abs(np.fft.fft2(base))
    random = np.random.default_rng(7)
    p = []
    for seed in range(300):
        phases = np.exp(2j * np.pi * random.uniform(size=base.shape))
        p.append(topology_test(np.fft.ifft2(modulus * phases), f"{seed:040x}", 19).p)
    assert_uniform(np.array(p), 19)


@pytest.mark.parametrize("seed", range(3))
def test_a_saturated_field_with_vortices_reaches_the_lowest_p(seed):
    found = topology_test(saturated(32, seed), f"{seed:040x}", 39)
    assert found.p == 1 / 40
    assert found.statistic[0] > 1.2 * found.statistic[1:].max()


def test_the_statistic_treats_all_fields_alike():
    """Whichever field is called the observed one, everyone's statistic stays what it was."""
    random = np.random.default_rng(1)
    diagrams = []
    for _ in range(12):
        birth = random.uniform(1, 3, (2, 9))
        diagrams.append(tuple(np.column_stack([b, b * random.uniform(0, 1, 9)]) for b in birth))
    found = first_against_others(diagrams)
    order = random.permutation(12)
    shuffled = first_against_others([diagrams[i] for i in order])
    np.testing.assert_allclose(shuffled.statistic, found.statistic[order], rtol=1e-12)
    p = (found.statistic >= found.statistic[order[0]] * (1 - 1e-9)).mean()
    assert shuffled.p == p


def test_the_surrogates_are_the_audits_and_the_same_every_time():
    psi = noise(16, 5, highest=4)
    one, two = (topology_test(psi, "ab" * 20, 9) for _ in range(2))
    np.testing.assert_array_equal(one.statistic, two.statistic)
    more = topology_test(psi, "ab" * 20, 19)
    np.testing.assert_allclose(more.totals[:10], one.totals, rtol=1e-12)
    other = topology_test(psi, "cd" * 20, 9)
    assert not np.allclose(other.totals[1:], one.totals[1:])
    drawn = next(surrogate_densities(psi, "ab" * 20)(1))[0]
    again = topology_test(np.sqrt(drawn) + 0j, "00" * 20, 1)
    np.testing.assert_allclose(again.totals[0], one.totals[1], rtol=1e-9)


@pytest.mark.parametrize("precision", [np.complex64, np.complex128])
def test_fields_without_relief_are_never_significant(precision):
    along = np.exp(2j * np.pi * np.arange(16) / 16)
    for psi in (np.ones((16, 16)), np.zeros((16, 16)), along[None, :] * np.ones((16, 1))):
        found = topology_test((0.3 * psi).astype(precision), "0" * 40, 19)
        assert found.p == 1
        assert found.totals.max() == 0


def test_components_and_loops_both_count():
    """Twenty equal fields but for one, which differs in one dimension only."""
    usual, other = np.array([[2.0, 1.0], [3.0, 1.5]]), np.array([[2.0, 0.5], [3.0, 1.5]])
    for k in (0, 1):
        odd = (other, usual) if k == 0 else (usual, other)
        found = first_against_others([odd] + [(usual, usual)] * 19)
        assert found.p == 1 / 20
        assert found.statistic[0] > 0


def test_the_unit_of_psi_does_not_matter():
    psi = noise(16, 6, highest=4)
    one, other = topology_test(psi, "0" * 40, 9), topology_test(7 * psi, "0" * 40, 9)
    np.testing.assert_allclose(other.statistic, one.statistic, rtol=1e-9)
    assert (other.p, other.totals[3, 1]) == pytest.approx((one.p, one.totals[3, 1]))

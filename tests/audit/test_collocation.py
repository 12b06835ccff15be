"""The auditor's integrator, against exact solutions of ordinary equations."""

from math import factorial

import numpy as np
import pytest
import scipy.linalg

from engine.audit import collocation
from engine.audit.collocation import IntegrationError, System, integrate, phi


def solve(rates, linear, start, duration, **options):
    linear = np.asarray(linear, complex)
    system = System(
        lambda state: (rates(state), state[:1].real), linear, np.arange(linear.size), np.abs, 0.0
    )
    return integrate(system, np.asarray(start, complex), duration, **options)


def logistic(t, start=0.1):
    return start * np.exp(t) / (1 + start * (np.exp(t) - 1))


@pytest.mark.parametrize("z", [0, 1e-8, 0.3, -0.99, 1.01, -30, 2j, -5 + 40j, -1e3 + 1j])
def test_phi_functions_are_the_corner_of_a_matrix_exponential(z):
    """φ_k(z) stands in the first row of exp of [[z, 1, 0 …], [0, 0, 1 …], …]."""
    block = np.diag(np.ones(5), 1).astype(complex)
    block[0, 0] = z
    expected = scipy.linalg.expm(block)[0]
    found = phi(np.array([z], complex), 5)
    np.testing.assert_allclose([f[0] for f in found], expected, rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize("linear", [-1.0, 0.0, 1.0])
def test_it_is_of_eighth_order(linear, monkeypatch):
    """Collocation at five Lobatto points, on y' = y − y² whichever part of it is called L."""
    monkeypatch.setattr(collocation, "_UNRESOLVED", np.inf)
    monkeypatch.setattr(collocation, "_MAX_ITERATIONS", 100)
    monkeypatch.setattr(collocation, "_SLOWEST", 0.95)

    def error(window):
        state = 0.1
        for _ in range(round(4.8 / (2 * window))):
            found = solve(
                lambda y: (1 - linear) * y - y**2, [linear], [state], 2 * window, tolerance=1e-14
            )
            assert found.windows == 2
            state = found.state[0]
        return abs(state - logistic(4.8))

    assert np.log2(error(0.8) / error(0.4)) > 7.9


@pytest.mark.parametrize("duration", [0.3, 2.0, 10.0])
def test_error_stays_below_the_tolerance(duration):
    found = solve(lambda y: -(y**2), [1.0], [0.1], duration)
    assert abs(found.state[0] / logistic(duration) - 1) < 1e-6


@pytest.mark.parametrize("rate", [1.0, 1e3, 1e8])
def test_a_fast_part_is_slaved_without_more_work(rate):
    """y' = −λ(y − cos t) − sin t stays on cos t from there, however large λ is."""

    def rates(state):
        clock = state[1]
        return np.array([rate * np.cos(clock) - np.sin(clock), 1])

    found = solve(rates, [-rate, 0.0], [1.0, 0.0], 1.0)
    assert abs(found.state[0] - np.cos(1.0)) < 1e-6
    assert found.evaluations < 100


def test_linear_part_is_exact():
    symbol = np.array([0.5, -1e4 + 3j, -2 + 50j, 7j])
    found = solve(np.zeros_like, symbol, np.ones(4), 2.0)
    np.testing.assert_allclose(found.state, np.exp(2 * symbol), rtol=1e-12, atol=1e-300)
    assert found.windows == 2


def test_power_is_integrated_on_the_way():
    """∫y dt of the logistic curve: ln(1 + y₀(eᵗ − 1))."""
    found = solve(lambda y: -(y**2), [1.0], [0.1], 3.0)
    assert found.power[0] == pytest.approx(np.log(1 + 0.1 * (np.exp(3.0) - 1)), rel=1e-7)
    assert found.gross == pytest.approx(found.power[0])


def test_power_that_the_state_does_not_need_resolved_is_resolved():
    """The linear part is exact in windows of any length, but not the integral of its decay."""
    found = solve(np.zeros_like, [-6.0], [1.0], 4.0)
    assert found.power[0] == pytest.approx((1 - np.exp(-24)) / 6, rel=1e-5)


def test_roughness_is_the_fourth_derivative_of_the_forcing():
    """With y' = 1 and N = t⁴ in a second part: d⁴N/dt⁴ = 4!, over the part's final size."""
    found = solve(
        lambda y: np.array([1, y[0] ** 4]),
        [0.0, 0.0],
        [0.0, 1e3],
        1.0,
    )
    assert found.roughness == pytest.approx(factorial(4) / 1e3, rel=1e-3)


def test_a_solution_that_ends_before_the_end_is_an_error():
    with pytest.raises(IntegrationError, match=r"stopped 0.99\d* into 2 after"):
        solve(lambda y: y**2, [0.0], [1.0], 2.0)


def test_forcing_that_is_not_finite_is_an_error():
    with pytest.raises(IntegrationError, match="stopped 0 into 1"):
        solve(lambda y: y * np.nan, [0.0], [1.0], 1.0)

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

from engine.physics.etdrk import etdrk4_coefficients, etdrk4_step


def _error(linear: complex, dt: float, *, end: float = 2.0) -> float:
    """|u − u*| for u' = L u + N, N = (−1 − L) u + cos t, exact u* known, as a 2-state system."""
    weights = etdrk4_coefficients(jnp.array([linear, 0j]), dt, dtype=jnp.complex128)

    def nonlinear(u):
        # u[1] carries time, so that N may depend on it.
        return jnp.array([(-1 - linear) * u[0] + u[0] * u[1] - u[0] ** 2, 1.0 + 0j])

    def rhs(u):
        return jnp.array([linear * u[0], 0]) + nonlinear(u)

    start = jnp.array([0.5 + 0.2j, 0j])
    u = jax.lax.fori_loop(
        0, round(end / dt), lambda _, v: etdrk4_step(v, nonlinear, weights), start
    )

    def rk4(v, h):
        k1 = rhs(v)
        k2 = rhs(v + h / 2 * k1)
        k3 = rhs(v + h / 2 * k2)
        k4 = rhs(v + h * k3)
        return v + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)

    h = 1e-4
    exact = jax.lax.fori_loop(0, round(end / h), lambda _, v: rk4(v, h), start)
    return float(abs(u[0] - exact[0]))


@pytest.mark.parametrize("linear", [-2.0 + 0j, 3j, -1.5 + 4j])
def test_a_step_is_fourth_order_for_real_imaginary_and_complex_operators(linear):
    coarse, fine = _error(linear, 0.05), _error(linear, 0.025)
    assert np.log2(coarse / fine) > 3.8, f"{coarse=:.1e} {fine=:.1e}"


@pytest.mark.parametrize("scale", [1e-8, 1e-3, 0.5, 0.999, 1.001, 30.0])
def test_weights_hold_to_round_off_at_every_size_of_the_operator(scale):
    mpmath.mp.dps = 60
    z = complex(-scale * np.exp(0.9j))
    weights = etdrk4_coefficients(jnp.array([z]), 1.0, dtype=jnp.complex128)
    m = mpmath.mpc(z)
    e = mpmath.exp(m)
    expected = {
        "full": e,
        "half": mpmath.exp(m / 2),
        "q": (mpmath.exp(m / 2) - 1) / m,
        "f1": (-4 - m + e * (4 - 3 * m + m**2)) / m**3,
        "f2": (2 + m + e * (m - 2)) / m**3,
        "f3": (-4 - 3 * m - m**2 + e * (4 - m)) / m**3,
    }
    for name, value in expected.items():
        assert getattr(weights, name)[0] == pytest.approx(complex(value), rel=1e-13), name


def test_a_real_operator_gets_real_weights():
    weights = etdrk4_coefficients(jnp.array([-1.0, -0.1]), 0.1, dtype=jnp.float64)
    assert all(w.dtype == jnp.float64 for w in weights)

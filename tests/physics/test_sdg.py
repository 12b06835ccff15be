import jax
import jax.numpy as jnp
import numpy as np
import pytest

from engine.physics import sdg
from engine.physics.grid import (
    derivatives,
    derivatives_real,
    make_grid,
    to_modes,
    to_modes_real,
)

N, LENGTH, RHO_VAC = 48, 20.0, 1.3


def _fields(smooth_field):
    psi = jnp.asarray(smooth_field(N, LENGTH))
    s = 0.3 + 0.2 * psi.real
    grid = make_grid(N, LENGTH, jnp.float64)
    psi_hat, s_hat = to_modes(psi), to_modes_real(s)
    _, *d_psi, _ = derivatives(psi_hat, grid)
    _, *d_s = derivatives_real(s_hat, grid)
    return grid, psi_hat, d_psi, s, d_s


ANSATZE = ("power", "exponential")


@pytest.mark.parametrize("ansatz", ANSATZE)
@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_the_closed_form_equals_the_connection_by_automatic_differentiation(
    alpha, ansatz, smooth_field
):
    grid, psi_hat, (psi_x, psi_y), s, (s_x, s_y) = _fields(smooth_field)
    second = {
        (a, b): derivatives(-ka * kb * psi_hat, grid)[0]
        for a, ka in ((1, grid.kx), (2, grid.ky))
        for b, kb in ((1, grid.kx), (2, grid.ky))
    }
    zero = jnp.zeros((N, N))
    d2 = jnp.stack(
        [jnp.stack([second.get((a, b), zero + 0j) for b in range(4)], -1) for a in range(4)], -2
    )
    metric = sdg.conformal_metric(ansatz, jnp.asarray(RHO_VAC), jnp.asarray(alpha))
    point = jax.vmap(jax.vmap(lambda *args: sdg.laplace_beltrami(metric, *args)))
    general = point(
        RHO_VAC + s,
        jnp.stack([zero, s_x, s_y, zero], -1),
        jnp.stack([zero + 0j, psi_x, psi_y, zero + 0j], -1),
        d2,
    )
    closed = sdg.conformal_laplacian(
        second[1, 1] + second[2, 2],
        [psi_x, psi_y],
        jnp.asarray(s),
        [s_x, s_y],
        ansatz,
        jnp.asarray(RHO_VAC),
        jnp.asarray(alpha),
    )
    np.testing.assert_allclose(closed, general, atol=1e-13)


@pytest.mark.parametrize("ansatz", ANSATZE)
def test_the_laplacian_is_self_adjoint_under_the_weight_of_four_dimensions(ansatz, smooth_field):
    grid, psi_hat, d_psi, s, d_s = _fields(smooth_field)
    alpha = jnp.asarray(0.8)

    def apply(f_hat):
        _, *d_f, laplacian = derivatives(f_hat, grid)
        return sdg.conformal_laplacian(
            laplacian, d_f, jnp.asarray(s), d_s, ansatz, jnp.asarray(RHO_VAC), alpha
        )

    f, *_ = derivatives(psi_hat, grid)
    g = 1j * jnp.conj(f) + d_psi[0] ** 2
    other = to_modes(g)
    weight = _omega_squared(s, ansatz, RHO_VAC, alpha) ** 2
    left = (weight * jnp.conj(f) * apply(other)).sum()
    right = (weight * jnp.conj(apply(psi_hat)) * g).sum()
    assert abs(left - right) < 1e-10 * abs(left)


@pytest.mark.parametrize("ansatz", ANSATZE)
def test_vacuum_is_flat_and_alpha_zero_is_exactly_flat(ansatz):
    s = jnp.linspace(0.0, 2.0, 64).reshape(8, 8)
    assert (_omega_squared(jnp.zeros((8, 8)), ansatz, 2.0, 0.7) == 1).all()
    assert (_omega_squared(s, ansatz, 2.0, 0.0) == 1).all()


def test_the_metrics_are_those_of_the_specification():
    s = np.linspace(-0.5, 2.0, 64).reshape(8, 8)
    power = (1.3 / (1.3 + s)) ** 0.7
    exponential = np.exp(-0.7 * ((1.3 + s) / 1.3 - 1))
    np.testing.assert_allclose(_omega_squared(s, "power", 1.3, 0.7), power, rtol=1e-14)
    np.testing.assert_allclose(_omega_squared(s, "exponential", 1.3, 0.7), exponential, rtol=1e-14)


def _omega_squared(s, ansatz, rho_vac, alpha):
    log_scale, _ = sdg.log_omega_squared(
        jnp.asarray(s), ansatz, jnp.asarray(rho_vac), jnp.asarray(alpha)
    )
    return jnp.exp(log_scale)


def test_the_constraint_vanishes_on_its_own_solution(smooth_field):
    grid = make_grid(N, LENGTH, jnp.float64)
    t00 = jnp.asarray(np.abs(smooth_field(N, LENGTH)) ** 2)
    length, coupling = jnp.asarray(0.7), jnp.asarray(1.4)
    s_hat = sdg.slaved(to_modes_real(t00), grid, length, coupling)
    residual = sdg.constraint(s_hat, t00, grid, length, coupling)
    assert abs(residual).max() < 1e-14

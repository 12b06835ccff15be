"""ρ_s from g_tt, and the constraint on fields that solve it."""

import numpy as np
import pytest

from engine.audit.geometry import (
    constraint,
    emergent_g_tt,
    energy_density,
    rho_s_from_metric,
    sdg_h_norm_l2,
)
from engine.settings import RunConfig

SIZE, LENGTH = 32, 20.0


def grid():
    x = np.arange(SIZE) * LENGTH / SIZE
    return np.meshgrid(x, x)


def config(**changes) -> RunConfig:
    values = {"N_grid": SIZE, "domain_length": LENGTH, "sdg_rho_vac": 1.3, "sdg_length": 0.7}
    return RunConfig(**{**values, **changes})


@pytest.mark.parametrize("ansatz", ["power", "exponential"])
@pytest.mark.parametrize("alpha", [0.01, 0.5, 1.0, 4.0])
def test_metric_gives_the_density_back(alpha, ansatz):
    c = config(param_alpha=alpha, metric_ansatz=ansatz)
    x, y = grid()
    rho_s = 1.3 + 0.5 * np.cos(2 * np.pi * (x + 2 * y) / LENGTH)
    g_tt = emergent_g_tt(rho_s, c)
    assert (g_tt < 0).all()
    recovered = rho_s_from_metric(g_tt, np.full_like(rho_s, 9.0), c)
    np.testing.assert_allclose(recovered, rho_s, rtol=1e-12)


def test_flat_metric_tells_nothing_so_the_stored_density_is_used():
    rho_s = np.full((SIZE, SIZE), 1.7)
    flat = config(param_alpha=0.0)
    np.testing.assert_array_equal(emergent_g_tt(rho_s, flat), -1)
    assert rho_s_from_metric(-np.ones_like(rho_s), rho_s, flat) is rho_s


@pytest.mark.parametrize("alpha", [0.0, 0.5])
def test_static_solution_has_norm_zero(alpha):
    """ρ chosen so that (1 − ℓ²∇²)(ρ_s − ρ_vac) = χρ holds exactly."""
    c = config(param_alpha=alpha, sdg_coupling=0.8)
    x, _ = grid()
    q = 2 * np.pi * 3 / LENGTH
    rho = 0.5 + 0.2 * np.cos(q * x)
    rho_s = 1.3 + 0.8 * (0.5 + 0.2 * np.cos(q * x) / (1 + (0.7 * q) ** 2))
    found = sdg_h_norm_l2(emergent_g_tt(rho_s, c), rho_s, rho, np.sqrt(rho), c)
    assert found < 1e-13


@pytest.mark.parametrize("offset", [0.01, -0.2])
def test_uniform_error_is_its_own_norm_over_the_vacuum(offset):
    c = config(param_alpha=0.5)
    rho = np.full((SIZE, SIZE), 0.4)
    rho_s = 1.3 + rho + offset
    found = sdg_h_norm_l2(emergent_g_tt(rho_s, c), rho_s, rho, np.sqrt(rho), c)
    assert found == pytest.approx(abs(offset) / 1.3)


def test_ripple_is_screened():
    """An error a·cos(qx) counts as a(1 + ℓ²q²)/√2."""
    c = config(param_alpha=0.0)
    x, y = grid()
    q = 2 * np.pi * np.hypot(2, 5) / LENGTH
    ripple = 0.1 * np.cos(2 * np.pi * (2 * x + 5 * y) / LENGTH)
    zero = np.zeros_like(x)
    residual = constraint(1.3 + ripple, zero, c)
    np.testing.assert_allclose(residual, ripple * (1 + (0.7 * q) ** 2), atol=1e-13)
    found = sdg_h_norm_l2(-np.ones_like(x), 1.3 + ripple, zero, zero + 0j, c)
    assert found == pytest.approx(0.1 * (1 + (0.7 * q) ** 2) / np.sqrt(2) / 1.3)


@pytest.mark.parametrize("eta", [0.0, 0.6])
def test_energy_of_a_plane_wave(eta):
    x, y = grid()
    q = 2 * np.pi * np.array([3, -4]) / LENGTH
    psi = 0.5 * np.exp(1j * (q[0] * x + q[1] * y))
    found = energy_density(np.abs(psi) ** 2, psi, config(gradient_weight=eta))
    np.testing.assert_allclose(found, 0.25 * (1 + eta * (q @ q)), rtol=1e-12)

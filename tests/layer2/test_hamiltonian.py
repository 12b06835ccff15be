"""The Hamiltonian constraint: states whose terms are known, and rates as evolution finds them."""

import numpy as np
import pytest
from layer2_fields import BUMPY, bumpy, fields_of

from engine.audit.evolution import follow
from engine.layer2.curvature import conformal_curvature
from engine.layer2.hamiltonian import (
    constraint,
    density_rate,
    general_curvature,
    log_omega_slope,
    relative_difference,
    rms,
)
from engine.layer2.solver_curvature import solver_curvature
from engine.settings import RunConfig


def test_a_uniform_state_at_rest_has_its_energy_alone():
    """ρ* = ε/(b + κ), ρ_s* = ρ_vac + χρ*: H = −16πρ*."""
    config = RunConfig(N_grid=32, domain_length=32.0)
    rho = config.epsilon / (config.saturation + config.param_kappa)
    shape = (32, 32)
    rest = fields_of(config, np.full(shape, np.sqrt(rho) + 0j), np.full(shape, 1 + rho))
    found = constraint(rest)
    assert rms(found.curvature) < 1e-12
    assert rms(found.extrinsic) < 1e-20
    assert found.hamiltonian_norm_l2 == pytest.approx(16 * np.pi * rho, rel=1e-12)


@pytest.mark.parametrize("ansatz", ["power", "exponential"])
def test_an_empty_uniform_space_that_relaxes_has_its_extrinsic_curvature_alone(ansatz):
    """K² − KᵢⱼKⁱʲ = 6(∂_tΩ/Ω²)² with ∂_tρ_s = −(ρ_s − ρ_vac)/τ, by hand."""
    config = RunConfig(
        N_grid=16, domain_length=16.0, sdg_tau=2.0, metric_ansatz=ansatz, param_alpha=0.8
    )
    rho_s, rate = 1.5, -0.5 / 2.0
    omega = {"power": 1.5**-0.4, "exponential": np.exp(-0.4 * 0.5)}[ansatz]
    slope = {"power": -0.4 / 1.5, "exponential": -0.4}[ansatz]
    expected = 6 * (omega * slope * rate / omega**2) ** 2
    shape = (16, 16)
    found = constraint(fields_of(config, np.zeros(shape, complex), np.full(shape, rho_s)))
    np.testing.assert_allclose(found.extrinsic, expected, rtol=1e-12)
    assert found.hamiltonian_norm_l2 == pytest.approx(expected, rel=1e-9)
    assert expected > 1e-3


@pytest.mark.parametrize(
    "changes",
    [{}, {"sdg_tau": 0.0}, {"metric_ansatz": "exponential"}, {"source_amplitude": 0.5}],
    ids=str,
)
def test_the_densitys_rate_is_that_of_its_evolution(changes):
    """A short way ahead and back by the auditor's integrator, which knows nothing of `rate`."""
    config = RunConfig(**{**BUMPY, **changes})
    now = bumpy(config)
    if config.sdg_tau == 0:  # its density answers at once
        h = 1e-3
        first = follow(now.psi, now.rho_s, config, h)
        now = fields_of(config, first.psi, first.rho_s)
    step = 2e-3
    one, two = (follow(now.psi, now.rho_s, config, i * step).rho_s for i in (1, 2))
    difference = (4 * one - two - 3 * now.rho_s) / (2 * step)  # one-sided, second order
    found = density_rate(now)
    assert rms(found) > 0.05
    assert relative_difference(difference, found) < 2e-3


def test_an_empty_flat_space_has_nothing():
    config = RunConfig(N_grid=16, domain_length=16.0)
    shape = (16, 16)
    found = constraint(fields_of(config, np.zeros(shape, complex), np.ones(shape)))
    assert found.hamiltonian_norm_l2 == 0
    flat = RunConfig(**{**BUMPY, "param_alpha": 0.0})
    assert rms(constraint(bumpy(flat)).curvature) == 0
    assert rms(constraint(bumpy(flat)).extrinsic) == 0
    assert rms(constraint(bumpy(flat)).energy) > 1


def test_terms_add_up_with_their_signs():
    found = constraint(bumpy(RunConfig(**BUMPY)))
    by_hand = found.curvature + found.extrinsic - found.energy
    np.testing.assert_array_equal(found.residual, by_hand)
    assert min(map(rms, (found.curvature, found.extrinsic, found.energy))) > 1e-3


@pytest.mark.parametrize("ansatz", ["power", "exponential"])
@pytest.mark.parametrize("alpha", [0.3, 1.0])
def test_three_ways_to_the_curvature_agree(ansatz, alpha):
    """The closed form, Christoffel symbols of g_tt, and the solver's of ρ_s by jacfwd."""
    state = bumpy(RunConfig(**{**BUMPY, "metric_ansatz": ansatz, "param_alpha": alpha}))
    closed = conformal_curvature(-state.g_tt, state.config.domain_length)
    assert rms(closed) > 1e-2
    assert relative_difference(closed, general_curvature(state)) < 1e-6
    assert relative_difference(closed, solver_curvature(state)) < 1e-6


@pytest.mark.parametrize("ansatz", ["power", "exponential"])
def test_the_slope_is_that_of_the_metric(ansatz):
    config = RunConfig(metric_ansatz=ansatz, param_alpha=0.7, sdg_rho_vac=1.3)
    rho_s, h = np.linspace(0.5, 3, 7), 1e-6

    def log_omega(density: np.ndarray) -> np.ndarray:
        return np.log(-fields_of(config, np.zeros(7), density).g_tt) / 2

    numeric = (log_omega(rho_s + h) - log_omega(rho_s - h)) / (2 * h)
    np.testing.assert_allclose(log_omega_slope(rho_s, config), numeric, rtol=1e-8)


def test_relative_differences_of_nothing():
    zero, one = np.zeros((4, 4)), np.ones((4, 4))
    assert relative_difference(zero, zero) == 0
    assert relative_difference(zero, one) == np.inf
    assert relative_difference(2 * one, one) == 0.5

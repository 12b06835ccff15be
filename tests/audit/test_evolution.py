"""The auditor's evolution: exact where there are exact solutions, and a fair judge of others'."""

import dataclasses

import numpy as np
import pytest
from audit_runs import Etdrk4, noise, small_config

from engine.audit.collocation import IntegrationError
from engine.audit.evolution import CAP, FLOOR, follow, residual, tolerance
from engine.settings import RunConfig

DT_STEPS = 20
REGIMES = {
    "default": {"diffusion": 0.5, "epsilon": 0.1, "nonlinear_dispersion": 0.0},
    "from noise": {"T_steps": 20},
    "curved": {"param_alpha": 1.0, "param_kappa": 0.1},
    "defects": {"diffusion": 0.5, "epsilon": 1.0, "nonlinear_dispersion": -1.5, "T_steps": 200},
    "rough density": {"gradient_weight": 1.0},
    "fast density": {"sdg_tau": 0.2},
    "stiff density": {"sdg_tau": 0.002, "diffusion": 0.5, "epsilon": 0.1},
    "density solved at once": {"sdg_tau": 0.0, "gradient_weight": 0.2},
    "exponential metric": {"metric_ansatz": "exponential", "param_alpha": 1.0},
    "sourced": {"source_amplitude": 0.5},
    "coarse step": {"dt": 0.2},
}
COEFFICIENTS = (
    "diffusion",
    "dispersion",
    "saturation",
    "nonlinear_dispersion",
    "param_kappa",
    "param_alpha",
    "sdg_coupling",
)


def grid(c: RunConfig):
    x = np.arange(c.N_grid) * c.domain_length / c.N_grid
    return np.meshgrid(x, x)


def test_plane_wave_of_the_flat_local_equation():
    """|A|² = (ε − Dq²)/b and ω = c₁q² + c₃|A|²."""
    c = RunConfig(N_grid=32, domain_length=20.0, param_kappa=0, param_alpha=0, diffusion=0.3,
                  nonlinear_dispersion=0.6)  # fmt: skip
    x, _ = grid(c)
    q = 2 * np.pi / c.domain_length
    amplitude2 = (c.epsilon - c.diffusion * q**2) / c.saturation
    omega = c.dispersion * q**2 + c.nonlinear_dispersion * amplitude2
    wave = np.sqrt(amplitude2) * np.exp(1j * q * x)
    found = follow(wave, np.ones_like(x), c, 30.0)
    np.testing.assert_allclose(found.psi, wave * np.exp(-1j * omega * 30.0), atol=1e-7)


def test_uniform_state_of_the_full_system_turns_and_stays():
    c = small_config(param_kappa=0.08)
    rho = c.epsilon / (c.saturation + c.param_kappa)
    psi = np.full((c.N_grid, c.N_grid), np.sqrt(rho) + 0j)
    rho_s = np.full(psi.shape, c.sdg_rho_vac + c.sdg_coupling * rho)
    found = follow(psi, rho_s, c, 10.0)
    turned = psi * np.exp(-1j * c.nonlinear_dispersion * rho * 10.0)
    np.testing.assert_allclose(found.psi, turned, atol=1e-6)
    np.testing.assert_allclose(found.rho_s, rho_s, rtol=1e-6)


def test_fmia_conserves_q_and_e():
    c = RunConfig.from_mapping({"model": "fmia", "N_grid": 32, "domain_length": 32.0})
    psi, rho_s = follow_invariants_start(c)

    def invariants(field):
        k = 2 * np.pi * np.fft.fftfreq(32, 1.0)
        spectrum = np.fft.fft2(field)
        gradient2 = np.sum((k[None] ** 2 + k[:, None] ** 2) * np.abs(spectrum) ** 2) / 32**2
        rho = np.abs(field) ** 2
        energy = c.dispersion * gradient2 + 0.5 * c.nonlinear_dispersion * np.sum(rho**2)
        return np.sum(rho), energy

    found = follow(psi, rho_s, c, 5.0)
    before, after = invariants(psi), invariants(found.psi)
    np.testing.assert_allclose(after, before, rtol=1e-6)
    assert abs(found.power.sum()) < 1e-9 * before[0]


def follow_invariants_start(c: RunConfig):
    """Few enough modes that |ψ|²ψ is not aliased, so that E has no truncation error."""
    x, y = grid(c)
    q = 2 * np.pi / c.domain_length
    psi = 0.4 + 0.2 * np.exp(1j * q * x) + 0.1j * np.exp(-1j * q * (x + 2 * y))
    return psi, np.ones_like(x)


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("regime", REGIMES)
def test_honest_run_by_etdrk4_is_within_the_tolerance(regime, precision):
    c = small_config(precision=precision, **REGIMES[regime])
    dtype = np.complex64 if precision == "float32" else np.complex128
    solver = Etdrk4(c, dtype)
    psi, rho_s = solver.steps(*noise(c), c.T_steps - DT_STEPS)
    end_psi, end_rho_s = solver.steps(psi, rho_s, DT_STEPS)
    found = follow(psi, rho_s, c, DT_STEPS * c.dt)
    limit = tolerance(c, DT_STEPS, found.roughness)
    assert FLOOR < limit <= CAP
    assert residual(end_psi, found.psi) < 0.8 * limit
    assert residual(end_rho_s, found.rho_s) < 0.8 * limit


def test_run_whose_step_is_too_coarse_is_refused_and_a_finer_one_is_not():
    """Rough fields over a density that answers faster than dt: ETDRK4 falls to first order."""
    found = {}
    for dt in (0.1, 0.025):
        c = small_config(sdg_tau=0.05, dt=dt, precision="float64")
        solver = Etdrk4(c)
        psi, rho_s = solver.steps(*noise(c), round(4 / dt))
        end_psi, _ = solver.steps(psi, rho_s, DT_STEPS)
        ahead = follow(psi, rho_s, c, DT_STEPS * dt)
        found[dt] = residual(end_psi, ahead.psi) / tolerance(c, DT_STEPS, ahead.roughness)
    assert found[0.1] > 1
    assert found[0.025] < 0.5


@pytest.mark.parametrize("name", COEFFICIENTS)
def test_a_run_under_another_coefficient_is_found_out(name):
    """Five parts in a hundred of one coefficient (κ, a small term: half of it)."""
    c = small_config(param_alpha=1.0, param_kappa=0.1)
    psi, rho_s = Etdrk4(c).steps(*noise(c), c.T_steps)
    factor = 1.5 if name == "param_kappa" else 1.05
    other = dataclasses.replace(c, **{name: factor * getattr(c, name)})
    found = follow(psi, rho_s, c, 2.0)
    wrong = follow(psi, rho_s, other, 2.0)
    limit = tolerance(c, DT_STEPS, found.roughness)
    assert max(residual(wrong.psi, found.psi), residual(wrong.rho_s, found.rho_s)) > limit


def test_tolerance_grows_with_rounding_and_step_but_not_above_its_cap():
    single, double = small_config(), small_config(precision="float64")
    assert FLOOR < tolerance(double, 20, 0.0) < tolerance(single, 20, 0.0) < 2 * FLOOR
    assert tolerance(single, 20, 1.0) == pytest.approx(
        tolerance(single, 20, 0.0) + 0.1 * single.dt**4
    )
    assert tolerance(single, 20, 1e6) == CAP


def test_residual_is_relative_to_what_is_stored():
    stored = np.array([3.0, 4.0])
    assert residual(stored, stored * 1.001) == pytest.approx(1e-3)
    assert residual(np.zeros(2), np.zeros(2)) == 0
    assert residual(np.zeros(2), np.ones(2)) == np.inf


def test_fields_without_a_metric_cannot_be_followed():
    c = small_config()
    psi, rho_s = noise(c)
    with pytest.raises(IntegrationError, match="stopped 0 "):
        follow(psi, -rho_s, c, 2.0)

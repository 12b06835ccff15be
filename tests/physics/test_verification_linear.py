"""Small disturbances follow the linearised equations: each coefficient has its rate."""

import numpy as np
import pytest
from scipy.linalg import expm

from engine.settings import RunConfig

N, LENGTH = 32, 20.0
SMALL = 1e-6


def config(**changes) -> RunConfig:
    base = {"N_grid": N, "domain_length": LENGTH, "precision": "float64", "dt": 0.02}
    return RunConfig.from_mapping({**base, **changes})


def phase(modes_x, modes_y):
    """q·x over the grid and |q|²."""
    q = 2 * np.pi / LENGTH
    x = np.arange(N) * LENGTH / N
    return q * (modes_x * x + modes_y * x[:, None]), q**2 * (modes_x**2 + modes_y**2)


RIPPLES = {
    "stable and curved": {"param_alpha": 0.9, "param_kappa": 0.3, "sdg_coupling": 1.6},
    "local and flat": {"param_alpha": 0.0, "param_kappa": 0.0, "nonlinear_dispersion": 0.8},
    "slow and stiff density": {"sdg_tau": 3.0, "sdg_length": 2.0, "sdg_rho_vac": 0.6},
    "wide kernel": {"param_kappa": 0.8, "param_sigma_k": 1.0, "saturation": 0.3},
    "Benjamin-Feir unstable": {"dispersion": 2.0, "nonlinear_dispersion": -1.5, "epsilon": 0.5},
}


def ripple_rates(c, q2):
    """M of (u, v, s)' = M (u, v, s).

    ψ = (√ρ₀ + (u + iv) cos q·x)e^{−iωt}, ρ_s = ρ_s₀ + s cos q·x; u, v, s small. Source: Aranson &
    Kramer (2002), sec. II, with the kernel, the uniform metric and the density added.
    """
    rho = c.epsilon / (c.saturation + c.param_kappa)
    q2_proper = q2 * (1 + c.sdg_coupling * rho / c.sdg_rho_vac) ** c.param_alpha
    saturation = c.saturation + c.param_kappa * np.exp(-q2 / (2 * c.param_sigma_k**2))
    decay, turn = c.diffusion * q2_proper, c.dispersion * q2_proper
    return np.array(
        [
            [-decay - 2 * rho * saturation, turn, 0],
            [-turn - 2 * rho * c.nonlinear_dispersion, -decay, 0],
            [
                2 * np.sqrt(rho) * c.sdg_coupling / c.sdg_tau,
                0,
                -(1 + c.sdg_length**2 * q2) / c.sdg_tau,
            ],
        ]
    )


@pytest.mark.parametrize("modes", [(1, 0), (0, 2), (2, 1)], ids=str)
@pytest.mark.parametrize("case", RIPPLES)
def test_a_ripple_on_the_uniform_state_follows_the_linearised_equations(evolve, case, modes):
    c = config(**RIPPLES[case], T_steps=200)
    angle, q2 = phase(*modes)
    wave = np.cos(angle)
    rho = c.epsilon / (c.saturation + c.param_kappa)
    start = SMALL * np.array([1.0, -0.6, 0.8])
    psi, rho_s = evolve(
        c,
        np.sqrt(rho) + (start[0] + 1j * start[1]) * wave,
        c.sdg_rho_vac + c.sdg_coupling * rho + start[2] * wave,
    )
    t = c.dt * c.T_steps
    psi = psi * np.exp(1j * c.nonlinear_dispersion * rho * t) - np.sqrt(rho)
    seen = [2 * (field * wave).mean() for field in (psi.real, psi.imag, rho_s)]
    expected = expm(ripple_rates(c, q2) * t) @ start
    np.testing.assert_allclose(seen, expected, atol=1e-4 * SMALL)


@pytest.mark.parametrize(("c1", "c3", "grows"), [(2.0, -1.5, True), (2.0, 1.5, False)])
def test_waves_are_unstable_where_benjamin_and_feir_say(evolve, c1, c3, grows):
    c = config(
        epsilon=0.5, dispersion=c1, nonlinear_dispersion=c3, param_kappa=0.0, param_alpha=0.0,
        T_steps=3000,
    )  # fmt: skip
    assert (1 + c.dispersion / c.diffusion * c.nonlinear_dispersion / c.saturation < 0) == grows
    angle, _ = phase(1, 0)
    psi, _ = evolve(c, np.sqrt(c.epsilon / c.saturation) + SMALL * np.cos(angle) + 0j)
    assert (np.ptp(np.abs(psi)) > 10 * SMALL) == grows


def test_a_weak_source_fills_every_wave_at_its_own_rate(evolve):
    c = config(source_amplitude=SMALL, source_width=1.7, epsilon=0.3, T_steps=100)
    x = np.arange(N) * LENGTH / N
    away = np.minimum(abs(x - LENGTH / 2), LENGTH - abs(x - LENGTH / 2))
    source = SMALL * np.exp(-(away**2 + away[:, None] ** 2) / (2 * 1.7**2))
    k = 2 * np.pi * np.fft.fftfreq(N, LENGTH / N)
    rate = c.epsilon - (c.diffusion + 1j * c.dispersion) * (k**2 + k[:, None] ** 2)
    t = c.dt * c.T_steps
    expected = np.fft.ifft2(np.fft.fft2(source) * np.expm1(rate * t) / rate)
    psi, _ = evolve(c, np.zeros((N, N), complex))
    np.testing.assert_allclose(psi, expected, atol=1e-5 * SMALL)


@pytest.mark.parametrize("modes", [(1, 0), (0, 1), (1, -2)], ids=str)
@pytest.mark.parametrize("weight", [0.0, 2.0])
def test_a_plane_wave_fills_the_density_by_its_energy(evolve, weight, modes):
    """|∇ψ|² = q²|ψ|² is uniform: s = χ|A|²(1 + ηq²)(1 − e^{−t/τ}), flat space."""
    c = config(
        epsilon=0.6, param_alpha=0.0, param_kappa=0.1, gradient_weight=weight, sdg_tau=0.8,
        sdg_coupling=1.2, T_steps=100,
    )  # fmt: skip
    angle, q2 = phase(*modes)
    amplitude2 = (c.epsilon - c.diffusion * q2) / (c.saturation + c.param_kappa)
    _, rho_s = evolve(c, np.sqrt(amplitude2) * np.exp(1j * angle))
    filled = -np.expm1(-c.dt * c.T_steps / c.sdg_tau)
    expected = c.sdg_rho_vac + c.sdg_coupling * amplitude2 * (1 + weight * q2) * filled
    np.testing.assert_allclose(rho_s, expected, rtol=1e-9)

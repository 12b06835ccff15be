"""The auditor's right-hand side, against the equations written out by other means."""

import numpy as np
import pytest

from engine.audit.equations import POWER_TERMS, Equations
from engine.settings import RunConfig

SIZE, LENGTH = 48, 30.0


def config(**changes) -> RunConfig:
    values = {
        "N_grid": SIZE,
        "domain_length": LENGTH,
        "param_kappa": 0.07,
        "nonlinear_dispersion": 0.4,
        "source_amplitude": 0.3,
        "sdg_rho_vac": 1.2,
        "gradient_weight": 0.2,
        "sdg_coupling": 0.9,
        "sdg_tau": 0.8,
    }
    return RunConfig.from_mapping({**values, **changes})


def grid():
    x = np.arange(SIZE) * LENGTH / SIZE
    return np.meshgrid(x, x)


def smooth_fields(kept: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Random ψ and ρ_s > 0 of so few modes that no product is aliased by much."""
    random = np.random.default_rng(8)
    m = np.fft.fftfreq(SIZE, 1 / SIZE)
    envelope = SIZE**2 * np.exp(-(m[None, :] ** 2 + m[:, None] ** 2) / 2)
    envelope[np.hypot(m[None, :], m[:, None]) > kept] = 0
    shape = (SIZE, SIZE)
    psi = np.fft.ifft2(envelope * (random.normal(size=shape) + 1j * random.normal(size=shape)))
    rough = np.fft.ifft2(envelope * random.normal(size=shape)).real
    return 0.3 * psi, 1.3 + 0.02 * rough / np.abs(rough).max()


def total_rates(c: RunConfig, psi, rho_s, split: float = 1.1):
    """∂ψ/∂t, ∂ρ_s/∂t on the grid and the power terms, as the auditor has them."""
    equations = Equations(c, split)
    state = equations.state(psi, rho_s)
    forcing, power = equations.rates(state)
    whole = equations.linear[equations.which] * state + forcing
    return *equations.fields(whole), power


def spectral(field, symbol):
    k = 2 * np.pi * np.fft.fftfreq(SIZE, LENGTH / SIZE)
    return np.fft.ifft2(symbol(k[None, :], k[:, None]) * np.fft.fft2(field))


def divergence_form(psi, rho_s, c):
    """Δ_g ψ = Ω⁻⁴∇·(Ω²∇ψ)."""
    weight = (c.sdg_rho_vac / rho_s) ** c.param_alpha
    flux_x = weight * spectral(psi, lambda kx, ky: 1j * kx)
    flux_y = weight * spectral(psi, lambda kx, ky: 1j * ky)
    divergence = spectral(flux_x, lambda kx, ky: 1j * kx) + spectral(flux_y, lambda kx, ky: 1j * ky)
    return divergence / weight**2


def conformal_form(psi, rho_s, c):
    """Δ_g ψ = Ω⁻³(∇²(Ωψ) − ψ∇²Ω)."""
    omega = (c.sdg_rho_vac / rho_s) ** (c.param_alpha / 2)

    def laplacian(f):
        return spectral(f, lambda kx, ky: -(kx**2 + ky**2))

    return (laplacian(omega * psi) - psi * laplacian(omega)) / omega**3


@pytest.mark.parametrize("form", [divergence_form, conformal_form])
@pytest.mark.parametrize("alpha", [0.3, 1.0, 4.0])
def test_rates_are_the_equations_in_the_other_closed_forms(form, alpha):
    c = config(param_alpha=alpha)
    psi, rho_s = smooth_fields()
    psi_rate, rho_s_rate, _ = total_rates(c, psi, rho_s)
    x, y = grid()
    distance2 = (x - LENGTH / 2) ** 2 + (y - LENGTH / 2) ** 2
    rho = np.abs(psi) ** 2
    smoothed = spectral(
        rho, lambda kx, ky: np.exp(-(kx**2 + ky**2) / (2 * c.param_sigma_k**2))
    ).real
    transport = c.diffusion + 1j * c.dispersion
    expected = (
        c.epsilon * psi
        + transport * form(psi, rho_s, c)
        - (c.saturation + 1j * c.nonlinear_dispersion) * rho * psi
        - c.param_kappa * smoothed * psi
        + c.source_amplitude * np.exp(-distance2 / (2 * c.source_width**2))
    )
    # What lies beyond the kept modes is the model's truncation, not a difference of opinion.
    np.testing.assert_allclose(psi_rate, expected, atol=2e-5 * np.abs(expected).max())
    gradient = sum(
        np.abs(spectral(psi, symbol)) ** 2
        for symbol in (lambda kx, ky: 1j * kx, lambda kx, ky: 1j * ky)
    )
    energy = rho + c.gradient_weight * gradient
    screened = c.sdg_length**2 * spectral(rho_s, lambda kx, ky: -(kx**2 + ky**2)).real
    expected_s = (screened - (rho_s - c.sdg_rho_vac) + c.sdg_coupling * energy) / c.sdg_tau
    np.testing.assert_allclose(rho_s_rate, expected_s, atol=1e-9)


def test_split_into_linear_and_rest_changes_nothing():
    psi, rho_s = smooth_fields()
    one, other = (total_rates(config(), psi, rho_s, split)[0] for split in (1.0, 1.7))
    np.testing.assert_allclose(one, other, atol=1e-12 * np.abs(one).max())


@pytest.mark.parametrize("c2", [{}, {"param_alpha": 0.0, "gradient_weight": 0.0}])
def test_power_terms_add_up_to_the_change_of_q(c2):
    """dQ/dt = 2∫Re(ψ*·∂_tψ)dA for any state, with no truncation error."""
    c = config(**c2)
    psi, rho_s = smooth_fields()
    psi_rate, _, power = total_rates(c, psi, rho_s)
    cell = (LENGTH / SIZE) ** 2
    assert power.shape == (len(POWER_TERMS),)
    assert power.sum() == pytest.approx(2 * cell * np.sum((psi.conj() * psi_rate).real), rel=1e-12)
    named = dict(zip(POWER_TERMS, power, strict=True))
    assert named["growth"] == pytest.approx(2 * c.epsilon * cell * np.sum(np.abs(psi) ** 2))
    assert named["saturation"] < 0
    assert named["nonlocal"] < 0
    if c.param_alpha == 0:  # Δ is self-adjoint under the flat measure, Δ_g is not
        assert abs(named["dispersion"]) < 1e-12 * named["growth"]
    else:
        assert abs(named["dispersion"]) > 1e-4 * named["growth"]


@pytest.mark.parametrize("density", [1.0, 1.3, 2.0])
def test_ripple_on_uniform_density_decays_at_the_effective_rate(density):
    """Ω⁻²Dq² − ε, and turns at Ω⁻²c₁q²."""
    c = config(source_amplitude=0.0, param_alpha=0.7)
    x, y = grid()
    q2 = (2 * np.pi / LENGTH) ** 2 * 13
    ripple = 1e-9 * np.exp(2j * np.pi * (2 * x - 3 * y) / LENGTH)
    psi_rate = total_rates(c, ripple, np.full_like(x, density))[0]
    inverse_metric = (density / c.sdg_rho_vac) ** 0.7
    expected = c.epsilon - inverse_metric * (c.diffusion + 1j * c.dispersion) * q2
    np.testing.assert_allclose(psi_rate / ripple, expected, rtol=1e-6)


def test_uniform_state_is_at_rest():
    """ρ* = ε/(b + κ) and ρ_s* = ρ_vac + χρ*, with c₃ = 0."""
    c = config(source_amplitude=0.0, nonlinear_dispersion=0.0)
    rho = c.epsilon / (c.saturation + c.param_kappa)
    shape = (SIZE, SIZE)
    psi = np.full(shape, np.sqrt(rho) * np.exp(0.4j))
    rho_s = np.full(shape, c.sdg_rho_vac + c.sdg_coupling * rho)
    psi_rate, rho_s_rate, power = total_rates(c, psi, rho_s)
    assert np.abs(psi_rate).max() < 1e-14
    assert np.abs(rho_s_rate).max() < 1e-14
    assert abs(power.sum()) < 1e-13


def test_modes_from_a_third_of_the_grid_on_are_not_kept():
    x, _ = grid()
    equations = Equations(config(), 1.0)
    for mode, kept in ((SIZE // 3 - 1, True), (SIZE // 3, False)):
        psi = np.exp(2j * np.pi * mode * x / LENGTH)
        back = equations.fields(equations.state(psi, 1 + psi.real))[0]
        assert np.allclose(back, psi, atol=1e-12) == kept
        assert kept or np.abs(back).max() < 1e-12

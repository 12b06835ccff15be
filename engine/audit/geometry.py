"""The emergent geometry: ρ_s recovered from g_tt, and how well it solves the static constraint.

    power:        g_tt = −(ρ_vac/ρ_s)^α               ⇒     ρ_s = ρ_vac·(−g_tt)^(−1/α)
    exponential:  g_tt = −exp(−α(ρ_s/ρ_vac − 1))     ⇒     ρ_s = ρ_vac·(1 − ln(−g_tt)/α)
    sdg_h_norm_l2 = RMS of [ρ_s − ρ_vac − ℓ²∇²ρ_s − χT₀₀] / ρ_vac,     T₀₀ = |ψ|² + η|∇ψ|²

Arrays are (y, x), N × N, on the periodic square of side L; derivatives are spectral.
"""

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from engine.audit.spectrum import Floats
from engine.settings import RunConfig


def wavenumbers(config: RunConfig) -> tuple[Floats, Floats]:
    """k_y as a column and k_x as a row, 2π·fftfreq(N, L/N), in 1/x."""
    frequency = np.fft.fftfreq(config.N_grid, config.domain_length / config.N_grid)
    k = (2 * np.pi * frequency).astype(np.float64)
    return k[:, None], k[None, :]


def emergent_g_tt(rho_s: Floats, config: RunConfig) -> Floats:
    """g_tt = −Ω² of a positive ρ_s."""
    if config.metric_ansatz == "exponential":
        return -np.exp(config.param_alpha * (1 - rho_s / config.sdg_rho_vac))
    return -((config.sdg_rho_vac / rho_s) ** config.param_alpha)


def rho_s_from_metric(g_tt: Floats, rho_s: Floats, config: RunConfig) -> Floats:
    """ρ_s as g_tt < 0 tells it; where α = 0 the metric tells nothing and `rho_s` is returned."""
    if config.param_alpha == 0:
        return rho_s
    if config.metric_ansatz == "exponential":
        return config.sdg_rho_vac * (1 - np.log(-g_tt) / config.param_alpha)
    return config.sdg_rho_vac * (-g_tt) ** (-1 / config.param_alpha)


def energy_density(rho: Floats, psi: NDArray[np.complexfloating], config: RunConfig) -> Floats:
    """T₀₀ = |ψ|² + η|∇ψ|²."""
    if config.gradient_weight == 0:
        return rho
    ky, kx = wavenumbers(config)
    psi_hat = scipy.fft.fft2(psi.astype(np.complex128))
    gradient = scipy.fft.ifft2(np.stack([1j * kx * psi_hat, 1j * ky * psi_hat]))
    return rho + config.gradient_weight * np.sum(gradient.real**2 + gradient.imag**2, axis=0)


def constraint(rho_s: Floats, energy: Floats, config: RunConfig) -> Floats:
    """ρ_s − ρ_vac − ℓ²∇²ρ_s − χT₀₀: zero where ρ_s is at rest under its source."""
    ky, kx = wavenumbers(config)
    laplacian = scipy.fft.ifft2(-(kx**2 + ky**2) * scipy.fft.fft2(rho_s)).real
    screened = rho_s - config.sdg_rho_vac - config.sdg_length**2 * laplacian
    return screened - config.sdg_coupling * energy


def sdg_h_norm_l2(
    g_tt: Floats,
    rho_s: Floats,
    rho: Floats,
    psi: NDArray[np.complexfloating],
    config: RunConfig,
) -> float:
    """Root mean square of the constraint with ρ_s taken from g_tt, over ρ_vac; no unit."""
    residual = constraint(
        rho_s_from_metric(g_tt, rho_s, config), energy_density(rho, psi, config), config
    )
    return float(np.sqrt(np.mean(residual**2)) / config.sdg_rho_vac)

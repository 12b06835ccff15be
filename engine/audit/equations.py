"""The auditor's own right-hand side of the coupled equations, in float64 NumPy.

    ∂_t ψ = εψ + (D + ic₁)Δ_g ψ − (b + ic₃)|ψ|²ψ − κ(G_σ ∗ |ψ|²)ψ + F·S(x)
    τ ∂_t ρ_s = ℓ²∇²ρ_s − (ρ_s − ρ_vac) + χ(|ψ|² + η|∇ψ|²)

Where the solver builds Δ_g from Christoffel symbols and automatic differentiation, here it is the
closed form for g = Ω²·diag(−1, 1, 1, 1) in D = 4, Ω⁻² = (ρ_s/ρ_vac)^α or exp(α(ρ_s/ρ_vac − 1)):

    Δ_g ψ = Ω⁻⁴∇·(Ω²∇ψ) = Ω⁻²(∇²ψ + 2∇lnΩ·∇ψ) = Ω⁻²(∇²ψ − β ∇ρ_s·∇ψ)

with β = α/ρ_s for the first ("power") and α/ρ_vac for the second ("exponential").

The last form has spectral derivatives of ψ and ρ_s alone, as the model prescribes. The flux form is
the same function, but its discretization differs from the model's by aliasing, which on rough
fields (6e-5 over 20 steps at ε = 1, η = 1) would pass for tampering.

Products are formed on the grid and their transforms cut to |k_x|, |k_y| < (N/3)·2π/L. A state is
one flat complex vector of the kept modes: ψ̂, then the half plane k_x ≥ 0 of ρ̂_s. For τ = 0 it ends
with ψ̂, and ρ̂_s solves its static equation: (1 + ℓ²k²)ρ̂_s = ρ̂_vac + χT̂₀₀.
"""

from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from engine.audit.geometry import wavenumbers
from engine.audit.spectrum import Floats
from engine.settings import RunConfig

Complexes = NDArray[np.complex128]

POWER_TERMS = ("growth", "diffusion", "dispersion", "saturation", "nonlocal", "source")
"""The terms of dQ/dt = 2∫Re(ψ*·RHS)dA, in the order of `Equations.rates`.

The term of c₃ is none: Re(−ic₃|ψ|⁴) = 0 at every point.
"""


class Equations:
    """The semi-discrete equations of one run, split as y' = Ly + N(y) with a diagonal L.

    L holds ε − (D + ic₁)·m·k² for ψ, where m is a typical value of Ω⁻² (so that N keeps
    only its variation), and −(1 + ℓ²k²)/τ for ρ_s, unless τ = 0.

    Attributes:
        linear: the different values of L, 1/t; shape (2U,), or (U,) for τ = 0.
        which: for each mode of a state, the index of its L; shape (modes,).
        split: how many modes of a state belong to ψ̂.
    """

    def __init__(self, config: RunConfig, typical_inverse_metric: float) -> None:
        size = config.N_grid
        self._config = config
        self._typical = typical_inverse_metric
        self._cell = (config.domain_length / size) ** 2
        ky, kx = wavenumbers(config)
        kx_half = np.abs(kx[:, : size // 2 + 1])
        # Identity, ∇², ∂_x, ∂_y in Fourier space.
        self._psi_symbols = (np.ones(1), -(kx**2 + ky**2), 1j * kx, 1j * ky)
        self._rho_s_symbols = (np.ones(1), 1j * kx_half, 1j * ky)
        kernel = np.exp(-(kx_half**2 + ky**2) / (2 * config.param_sigma_k**2))
        self._kernel = config.param_kappa * kernel
        self._source = config.source_amplitude * _source(config)
        self._curved = config.param_alpha != 0
        self._gradients = self._curved or config.gradient_weight != 0

        kept = (size - 1) // 3  # the largest whole number below N/3
        rows = np.r_[0 : kept + 1, size - kept : size]
        self._rows, self._half = rows[:, None], np.arange(kept + 1)[None, :]
        square = np.fft.fftfreq(size, 1 / size).astype(np.int64) ** 2
        modes = [square[self._rows] + square[self._rows.T], square[self._rows] + square[self._half]]
        radial, inverse = np.unique(np.concatenate([m.ravel() for m in modes]), return_inverse=True)
        self.split = modes[0].size
        self.which = inverse + np.where(np.arange(inverse.size) < self.split, 0, radial.size)
        k2 = radial * (2 * np.pi / config.domain_length) ** 2
        transport = config.diffusion + 1j * config.dispersion
        self._stiffness = (1 + config.sdg_length**2 * k2)[inverse[self.split :]]
        self.linear: Complexes = np.asarray(
            config.epsilon - transport * self._typical * k2, np.complex128
        )
        self._slaved = config.sdg_tau == 0
        if self._slaved:
            self.which = self.which[: self.split]
        else:
            relaxation = -(1 + config.sdg_length**2 * k2) / config.sdg_tau
            self.linear = np.concatenate([self.linear, relaxation])

    def state(self, psi: NDArray[Any], rho_s: NDArray[Any]) -> Complexes:
        """The modes of fields (N, N) that the model keeps."""
        psi_modes = scipy.fft.fft2(psi.astype(np.complex128))[self._rows, self._rows.T].ravel()
        if self._slaved:
            return psi_modes
        rho_s_hat = scipy.fft.rfft2(rho_s.astype(np.float64))
        return np.concatenate([psi_modes, rho_s_hat[self._rows, self._half].ravel()])

    def fields(self, state: Complexes) -> tuple[Complexes, Floats]:
        """ψ and ρ_s on the grid, (N, N), of a state."""
        psi, _, *gradient = self._psi_and_derivatives(state)
        rho_hat = scipy.fft.rfft2(_abs2(psi))
        rho_s_hat = self._rho_s_hat(state, self._density_source(rho_hat, gradient))
        shape = (self._config.N_grid, self._config.N_grid)
        return psi, scipy.fft.irfft2(rho_s_hat, s=shape, overwrite_x=True)

    def rates(self, state: Complexes) -> tuple[Complexes, Floats]:
        """N(y) of a state, (modes,), and the terms of dQ/dt, shape (6,).

        A state with ρ_s ≤ 0 has no metric and gives values that are not finite.
        """
        c = self._config
        psi, laplacian, *gradient = self._psi_and_derivatives(state)
        rho = _abs2(psi)
        rho_hat = scipy.fft.rfft2(rho)
        density_source = self._density_source(rho_hat, gradient)

        rho_s_hat = self._rho_s_hat(state, density_source)
        covariant = self._covariant_laplacian(rho_s_hat, laplacian, gradient)
        local = (c.saturation + 1j * c.nonlinear_dispersion) * rho
        nonlocal_ = self._nonlocal(rho_hat)
        transport = c.diffusion + 1j * c.dispersion
        psi_rate = covariant - self._typical * laplacian
        psi_rate *= transport
        psi_rate -= (local + nonlocal_) * psi
        psi_rate += self._source

        psi_rate_hat = scipy.fft.fft2(psi_rate, overwrite_x=True)
        rates = np.empty_like(state)
        rates[: self.split] = psi_rate_hat[self._rows, self._rows.T].ravel()
        if not self._slaved:
            rates[self.split :] = density_source / c.sdg_tau
        return rates, self._power(psi, rho, nonlocal_, covariant)

    def _psi_and_derivatives(self, state: Complexes) -> Complexes:
        """ψ, ∇²ψ and, where the equations have them, ∂_xψ and ∂_yψ on the grid."""
        size, rows = self._config.N_grid, self._rows.size
        psi_hat = np.zeros((size, size), np.complex128)
        psi_hat[self._rows, self._rows.T] = state[: self.split].reshape(rows, rows)
        spectra = np.empty((4 if self._gradients else 2, size, size), np.complex128)
        for spectrum, symbol in zip(spectra, self._psi_symbols, strict=False):
            np.multiply(symbol, psi_hat, out=spectrum)
        return scipy.fft.ifft2(spectra, overwrite_x=True)

    def _density_source(self, rho_hat: Complexes, gradient: list[Complexes]) -> Complexes:
        """The kept modes of ρ_vac + χT₀₀, flat."""
        c = self._config
        energy_hat = rho_hat
        if c.gradient_weight:
            steepness = _abs2(gradient[0]) + _abs2(gradient[1])
            energy_hat = rho_hat + c.gradient_weight * scipy.fft.rfft2(steepness)
        source = c.sdg_coupling * energy_hat[self._rows, self._half].ravel()
        source[0] += c.sdg_rho_vac * c.N_grid**2
        return source

    def _rho_s_hat(self, state: Complexes, density_source: Complexes) -> Complexes:
        """The half plane of ρ̂_s with zeros where the model keeps nothing."""
        size, rows, half = self._config.N_grid, self._rows.size, self._half.size
        modes = density_source / self._stiffness if self._slaved else state[self.split :]
        rho_s_hat = np.zeros((size, size // 2 + 1), np.complex128)
        rho_s_hat[self._rows, self._half] = modes.reshape(rows, half)
        return rho_s_hat

    def _covariant_laplacian(
        self, rho_s_hat: Complexes, laplacian: Complexes, gradient: list[Complexes]
    ) -> Complexes:
        """Δ_g ψ on the grid; it takes the gradient's place where space is curved."""
        c = self._config
        if not self._curved:
            return laplacian
        spectra = np.empty((3, *rho_s_hat.shape), np.complex128)
        for i in range(3):
            spectra[i] = self._rho_s_symbols[i] * rho_s_hat
        shape = (c.N_grid, c.N_grid)
        rho_s, along_x, along_y = scipy.fft.irfft2(spectra, s=shape, overwrite_x=True)
        if c.metric_ansatz == "exponential":
            inverse_metric = np.exp(c.param_alpha * (rho_s / c.sdg_rho_vac - 1))
            steepness: Floats | float = c.param_alpha / c.sdg_rho_vac
        else:
            inverse_metric = (rho_s / c.sdg_rho_vac) ** c.param_alpha
            steepness = c.param_alpha / rho_s
        slope, slope_y = gradient
        slope *= along_x
        slope_y *= along_y
        slope += slope_y
        slope *= steepness
        covariant = np.subtract(laplacian, slope, out=slope)
        covariant *= inverse_metric
        return covariant

    def _nonlocal(self, rho_hat: Complexes) -> Floats:
        """κ·G_σ ∗ |ψ|² on the grid."""
        shape = (self._config.N_grid, self._config.N_grid)
        if self._config.param_kappa == 0:
            return np.zeros(shape)
        return scipy.fft.irfft2(self._kernel * rho_hat, s=shape, overwrite_x=True)

    def _power(
        self, psi: Complexes, rho: Floats, nonlocal_: Floats, covariant: Complexes
    ) -> Floats:
        c = self._config
        transport = np.vdot(psi, covariant)
        terms = [
            c.epsilon * np.sum(rho),
            c.diffusion * transport.real,
            -c.dispersion * transport.imag,
            -c.saturation * np.vdot(rho, rho),
            -np.vdot(rho, nonlocal_),
            np.vdot(self._source, psi.real),
        ]
        return 2 * self._cell * np.array(terms)


def _source(config: RunConfig) -> Floats:
    """S(x) = exp(−|x − L/2|²/2w²): seen from the centre, no distance exceeds half a period."""
    x = np.arange(config.N_grid) * (config.domain_length / config.N_grid)
    x -= config.domain_length / 2
    return np.exp(-(x[None, :] ** 2 + x[:, None] ** 2) / (2 * config.source_width**2))


def _abs2(z: NDArray[Any]) -> Floats:
    return z.real**2 + z.imag**2

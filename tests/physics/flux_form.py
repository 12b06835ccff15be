"""An implementation that shares nothing with the solver: NumPy, explicit RK4, flux form.

Δ_g ψ = Ω⁻⁴ ∇·(Ω²∇ψ)
"""

import numpy as np

from engine.settings import RunConfig


class FluxForm:
    """∂_t of (ψ, ρ_s) in real space, float64; `sdg_tau` = 0 solves the constraint every time."""

    def __init__(self, config: RunConfig) -> None:
        self.config = config
        n, side = config.N_grid, config.domain_length
        k = 2 * np.pi * np.fft.fftfreq(n, side / n)
        self.kx, self.ky = k[None, :], k[:, None]
        self.k2 = self.kx**2 + self.ky**2
        highest = 2 * np.pi / side * n / 3
        self.keep = (np.abs(self.kx) < highest) & (np.abs(self.ky) < highest)
        x = np.arange(n) * side / n - side / 2
        self.source = np.exp(-(x**2 + x[:, None] ** 2) / (2 * config.source_width**2))
        self.kernel = np.exp(-self.k2 / (2 * config.param_sigma_k**2))

    def omega2(self, rho_s: np.ndarray) -> np.ndarray:
        stretch = rho_s / self.config.sdg_rho_vac
        if self.config.metric_ansatz == "exponential":
            return np.exp(-self.config.param_alpha * (stretch - 1))
        return stretch**-self.config.param_alpha

    def filtered(self, symbol: np.ndarray, field: np.ndarray) -> np.ndarray:
        return np.fft.ifft2(symbol * np.fft.fft2(field))

    def rates(self, psi: np.ndarray, rho_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        c = self.config
        rho = np.abs(psi) ** 2
        psi_x, psi_y = self.filtered(1j * self.kx, psi), self.filtered(1j * self.ky, psi)
        t00 = rho + c.gradient_weight * (np.abs(psi_x) ** 2 + np.abs(psi_y) ** 2)
        if c.sdg_tau == 0:
            rho_s = self.constrained(t00)
        omega2 = self.omega2(rho_s)
        flux = self.filtered(1j * self.kx, omega2 * psi_x)
        flux = flux + self.filtered(1j * self.ky, omega2 * psi_y)
        d_psi = (
            c.epsilon * psi
            + (c.diffusion + 1j * c.dispersion) * flux / omega2**2
            - (c.saturation + 1j * c.nonlinear_dispersion) * rho * psi
            - c.param_kappa * self.filtered(self.kernel, rho).real * psi
            + c.source_amplitude * self.source
        )
        if c.sdg_tau == 0:
            return self.filtered(self.keep, d_psi), np.zeros_like(rho_s)
        relaxed = (
            self.filtered(-(c.sdg_length**2) * self.k2, rho_s).real
            - (rho_s - c.sdg_rho_vac)
            + c.sdg_coupling * t00
        )
        return (
            self.filtered(self.keep, d_psi),
            self.filtered(self.keep, relaxed).real / c.sdg_tau,
        )

    def constrained(self, t00: np.ndarray) -> np.ndarray:
        c = self.config
        symbol = self.keep * c.sdg_coupling / (1 + c.sdg_length**2 * self.k2)
        return c.sdg_rho_vac + self.filtered(symbol, t00).real

    def run(self, psi: np.ndarray, rho_s: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
        """(ψ, ρ_s) at the end of the config's run, by RK4 in this many steps."""
        c = self.config
        h = c.dt * c.T_steps / steps
        u = self.filtered(self.keep, psi), rho_s
        for _ in range(steps):
            k1 = self.rates(*u)
            k2 = self.rates(*_moved(u, k1, h / 2))
            k3 = self.rates(*_moved(u, k2, h / 2))
            k4 = self.rates(*_moved(u, k3, h))
            mean = [(a + 2 * b + 2 * e + f) / 6 for a, b, e, f in zip(k1, k2, k3, k4, strict=True)]
            u = _moved(u, mean, h)
        if c.sdg_tau == 0:
            gradient = [self.filtered(1j * k, u[0]) for k in (self.kx, self.ky)]
            energy = sum(np.abs(d) ** 2 for d in gradient)
            return u[0], self.constrained(np.abs(u[0]) ** 2 + c.gradient_weight * energy)
        return u


def _moved(u, slope, h):
    return tuple(a + h * b for a, b in zip(u, slope, strict=True))

"""The Hamiltonian constraint of general relativity, taken of a field that need not obey it.

    γᵢⱼ = Ω²δᵢⱼ, lapse Ω:       K² − KᵢⱼKⁱʲ = 6(∂_tΩ/Ω²)²
    H = R⁽³⁾ + K² − KᵢⱼKⁱʲ − 16πT₀₀,      hamiltonian_norm_L2 = RMS of H
    T₀₀ = |ψ|² + η|∇ψ|²

Ω² = −g_tt; ∂_tΩ = Ω·(dlnΩ/dρ_s)·∂_tρ_s, with ∂_tρ_s from the equations of motion. All in 1/x².
"""

from dataclasses import dataclass

import numpy as np

from engine.audit.equations import Equations
from engine.audit.fields import Fields
from engine.audit.geometry import emergent_g_tt, energy_density
from engine.audit.spectrum import Floats
from engine.layer2.curvature import conformal_curvature, connection, ricci_scalar
from engine.settings import RunConfig


@dataclass(frozen=True)
class Constraint:
    """The terms of the constraint on the grid, (N, N) each, in 1/x².

    Attributes:
        curvature: R⁽³⁾.
        extrinsic: K² − KᵢⱼKⁱʲ.
        energy: 16πT₀₀.
    """

    curvature: Floats
    extrinsic: Floats
    energy: Floats

    @property
    def residual(self) -> Floats:
        """H = R⁽³⁾ + K² − KᵢⱼKⁱʲ − 16πT₀₀."""
        return self.curvature + self.extrinsic - self.energy

    @property
    def hamiltonian_norm_l2(self) -> float:
        """RMS of H over the grid."""
        return rms(self.residual)


def constraint(fields: Fields) -> Constraint:
    """The terms at the end of a run that has not diverged."""
    config = fields.config
    omega_squared = -fields.g_tt
    speed = density_rate(fields) * log_omega_slope(fields.rho_s, config)  # ∂_t lnΩ
    return Constraint(
        curvature=conformal_curvature(omega_squared, config.domain_length),
        extrinsic=6 * speed**2 / omega_squared,
        energy=16 * np.pi * energy_density(fields.rho, fields.psi, config),
    )


def density_rate(fields: Fields) -> Floats:
    """∂_tρ_s at the end of a run, (N, N), of the auditor's equations; in ρ_s per time.

    A state's rate leads to that of ρ_s by a central difference, which is exact: ρ_s is a part of
    the state, or for τ = 0 quadratic in it.
    """
    config = fields.config
    equations = Equations(config, float(np.median(-1 / emergent_g_tt(fields.rho_s, config))))
    state = equations.state(fields.psi, fields.rho_s)
    rate = equations.linear[equations.which] * state + equations.rates(state)[0]
    size = float(np.linalg.norm(rate))
    if size == 0:
        return np.zeros_like(fields.rho_s)
    step = float(np.linalg.norm(state)) / size
    ahead, behind = (equations.fields(state + sign * step * rate)[1] for sign in (1, -1))
    return (ahead - behind) / (2 * step)


def log_omega_slope(rho_s: Floats, config: RunConfig) -> Floats:
    """dlnΩ/dρ_s."""
    scale = config.sdg_rho_vac if config.metric_ansatz == "exponential" else rho_s
    return -config.param_alpha / (2 * scale) * np.ones_like(rho_s)


def general_curvature(fields: Fields) -> Floats:
    """R⁽³⁾ of the same γᵢⱼ by Christoffel symbols and Ricci tensor, the closed form unused."""
    metric = -fields.g_tt * np.eye(3)[:, :, None, None]
    length = fields.config.domain_length
    return ricci_scalar(metric, connection(metric, length), length)


def rms(field: Floats) -> float:
    """√⟨f²⟩."""
    return float(np.sqrt(np.mean(field**2)))


def relative_difference(one: Floats, two: Floats) -> float:
    """RMS of one − two over the RMS of one; 0 where both vanish."""
    apart, size = rms(one - two), rms(one)
    return apart / size if size else (0.0 if apart == 0 else float("inf"))

"""The sourced, non-local complex Ginzburg–Landau field on the emergent metric.

    ∂_t ψ = ε ψ + (D + i c₁) Δ_g ψ − (b + i c₃)|ψ|²ψ − κ (G_σ ∗ |ψ|²) ψ + F·S(x)
    Ĝ_σ(k) = exp(−k²/2σ²)        S(x) = exp(−|x − L/2|²/2w²), periodic distance

Split for exponential time stepping: the flat linear part ε − (D + i c₁)k² is exact, the rest, with
Δ_g − ∇² in it, is the nonlinear term. The fmia model is a set of coefficients, not another path.
Source of the equation: Aranson & Kramer (2002), Rev. Mod. Phys. 74, 99; docs/model.md.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike
from jaxtyping import Array, Bool, Complex, Float

from engine.physics import sdg
from engine.physics.etdrk import Etdrk4Coefficients, etdrk4_coefficients
from engine.physics.grid import (
    Grid,
    make_grid,
    value_and_gradient,
    value_and_gradient_real,
)


class Physics(NamedTuple):
    """The traced numbers of one run, named as in `RunConfig`: changing them never recompiles."""

    epsilon: Float[Array, ""]
    diffusion: Float[Array, ""]
    dispersion: Float[Array, ""]
    saturation: Float[Array, ""]
    nonlinear_dispersion: Float[Array, ""]
    param_kappa: Float[Array, ""]
    param_sigma_k: Float[Array, ""]
    param_alpha: Float[Array, ""]
    source_amplitude: Float[Array, ""]
    source_width: Float[Array, ""]
    sdg_rho_vac: Float[Array, ""]
    sdg_tau: Float[Array, ""]
    sdg_length: Float[Array, ""]
    sdg_coupling: Float[Array, ""]
    gradient_weight: Float[Array, ""]
    domain_length: Float[Array, ""]
    dt: Float[Array, ""]


class State(NamedTuple):
    """Transforms of ψ (full) and of s = ρ_s − ρ_vac (half), dealiased; or one thing for each."""

    psi_hat: Any
    s_hat: Any


class Operators(NamedTuple):
    """What one run's steps need beside the state, computed once a batch.

    Attributes:
        weights: ETDRK4 coefficients of ψ̂ and ŝ.
        kernel: Ĝ_σ on the half transform.
        source: F·S(x), real space.
    """

    weights: State
    kernel: Float[Array, "n half"]
    source: Float[Array, "n n"]


def linear_symbols(
    physics: Physics, grid: Grid
) -> tuple[Complex[Array, "n n"], Float[Array, "n half"]]:
    """L_ψ(k) = ε − (D + i c₁)k² and L_s(k) = −(1 + ℓ²k²)/τ, 1/time."""
    diffusivity = physics.diffusion + 1j * physics.dispersion
    return (
        physics.epsilon - diffusivity * grid.k_squared,
        -(1 + physics.sdg_length**2 * grid.k_squared_half) / physics.sdg_tau,
    )


def source_profile(physics: Physics, n: int) -> Float[Array, "n n"]:
    """S(x) = exp(−|x − L/2|²/2w²) with the periodic distance, peak 1 at the centre cell."""
    x = jnp.arange(n) / n * physics.domain_length - physics.domain_length / 2
    along = jnp.exp(-(x**2) / (2 * physics.source_width**2))
    return along[:, None] * along[None, :]


def make_operators(physics: Physics, n: int, real: DTypeLike) -> Operators:
    """Operators of one run on n × n cells; `physics` in float64, results in dtype `real`."""
    grid = make_grid(n, physics.domain_length, jnp.float64)
    l_psi, l_s = linear_symbols(physics, grid)
    kernel = jnp.exp(-grid.k_squared_half / (2 * physics.param_sigma_k**2))
    psi_weights = etdrk4_coefficients(l_psi, physics.dt, dtype=complex_of(real))
    s_weights = etdrk4_coefficients(l_s, physics.dt, dtype=real)
    return Operators(
        weights=State(_dealias(psi_weights, grid.keep), _dealias(s_weights, grid.keep_half)),
        kernel=kernel.astype(real),
        source=(physics.source_amplitude * source_profile(physics, n)).astype(real),
    )


def nonlinear(state: State, physics: Physics, operators: Operators, grid: Grid) -> State:
    """N(ψ̂, ŝ): all that the linear symbols leave out, transformed, before dealiasing.

    The truncation to the kept modes is in the step's weights, which vanish outside.
    """
    psi, *d_psi = value_and_gradient(state.psi_hat, grid)
    s, *d_s = value_and_gradient_real(state.s_hat, grid)
    laplacian = jnp.fft.ifft2(-grid.k_squared * state.psi_hat)
    rho = psi.real**2 + psi.imag**2
    rho_hat = jnp.fft.rfft2(rho)
    # Most runs weigh |∇ψ|² with 0, and then T₀₀ is ρ: one transform less.
    t00_hat = jax.lax.cond(
        physics.gradient_weight == 0,
        lambda: rho_hat,
        lambda: jnp.fft.rfft2(sdg.energy_density(rho, d_psi, physics.gradient_weight)),
    )
    smoothed = jnp.fft.irfft2(operators.kernel * rho_hat, s=psi.shape)
    curved = sdg.conformal_laplacian(
        laplacian, d_psi, s, d_s, physics.sdg_rho_vac, physics.param_alpha
    )
    local = (physics.saturation + 1j * physics.nonlinear_dispersion) * rho
    change = (
        (physics.diffusion + 1j * physics.dispersion) * (curved - laplacian)
        - (local + physics.param_kappa * smoothed) * psi
        + operators.source
    )
    return State(jnp.fft.fft2(change), physics.sdg_coupling / physics.sdg_tau * t00_hat)


def complex_of(real: DTypeLike) -> np.dtype:
    """The complex dtype of a real one."""
    return np.result_type(real, np.complex64)


def _dealias(weights: Etdrk4Coefficients, keep: Bool[Array, "..."]) -> Etdrk4Coefficients:
    """Weights that vanish outside the kept modes, so that every stage is dealiased at no cost."""
    return Etdrk4Coefficients(*(jnp.where(keep, w, 0) for w in weights))

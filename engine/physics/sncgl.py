"""The sourced, non-local complex Ginzburg–Landau field on the emergent metric.

    ∂_t ψ = ε ψ + (D + i c₁) Δ_g ψ − (b + i c₃)|ψ|²ψ − κ (G_σ ∗ |ψ|²) ψ + F·S(x)
    Ĝ_σ(k) = exp(−k²/2σ²)        S(x) = exp(−|x − L/2|²/2w²), periodic distance

Split for exponential time stepping: the flat linear part ε − (D + i c₁)k² is exact, the rest, with
Δ_g − ∇² in it, is the nonlinear term. The fmia model is a set of coefficients, not another path.
Source of the equation: Aranson & Kramer (2002), Rev. Mod. Phys. 74, 99; docs/model.md.
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike
from jaxtyping import Array, Complex, Float

from engine.physics import sdg
from engine.physics.etdrk import etdrk4_coefficients, etdrk4_step
from engine.physics.grid import (
    Grid,
    derivatives,
    derivatives_real,
    from_modes_real,
    from_spectrum_real,
    kept_of,
    make_grid,
    to_modes,
    to_modes_real,
    to_spectrum_real,
)
from engine.physics.sdg import Ansatz


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
    """The kept modes of ψ and of s = ρ_s − ρ_vac, laid out as grid.py says; or one thing for each.

    For τ = 0 the second means nothing: `to_fields` and `nonlinear` take ρ_s from ψ.
    """

    psi_hat: Any
    s_hat: Any


class Terms(NamedTuple):
    """What one state means on the grid, each n × n: what the equations are made of.

    Attributes:
        psi, rho: ψ and |ψ|².
        laplacian, curved: ∇²ψ and Δ_g ψ.
        smoothed: G_σ ∗ |ψ|².
        t00: T₀₀.
        t00_hat: its modes.
        s_hat: those of s, carried or, for τ = 0, slaved.
        s: ρ_s − ρ_vac.
    """

    psi: Complex[Array, "n n"]
    rho: Float[Array, "n n"]
    laplacian: Complex[Array, "n n"]
    curved: Complex[Array, "n n"]
    smoothed: Float[Array, "n n"]
    t00: Float[Array, "n n"]
    t00_hat: Complex[Array, "half m"]
    s_hat: Complex[Array, "half m"]
    s: Float[Array, "n n"]


class Form(NamedTuple):
    """Which terms the equations have at all: static, so that one that is absent costs nothing.

    Attributes:
        ansatz: of the metric.
        curved: α ≠ 0.
        smoothed: κ ≠ 0.
        gradients: η ≠ 0.
    """

    ansatz: Ansatz
    curved: bool
    smoothed: bool
    gradients: bool


class Operators(NamedTuple):
    """What one run's steps need beside the state, computed once a batch.

    Attributes:
        weights: ETDRK4 coefficients of ψ̂ and ŝ.
        kernel: Ĝ_σ on all modes of a real field.
        source: F·S(x), real space.
    """

    weights: State
    kernel: Float[Array, "nyquist n"]
    source: Float[Array, "n n"]


def linear_symbols(
    physics: Physics, grid: Grid
) -> tuple[Complex[Array, "m m"], Float[Array, "half m"]]:
    """L_ψ(k) = ε − (D + i c₁)k² and L_s(k) = −(1 + ℓ²k²)/τ, 1/time."""
    diffusivity = physics.diffusion + 1j * physics.dispersion
    return (
        physics.epsilon - diffusivity * grid.k_squared,
        -(1 + physics.sdg_length**2 * grid.k_squared_half) / _relaxation_time(physics),
    )


def source_profile(physics: Physics, n: int) -> Float[Array, "n n"]:
    """S(x) = exp(−|x − L/2|²/2w²) with the periodic distance, peak 1 at the centre cell."""
    x = jnp.arange(n) / n * physics.domain_length - physics.domain_length / 2
    along = jnp.exp(-(x**2) / (2 * physics.source_width**2))
    return along[:, None] * along[None, :]


def smoothing_kernel(physics: Physics, n: int) -> Float[Array, "nyquist n"]:
    """Ĝ_σ(k) = exp(−k²/2σ²), 1 at k = 0, on all modes of a real field."""
    scale = 2 * jnp.pi / physics.domain_length
    kx = scale * jnp.arange(n // 2 + 1)[:, None]
    ky = scale * jnp.fft.fftfreq(n, 1 / n)[None, :]
    return jnp.exp(-(kx**2 + ky**2) / (2 * physics.param_sigma_k**2))


def make_operators(physics: Physics, n: int, real: DTypeLike) -> Operators:
    """Operators of one run on n × n cells; `physics` in float64, results in dtype `real`."""
    grid = make_grid(n, physics.domain_length, jnp.float64)
    l_psi, l_s = linear_symbols(physics, grid)
    return Operators(
        weights=State(
            etdrk4_coefficients(l_psi, physics.dt, dtype=complex_of(real)),
            etdrk4_coefficients(l_s, physics.dt, dtype=real),
        ),
        kernel=smoothing_kernel(physics, n).astype(real),
        source=(physics.source_amplitude * source_profile(physics, n)).astype(real),
    )


def terms_of(state: State, physics: Physics, operators: Operators, grid: Grid, form: Form) -> Terms:
    """What the equations are made of, from one state; an absent convolution is 0."""
    psi, psi_x, psi_y, laplacian = derivatives(state.psi_hat, grid)
    d_psi = (psi_x, psi_y)
    rho = psi.real**2 + psi.imag**2
    rho_hat, smoothed = to_modes_real(rho), jnp.zeros_like(rho)
    if form.smoothed:
        spectrum = to_spectrum_real(rho)
        rho_hat = kept_of(spectrum)
        smoothed = from_spectrum_real(operators.kernel * spectrum)
    t00, t00_hat = rho, rho_hat
    if form.gradients:
        t00 = sdg.energy_density(rho, d_psi, physics.gradient_weight)
        t00_hat = to_modes_real(t00)
    s_hat = _density(state.s_hat, t00_hat, physics, grid)
    s, *d_s = derivatives_real(s_hat, grid)
    curved = laplacian
    if form.curved:
        curved = sdg.conformal_laplacian(
            laplacian, d_psi, s, d_s, form.ansatz, physics.sdg_rho_vac, physics.param_alpha
        )
    return Terms(psi, rho, laplacian, curved, smoothed, t00, t00_hat, s_hat, s)


def rates(terms: Terms, physics: Physics, operators: Operators, form: Form) -> State:
    """N(ψ̂, ŝ): all that the linear symbols leave out, on the kept modes."""
    damping = (physics.saturation + 1j * physics.nonlinear_dispersion) * terms.rho
    if form.smoothed:
        damping = damping + physics.param_kappa * terms.smoothed
    change = operators.source - damping * terms.psi
    if form.curved:
        diffusivity = physics.diffusion + 1j * physics.dispersion
        change = change + diffusivity * (terms.curved - terms.laplacian)
    return State(to_modes(change), physics.sdg_coupling / _relaxation_time(physics) * terms.t00_hat)


def nonlinear(
    state: State, physics: Physics, operators: Operators, grid: Grid, form: Form
) -> State:
    """`rates` of a state."""
    return rates(terms_of(state, physics, operators, grid, form), physics, operators, form)


def step(state: State, physics: Physics, operators: Operators, grid: Grid, form: Form) -> State:
    """One ETDRK4 step, of length `physics.dt`, of the coupled system."""
    return step_and_terms(state, physics, operators, grid, form)[0]


def step_and_terms(
    state: State, physics: Physics, operators: Operators, grid: Grid, form: Form
) -> tuple[State, Terms]:
    """One ETDRK4 step, and the terms at its beginning."""
    terms = terms_of(state, physics, operators, grid, form)
    ahead = etdrk4_step(
        state,
        lambda u: nonlinear(u, physics, operators, grid, form),
        operators.weights,
        first=rates(terms, physics, operators, form),
    )
    return ahead, terms


def to_state(
    psi: Complex[Array, "n n"], rho_s: Float[Array, "n n"], physics: Physics, grid: Grid
) -> State:
    """The state of real-space fields: transformed, and band-limited by the 2/3 rule."""
    return State(to_modes(psi), to_modes_real(rho_s - physics.sdg_rho_vac))


def to_fields(
    state: State, physics: Physics, grid: Grid
) -> tuple[Complex[Array, "n n"], Float[Array, "n n"]]:
    """(ψ, ρ_s) of a state, in real space."""
    psi, *d_psi, _ = derivatives(state.psi_hat, grid)
    rho = psi.real**2 + psi.imag**2
    t00 = sdg.energy_density(rho, d_psi, physics.gradient_weight)
    s_hat = _density(state.s_hat, to_modes_real(t00), physics, grid)
    return psi, physics.sdg_rho_vac + from_modes_real(s_hat, grid)


def complex_of(real: DTypeLike) -> np.dtype:
    """The complex dtype of a real one."""
    return np.result_type(real, np.complex64)


def _density(
    s_hat: Complex[Array, "half m"], t00_hat: Complex[Array, "half m"], physics: Physics, grid: Grid
) -> Complex[Array, "half m"]:
    """ŝ as it is carried or, for τ = 0, slaved to T₀₀."""
    rest = sdg.slaved(t00_hat, grid, physics.sdg_length, physics.sdg_coupling)
    return jnp.where(physics.sdg_tau == 0, rest, s_hat)


def _relaxation_time(physics: Physics) -> Float[Array, ""]:
    """τ, and any other time where it is 0 and what is carried of s is not looked at."""
    return jnp.where(physics.sdg_tau == 0, 1, physics.sdg_tau)

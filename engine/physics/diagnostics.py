"""What is seen of a run at one instant: its fields on the grid, and its state in a few numbers."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Complex, Float, Int

from engine.physics import sdg
from engine.physics.grid import Grid, from_modes, make_grid
from engine.physics.sncgl import Form, Operators, Physics, State, Terms, terms_of

THUMBNAIL_SIDE = 64
"""Longest side of the picture that goes along with progress."""


class Fields(NamedTuple):
    """Real-space fields of one instant."""

    psi: Complex[Array, "n n"]
    rho_s: Float[Array, "n n"]
    rho: Float[Array, "n n"]
    g_tt: Float[Array, "n n"]


class Sample(NamedTuple):
    """Real-space fields and diagnostics of one instant.

    Who wants only one of the two, within a compiled function, does not pay for the other.
    """

    fields: Fields
    traces: dict[str, Float[Array, ""]]


def observe(state: State, physics: Physics, operators: Operators, form: Form) -> Sample:
    """Fields in real space, and diagnostics of them.

    - q_coherence: Q = ∫ρ dA.
    - gain, loss: the positive and the negative terms of dQ/dt = gain − loss.
    - energy: E = ∫ c₁|∇ψ|² + ½c₃ρ² dA, which the fmia model conserves.
    - h_norm: RMS of the static constraint's residual, over ρ_vac.
    - max_rho, min_rho_s: extremes on the grid.
    - phase_defects: cells around which the phase of ψ turns.
    """
    n = operators.source.shape[0]
    grid = make_grid(n, physics.domain_length, physics.domain_length.dtype)
    terms = terms_of(state, physics, operators, grid, form)
    rho, rho_s = terms.rho, physics.sdg_rho_vac + terms.s
    area = physics.domain_length**2
    residual = sdg.constraint(
        terms.s_hat, terms.t00, grid, physics.sdg_length, physics.sdg_coupling
    )
    power = _power(terms, physics, operators)
    traces = {
        "q_coherence": rho.mean() * area,
        "gain": jnp.maximum(power, 0).sum() * area,
        "loss": jnp.maximum(-power, 0).sum() * area,
        "energy": _energy(state, rho, physics, grid) * area,
        "h_norm": jnp.sqrt((residual**2).mean()) / physics.sdg_rho_vac,
        "max_rho": rho.max(),
        "min_rho_s": rho_s.min(),
        "phase_defects": phase_defects(terms.psi).astype(rho.dtype),
    }
    log_scale, _ = sdg.log_omega_squared(
        terms.s, form.ansatz, physics.sdg_rho_vac, physics.param_alpha
    )
    return Sample(Fields(terms.psi, rho_s, rho, -jnp.exp(log_scale)), traces)


def phase_defects(psi: Complex[Array, "n n"]) -> Int[Array, ""]:
    """How many cells the phase of ψ winds around: zeros of ψ, spiral cores and their like.

    The winding number of a cell is the sum, over its edges, of the signed crossings of the branch
    cut of arg ψ by the straight line from corner to corner.
    """
    across_x, across_y = _crossing(psi, jnp.roll(psi, -1, 1)), _crossing(psi, jnp.roll(psi, -1, 0))
    winding = across_x + jnp.roll(across_y, -1, 1) - jnp.roll(across_x, -1, 0) - across_y
    return jnp.count_nonzero(winding)


def thumbnail(state: State, n: int) -> Float[Array, "side side"]:
    """Every so many cells of ρ, in single precision, at most `THUMBNAIL_SIDE` along a side."""
    stride = -(-n // THUMBNAIL_SIDE)
    psi = from_modes(state.psi_hat, make_grid(n, 1.0, state.psi_hat.real.dtype))[::stride, ::stride]
    return (psi.real**2 + psi.imag**2).astype(jnp.float32)


def _crossing(a: Complex[Array, "n n"], b: Complex[Array, "n n"]) -> Int[Array, "n n"]:
    """+1 where the line from a to b crosses the negative real axis downwards, −1 upwards, or 0."""
    down, up = (a.imag >= 0) & (b.imag < 0), (a.imag < 0) & (b.imag >= 0)
    turn = a.real * b.imag - a.imag * b.real  # its sign tells on which side of 0 the line passes
    return (down & (turn > 0)).astype(jnp.int32) - (up & (turn < 0)).astype(jnp.int32)


def _power(terms: Terms, physics: Physics, operators: Operators) -> Float[Array, "6"]:
    """The terms of dQ/dt = 2∫Re(ψ*·RHS)dA over the area: ε, D, c₁, b, κ and the source.

    The term of c₃ is none: Re(−ic₃|ψ|⁴) = 0 at every point.
    """
    transport = (jnp.conj(terms.psi) * terms.curved).mean()
    return 2 * jnp.stack(
        [
            physics.epsilon * terms.rho.mean(),
            physics.diffusion * transport.real,
            -physics.dispersion * transport.imag,
            -physics.saturation * (terms.rho**2).mean(),
            -physics.param_kappa * (terms.rho * terms.smoothed).mean(),
            (operators.source * terms.psi.real).mean(),
        ]
    )


def _energy(
    state: State, rho: Float[Array, "n n"], physics: Physics, grid: Grid
) -> Float[Array, ""]:
    """c₁⟨|∇ψ|²⟩ + ½c₃⟨ρ²⟩, the first by Parseval's theorem."""
    amplitudes = state.psi_hat / grid.n**2
    gradient = (grid.k_squared * (amplitudes.real**2 + amplitudes.imag**2)).sum()
    return physics.dispersion * gradient + physics.nonlinear_dispersion / 2 * (rho**2).mean()

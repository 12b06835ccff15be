"""One run, from its start through its steps: pure functions, which the batch maps over its members.

A run is looked at before each of its steps, in the values that the step computes anyway. Where it
has diverged it stays as it is, and the step at which that was found is kept.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike
from jaxtyping import Array, Bool, Complex, Float, Int

from engine.physics.grid import highest_mode, make_grid, to_modes
from engine.physics.sncgl import (
    Form,
    Operators,
    Physics,
    State,
    Terms,
    complex_of,
    step_and_terms,
    to_state,
)
from engine.settings import MAX_RHO, RunConfig

INITIAL_AMPLITUDE = 0.1

NEVER = -1
"""In place of the step at which a run diverged."""


class Run(NamedTuple):
    """A run under way.

    Attributes:
        state: its fields.
        step: steps taken; those of a frozen run stand still.
        diverged: the step before which it was found diverged, or `NEVER`.
    """

    state: State
    step: Int[Array, ""]
    diverged: Int[Array, ""]


def begin(state: State) -> Run:
    """A run that has taken no step."""
    return Run(state, jnp.int32(0), jnp.int32(NEVER))


def initial_state(seed: Array, n: int, real: DTypeLike) -> State:
    """ψ₀ = 0.1 (ξ₁ + iξ₂) from `jax.random.key(seed)`, band-limited; s = 0.

    The noise is drawn in double precision, so both precisions start from the same field.
    """
    dtype = complex_of(real)
    noise = jax.random.normal(jax.random.key(seed), (2, n, n), jnp.float64)
    psi_hat = to_modes(INITIAL_AMPLITUDE * (noise[0] + 1j * noise[1])).astype(dtype)
    return State(psi_hat, jnp.zeros((highest_mode(n) + 1, psi_hat.shape[1]), dtype))


def given_state(
    psi: Complex[Array, "n n"], rho_s: Float[Array, "n n"] | None, physics: Physics, real: DTypeLike
) -> State:
    """The state of fields from a file; without ρ_s, that is ρ_vac. All in double precision."""
    n = psi.shape[0]
    grid = make_grid(n, physics.domain_length, jnp.float64)
    if rho_s is None:
        rho_s = jnp.full((n, n), physics.sdg_rho_vac)
    state = to_state(psi, rho_s, physics, grid)
    return jax.tree.map(lambda modes: modes.astype(complex_of(real)), state)


def physics_of(config: RunConfig, dtype: DTypeLike = np.float64) -> Physics:
    """The traced numbers of a config."""
    return Physics(*(jnp.asarray(getattr(config, name), dtype) for name in Physics._fields))


def form_of(config: RunConfig) -> Form:
    """Which terms a config's equations have: every number that is 0 takes one away."""
    return Form(
        ansatz="power" if config.metric_ansatz == "power" else "exponential",
        curved=config.param_alpha != 0,
        smoothed=config.param_kappa != 0,
        gradients=config.gradient_weight != 0,
    )


def advance(run: Run, physics: Physics, operators: Operators, until: Array, form: Form) -> Run:
    """ETDRK4 steps until the run has taken `until` of them, or has diverged."""
    n = operators.source.shape[0]
    grid = make_grid(n, physics.domain_length, physics.domain_length.dtype)

    def under_way(run: Run) -> Bool[Array, ""]:
        return (run.step < until) & (run.diverged == NEVER)

    def one_step(run: Run) -> Run:
        ahead, terms = step_and_terms(run.state, physics, operators, grid, form)
        sound = is_sound(terms, physics)
        return Run(
            jax.tree.map(lambda new, old: jnp.where(sound, new, old), ahead, run.state),
            run.step + sound,
            jnp.where(sound, NEVER, run.step),
        )

    return jax.lax.while_loop(under_way, one_step, run)


def is_sound(terms: Terms, physics: Physics) -> Bool[Array, ""]:
    """Whether ψ and ρ_s are finite, ρ_s > 0 and ρ ≤ 1e4 everywhere."""
    rho_s = physics.sdg_rho_vac + terms.s
    return ((terms.rho <= MAX_RHO) & (rho_s > 0) & (rho_s < jnp.inf)).all()

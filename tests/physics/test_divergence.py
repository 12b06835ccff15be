"""A run that blows up stops there, says when, and disturbs nobody."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

from engine.physics.evolve import NEVER, advance, begin, form_of, given_state, physics_of
from engine.physics.simulate import simulate_batch
from engine.physics.sncgl import make_operators
from engine.settings import MAX_RHO, RunConfig
from engine.store.initial_state import InitialState

N = 16
SETTINGS = {"N_grid": N, "domain_length": 16.0, "T_steps": 60, "precision": "float64"}


def config(**changes) -> RunConfig:
    return RunConfig.from_mapping({**SETTINGS, **changes})


RUNAWAY = {"epsilon": 2.0, "saturation": 0.0, "param_kappa": 0.0, "param_alpha": 0.0}


def test_growth_without_saturation_is_frozen_at_the_step_that_passes_the_limit():
    c = config(**RUNAWAY)
    psi = np.full((N, N), 0.1 + 0j)
    start = InitialState(psi, None)
    c = dataclasses.replace(c, initial_state_sha256=start.sha256)
    (result,) = simulate_batch([c], initial=start)
    # |ψ|² = 0.01·e^{2εt} passes 1e4 at t = ln(1e6)/4 = 3.454, so first at step 35.
    assert result.diverged_step == 35
    exact = 0.01 * np.exp(4 * 3.5)
    np.testing.assert_allclose(result.final_rho, exact, rtol=1e-9)
    assert exact > MAX_RHO


STARTS = {
    "not finite": (np.nan, 1.0),
    "too large": (np.sqrt(1.01 * MAX_RHO), 1.0),
    "no density": (0.1, -0.1),
    "infinite density": (0.1, np.inf),
}


@pytest.mark.parametrize("case", STARTS)
def test_every_kind_of_divergence_is_seen_before_the_first_step(case):
    psi, rho_s = STARTS[case]
    physics = physics_of(config())
    state = given_state(jnp.full((N, N), psi + 0j), jnp.full((N, N), rho_s), physics, np.float64)
    operators = make_operators(physics, N, np.float64)
    run = advance(begin(state), physics, operators, jnp.asarray(9), form_of(RunConfig()))
    assert (int(run.diverged), int(run.step)) == (0, 0)


def test_a_sound_run_never_diverges():
    physics = physics_of(config())
    state = given_state(jnp.full((N, N), 0.3 + 0j), None, physics, np.float64)
    operators = make_operators(physics, N, np.float64)
    run = advance(begin(state), physics, operators, jnp.asarray(9), form_of(RunConfig()))
    assert (int(run.diverged), int(run.step)) == (NEVER, 9)


def test_divergence_at_the_very_end_is_found_in_the_final_fields():
    start = InitialState(np.full((N, N), 0.1 + 0j), None)
    c = config(**RUNAWAY, T_steps=35, initial_state_sha256=start.sha256)
    (result,) = simulate_batch([c], initial=start)
    assert result.final_rho.max() > MAX_RHO
    assert result.diverged_step == 35


def test_how_the_steps_are_handed_out_changes_nothing_of_a_frozen_run():
    c = config(**RUNAWAY, T_steps=200)
    one, other = (simulate_batch([c], history_frames=frames)[0] for frames in (0, 50))
    assert one.diverged_step == other.diverged_step
    assert one.psi.tobytes() == other.psi.tobytes()

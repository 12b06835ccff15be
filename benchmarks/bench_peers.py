"""The flat complex Ginzburg–Landau equation, ours against py-pde's explicit Runge–Kutta.

Both are timed from a field to the field at the end, after one call that compiles, on one core
each: Numba's threads wait for each other busily, and on a machine that does anything else they
would flatter us. Errors are against our own solver in float64 with a step so small that halving it
changes nothing; tests/physics hold it equal to implementations of others.
"""

import dataclasses
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from engine.physics.evolve import form_of, initial_state, physics_of
from engine.physics.grid import make_grid
from engine.physics.sncgl import Operators, Physics, make_operators, step, to_fields, to_state
from engine.settings import RunConfig

N, LENGTH, END = 256, 100.0, 10.0
ALLOWED, WANTED = 1e-3, 50.0
FLAT = RunConfig(param_kappa=0.0, param_alpha=0.0, sdg_coupling=0.0, N_grid=N, domain_length=LENGTH)
"""All else, the noise of the start included, is the specification's default."""

OUR_STEPS = (1.0, 0.5, 0.4, 0.25, 0.2, 0.1, 0.05)
THEIR_STEPS = (0.05, 0.01)
"""0.05 is about the largest that is stable for them: |D + ic₁|·8/h²·dt < 2.8."""

REFERENCE_STEP = 0.025
REPEATS = 3


def start() -> np.ndarray:
    """ψ₀ of the seed."""
    grid = make_grid(N, LENGTH, jnp.float64)
    state = initial_state(jnp.uint32(FLAT.seed), N, jnp.dtype("float64"))
    return np.asarray(to_fields(state, physics_of(FLAT), grid)[0])


def ours(dt: float, precision: str) -> Callable[[np.ndarray], np.ndarray]:
    """The solver's own step, from ψ to ψ at the end."""
    real = jnp.dtype(precision)
    config = dataclasses.replace(FLAT, dt=dt, precision=precision)
    operators = jax.jit(make_operators, static_argnums=(1, 2))(physics_of(config), N, real)
    physics, steps = physics_of(config, real), jnp.int32(round(END / dt))
    complex_ = np.result_type(real, np.complex64)
    return lambda psi: np.asarray(_evolve(psi.astype(complex_), physics, operators, steps))


@jax.jit
def _evolve(psi: jax.Array, physics: Physics, operators: Operators, steps: jax.Array) -> jax.Array:
    grid = make_grid(N, LENGTH, physics.dt.dtype)
    vacuum = jnp.full((N, N), physics.sdg_rho_vac)
    state = jax.lax.fori_loop(
        0,
        steps,
        lambda _, u: step(u, physics, operators, grid, form_of(FLAT)),
        to_state(psi, vacuum, physics, grid),
    )
    return to_fields(state, physics, grid)[0]


def py_pde(dt: float) -> Callable[[np.ndarray], np.ndarray]:
    """py-pde: compiled by Numba, second-order differences, classical Runge–Kutta."""
    import pde

    grid = pde.CartesianGrid([[0, LENGTH], [0, LENGTH]], N, periodic=True)
    equation = pde.PDE(
        {
            "c": f"{FLAT.epsilon}*c + ({FLAT.diffusion} + {FLAT.dispersion}*I)*laplace(c)"
            f" - ({FLAT.saturation} + {FLAT.nonlinear_dispersion}*I)*c*abs(c)**2"
        }
    )
    solver = pde.RungeKuttaSolver(equation, backend="numba", adaptive=False)
    stepper = solver.make_stepper(pde.ScalarField(grid, dtype=complex), dt)

    def evolve(psi: np.ndarray) -> np.ndarray:
        state: Any = pde.ScalarField(grid, psi, dtype=complex)
        stepper(state, 0.0, END)
        return state.data

    return evolve


def error(psi: np.ndarray, exact: np.ndarray) -> float:
    return float(np.linalg.norm(psi - exact) / np.linalg.norm(exact))


def seconds(runs: list[Callable[[np.ndarray], np.ndarray]], psi: np.ndarray) -> list[float]:
    """Median times of several programs, taken in turn, so that the machine is the same for all."""
    times: list[list[float]] = [[] for _ in runs]
    for _ in range(REPEATS):
        for taken, run in zip(times, runs, strict=True):
            began = time.perf_counter()
            run(psi)
            taken.append(time.perf_counter() - began)
    return [statistics.median(taken) for taken in times]


def main() -> None:
    """In a process of its own, since both count their threads when they start."""
    command = [sys.executable, "-m", "benchmarks.bench_peers"]
    subprocess.run(command, check=True, env={**os.environ, "NUMBA_NUM_THREADS": "1"})


def compare() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    psi = start()
    exact = ours(REFERENCE_STEP, "float64")(psi)
    check = error(ours(2 * REFERENCE_STEP, "float64")(psi), exact)
    print(
        f"flat Ginzburg–Landau, N = {N}, L = {LENGTH:g}, to t = {END:g}, from the seed's noise; "
        f"medians of {REPEATS}, compilation excluded, one core each"
    )
    print(
        f"  reference         dt {REFERENCE_STEP:g}, float64; with 2·dt it differs by {check:.0e}"
    )
    for dt in OUR_STEPS:
        mine = ours(dt, "float32")
        reached = error(mine(psi), exact)
        if reached < ALLOWED:
            break
    theirs, their_errors = [], []
    for their_dt in THEIR_STEPS:
        theirs.append(py_pde(their_dt))
        their_errors.append(error(theirs[-1](psi), exact))
    own, *others = seconds([mine, *theirs], psi)
    print(f"  ours, float32     dt {dt:<6.4g} error {reached:.1e}   {own:.3f} s")
    for their_dt, missed, taken in zip(THEIR_STEPS, their_errors, others, strict=True):
        print(
            f"  py-pde, Numba     dt {their_dt:<6.4g} error {missed:.1e}   {taken:.3f} s   "
            f"{taken / own:.0f} × ours"
        )
    able = [i for i, missed in enumerate(their_errors) if missed < ALLOWED]
    which = able[0] if able else THEIR_STEPS.index(0.01)
    why = "reaches the error" if able else "cannot reach the error: its grid is too coarse for it"
    print(
        f"  ratio             {others[which] / own:.0f} × at py-pde's dt {THEIR_STEPS[which]:g} "
        f"(it {why}; wanted: {WANTED:g} ×)"
    )


if __name__ == "__main__":
    compare()

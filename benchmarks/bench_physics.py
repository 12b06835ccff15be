"""The coupled step against its own transforms, what samples add to it, and a second start."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.transforms import sample_input, transform, transforms_of
from engine.physics.evolve import advance, begin, form_of, initial_state, physics_of
from engine.physics.grid import make_grid
from engine.physics.simulate import simulate_batch
from engine.physics.sncgl import make_operators, nonlinear
from engine.settings import RunConfig

ROUNDS = 9
STAGES = 4
CASES = ((64, 32, 10), (64, 256, 2), (64, 1024, 1), (256, 1, 10), (1024, 1, 2))
"""N, runs in the batch, steps a call."""

LOOKS = ((64, 1000), (256, 200))
"""N and steps of the runs that are looked at."""

REAL = np.dtype(np.float32)
ON_ONE_CORE = """
import os
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from benchmarks.bench_physics import looks
looks()
"""
FIRST_STEP = """
from engine.physics.simulate import simulate_batch
from engine.settings import RunConfig
simulate_batch([RunConfig(T_steps=1)])
"""


def main() -> None:
    print("coupled step, float32, η = 0; its FFTs: the same transforms alone, in turn with it")
    for n, batch, steps in CASES:
        ours, ffts, count = measure(n, batch, steps)
        print(
            f"  N = {n:<5}× {batch:<3} {batch / ours:>7.0f} steps/s  {ours * 1e3:>7.2f} ms a step, "
            f"its FFTs {ffts * 1e3:>7.2f} ms, ratio {ours / ffts:.2f} (wanted: at most 1.6), "
            f"{count:.2f} complex 2-D FFTs a stage (wanted: at most 7)"
        )
    print("what is added to the steps of one run by looking at it, one core", flush=True)
    subprocess.run([sys.executable, "-c", ON_ONE_CORE], check=True)
    cold, warm = starts()
    print(f"  a process, to its first step done   {cold:.2f} s")
    print(f"  the second one                      {warm:.2f} s   (wanted: under 3 s)")


def measure(n: int, batch: int, steps: int) -> tuple[float, float, float]:
    """Seconds of one step of a batch, of its transforms alone, and their number a stage."""
    form = form_of(RunConfig())
    configs = [RunConfig(N_grid=n, domain_length=float(n), seed=i) for i in range(batch)]
    doubles = jax.tree.map(lambda *a: jnp.stack(a), *[physics_of(c) for c in configs])
    operators = _each(lambda p: make_operators(p, n, REAL))(doubles)
    physics = jax.tree.map(lambda a: a.astype(REAL), doubles)
    seeds = jnp.array([c.seed for c in configs], jnp.uint32)
    runs = _each(lambda seed: begin(initial_state(seed, n, REAL)))(seeds)

    def stage(run: Any, p: Any, o: Any) -> Any:
        return nonlinear(run.state, p, o, make_grid(n, p.domain_length, REAL), form)

    one = jax.tree.map(lambda a: a[0], (runs, physics, operators))
    text = jax.jit(stage).lower(*one).compile().as_text() or ""
    a_stage = transforms_of(text)
    fields = [sample_input(t) for t in a_stage]

    @jax.jit
    def alone(fields: list[Any]) -> Any:
        def one_stage(_: Any, fields: list[Any]) -> list[Any]:
            # One value goes on to the next stage: what never changes would be transformed once.
            return [f.at[0, 0].set(transform(t, f)) for t, f in zip(a_stage, fields, strict=True)]

        return jax.lax.fori_loop(0, batch * STAGES, one_stage, fields)

    program = _each(lambda r, p, o: advance(r, p, o, jnp.int32(steps), form))
    seconds = _in_turn(lambda: program(runs, physics, operators), lambda: alone(fields))
    return seconds[0] / steps, seconds[1], sum(t.equivalents for t in a_stage)


def looks() -> None:
    """Print by how much diagnostics, progress and history frames lengthen a run."""
    for n, steps in LOOKS:
        alone, samples, progress, frames = look_at(n, steps)
        print(
            f"  N = {n:<4} {steps:>4} steps {alone:>6.3f} s; diagnostics add "
            f"{samples / alone - 1:.1%} (wanted: at most 5 %), progress and thumbnails "
            f"{progress / samples - 1:.1%} more (wanted: at most 3 %), 20 history frames "
            f"{frames / samples - 1:.1%} more",
            flush=True,
        )


def look_at(n: int, steps: int) -> list[float]:
    """Seconds of one run: its steps alone; with diagnostics; these and progress; these and frames.

    All of them make the operators and the start anew.
    """
    config = RunConfig(N_grid=n, domain_length=float(n), T_steps=steps)
    form = form_of(config)
    operate = _each(lambda p: make_operators(p, n, REAL))
    start = _each(lambda seed: begin(initial_state(seed, n, REAL)))
    go = _each(lambda run, p, o: advance(run, p, o, jnp.int32(steps), form))

    def alone() -> Any:
        doubles = jax.tree.map(lambda a: a[None], physics_of(config))
        physics = jax.tree.map(lambda a: a.astype(REAL), doubles)
        return go(start(jnp.array([config.seed], jnp.uint32)), physics, operate(doubles))

    return _in_turn(
        alone,
        lambda: simulate_batch([config], history_frames=0),
        lambda: simulate_batch([config], history_frames=0, on_progress=lambda _: None),
        lambda: simulate_batch([config], history_frames=20),
    )


def starts() -> tuple[float, float]:
    """Seconds that a process takes to its first step done, with an empty cache and a full one."""
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "XDG_CACHE_HOME": cache}
        environment.pop("JAX_COMPILATION_CACHE_DIR", None)

        def start() -> float:
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", FIRST_STEP], check=True, env=environment)
            return time.perf_counter() - began

        cold = start()
        return cold, statistics.median(start() for _ in range(3))


def _each(member: Callable[..., Any]) -> Callable[..., Any]:
    """One member after the other, as the solver has it on a CPU."""
    return jax.jit(lambda *args: jax.lax.map(lambda one: member(*one), args))


def _in_turn(*programs: Callable[[], Any]) -> list[float]:
    """Median seconds of each of some programs, taken in turn."""
    taken: list[list[float]] = [[] for _ in programs]
    for program in programs:
        jax.block_until_ready(program())
    for _ in range(ROUNDS):
        for program, times in zip(programs, taken, strict=True):
            began = time.perf_counter()
            jax.block_until_ready(program())
            times.append(time.perf_counter() - began)
    return [statistics.median(times) for times in taken]

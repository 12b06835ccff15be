"""An accelerator's figures: steps a second, runs a second, share of its memory bandwidth.

`python -m benchmarks.bench_gpu` prints the table and writes it to benchmarks/results. With --cpu it
is a rehearsal: tiny sizes, on the CPU, written only where --results names a folder.
"""

import argparse
import functools
import platform
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from benchmarks.transforms import Transforms, transforms_of
from engine.errors import DeviceMemoryError
from engine.physics.evolve import Run, advance, begin, form_of, initial_state, physics_of
from engine.physics.grid import make_grid
from engine.physics.simulate import simulate_batch
from engine.physics.sncgl import Operators, Physics, State, make_operators, step
from engine.settings import RunConfig

RESULTS = Path(__file__).parent / "results"
REAL = np.dtype(np.float32)
ROUNDS = 5
ROUND_SECONDS = 0.5
COPIES = 10
RUN_STEPS = 200
TARGET_N, TARGET_SHARE = 4096, 0.5


class Sizes(NamedTuple):
    """What is measured: grids of one run, batches of runs, and the bytes of the array copied."""

    grids: Sequence[int]
    batches: Sequence[int]
    batch_grid: int
    copied: int


FULL = Sizes((256, 512, 1024, 2048, 4096, 8192), (32, 256, 1024, 4096), 64, 2**30)
REHEARSAL = Sizes((16, 32), (2,), 16, 2**20)


def main(arguments: Sequence[str] = ()) -> int:
    """Measure, print and keep the table; one line where there is no accelerator."""
    parser = argparse.ArgumentParser(prog="bench_gpu", description=__doc__)
    parser.add_argument("--cpu", action="store_true", help="rehearse with tiny sizes on the CPU")
    parser.add_argument("--results", type=Path, help="folder for the table")
    asked = parser.parse_args(arguments)
    if asked.cpu:
        jax.config.update("jax_platforms", "cpu")
    elif jax.default_backend() == "cpu":
        print("no accelerator here, so nothing to measure; --cpu rehearses with tiny sizes")
        return 0
    lines = []
    for line in table(REHEARSAL if asked.cpu else FULL):
        print(line, flush=True)
        lines.append(line)
    folder = asked.results or (None if asked.cpu else RESULTS)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{slug(jax.local_devices()[0].device_kind)}.md"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"\nwritten to {path}")
    return 0


def table(sizes: Sizes) -> Iterator[str]:
    """The lines of the table in Markdown, each as soon as it is known."""
    device, bandwidth = jax.local_devices()[0], copy_bandwidth(sizes.copied)
    yield f"# {device.device_kind}"
    yield ""
    yield f"- {device.client.platform_version.splitlines()[0]}, platform {device.platform}"
    yield f"- jax {jax.__version__}, Python {platform.python_version()}"
    yield f"- copy bandwidth {bandwidth / 1e9:.0f} GB/s (bytes read and written, measured here)"
    yield "- the coupled step, default physics, float32; made by `make bench-gpu`"
    yield ""
    yield "Floor: the time in which this bandwidth moves what the step's FFTs must read and write,"
    yield "each pass its lines once. Share: floor / time of the step."
    yield ""
    yield "| N | steps/s | ms a step | FFT bytes a step (GB) | floor (ms) | share of the floor |"
    yield "|--:|--:|--:|--:|--:|--:|"
    shares = {}
    for n in sizes.grids:
        seconds, moved = fitting(lambda n=n: step_seconds(n)), step_bytes(n)
        if seconds is None:
            yield f"| {n} | does not fit | | {moved / 1e9:.3g} | {moved / bandwidth * 1e3:.3g} | |"
            continue
        shares[n] = moved / bandwidth / seconds
        yield (
            f"| {n} | {1 / seconds:.4g} | {seconds * 1e3:.3g} | {moved / 1e9:.3g} | "
            f"{moved / bandwidth * 1e3:.3g} | {shares[n]:.0%} |"
        )
    yield ""
    yield verdict(shares.get(TARGET_N))
    yield ""
    yield f"| runs of N = {sizes.batch_grid} in a batch | runs/s, {RUN_STEPS} steps | steps/s |"
    yield "|--:|--:|--:|"
    for batch in sizes.batches:
        seconds = fitting(lambda batch=batch: batch_seconds(sizes.batch_grid, batch))
        if seconds is None:
            yield f"| {batch} | does not fit | |"
        else:
            yield f"| {batch} | {batch / seconds:.4g} | {batch * RUN_STEPS / seconds:.4g} |"


def verdict(share: float | None) -> str:
    """Whether the step reaches the wanted share of the floor."""
    wanted = f"at least {TARGET_SHARE:.0%} of the floor at N = {TARGET_N}"
    if share is None:
        return f"Wanted: {wanted}; not measured here."
    return f"Wanted: {wanted}; got {share:.0%}, {'met' if share >= TARGET_SHARE else 'missed'}."


def fitting(measure: Callable[[], float]) -> float | None:
    """What is measured, or None where the device has too little memory for it."""
    try:
        return measure()
    except DeviceMemoryError:
        return None
    except jax.errors.JaxRuntimeError as error:
        if "RESOURCE_EXHAUSTED" not in str(error):
            raise
        return None


def step_seconds(n: int) -> float:
    """Median seconds of one step of one run, in calls of about half a second."""
    config = RunConfig(N_grid=n, domain_length=float(n))
    form = form_of(config)
    doubles = jax.tree.map(lambda a: a[None], physics_of(config))
    operators = jax.jit(jax.vmap(lambda p: make_operators(p, n, REAL)))(doubles)
    physics = jax.tree.map(lambda a: a.astype(REAL), doubles)
    start = jax.jit(jax.vmap(lambda seed: begin(initial_state(seed, n, REAL))))
    run, done = start(jnp.array([config.seed], jnp.uint32)), 0

    # As the solver has it on an accelerator: mapped over the runs, the old state given up.
    @functools.partial(jax.jit, donate_argnums=0)
    def go(run: Run, physics: Physics, operators: Operators, until: Array) -> Run:
        return jax.vmap(lambda r, p, o: advance(r, p, o, until, form))(run, physics, operators)

    def take(steps: int) -> float:
        nonlocal run, done
        began = time.perf_counter()
        run = jax.block_until_ready(go(run, physics, operators, np.int32(done + steps)))
        done += steps
        return time.perf_counter() - began

    take(1)  # compiles
    steps = 1
    while take(steps) < ROUND_SECONDS / 2:
        steps *= 2
    seconds = statistics.median(take(steps) for _ in range(ROUNDS)) / steps
    if int(run.step[0]) != done:
        raise ArithmeticError(f"N = {n}: got {int(run.step[0])} steps, expected {done}: diverged")
    return seconds


def step_bytes(n: int) -> int:
    """Bytes that the FFTs of one step must move, as its compiled program has them."""
    config = RunConfig(N_grid=n, domain_length=float(n))
    form = form_of(config)

    def one(state: State, physics: Physics, operators: Operators) -> State:
        return step(state, physics, operators, make_grid(n, physics.domain_length, REAL), form)

    doubles = physics_of(config)
    shapes = (
        jax.eval_shape(lambda: initial_state(jnp.uint32(1), n, REAL)),
        jax.eval_shape(lambda: physics_of(config, REAL)),
        jax.eval_shape(lambda: make_operators(doubles, n, REAL)),
    )
    text = jax.jit(one).lower(*shapes).compile().as_text() or ""
    return sum(bytes_moved(t) for t in transforms_of(text))


def bytes_moved(t: Transforms) -> int:
    """Bytes of a pass that reads and writes each of its lines once."""
    item = np.dtype({"c64": "complex64", "c128": "complex128"}[t.dtype]).itemsize
    if t.kind.startswith(("R", "IR")):
        return t.lines * (t.length * item // 2 + (t.length // 2 + 1) * item)
    return 2 * t.lines * t.length * item


def copy_bandwidth(size: int) -> float:
    """Bytes a second, read and written, of an operation that does nothing else; median."""
    array = jnp.zeros(size // REAL.itemsize, REAL)
    change = jax.jit(lambda a: a + 1)
    jax.block_until_ready(change(array))
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(COPIES):
            copy = change(array)
        jax.block_until_ready(copy)
        taken.append(time.perf_counter() - began)
    return COPIES * 2 * size / statistics.median(taken)


def batch_seconds(n: int, batch: int) -> float:
    """Median seconds of a batch, from its seeds to its results on the host, without history."""
    configs = [
        RunConfig(N_grid=n, domain_length=float(n), T_steps=RUN_STEPS, seed=i) for i in range(batch)
    ]
    simulate_batch(configs, history_frames=0)  # compiles
    taken = []
    for _ in range(3):
        began = time.perf_counter()
        simulate_batch(configs, history_frames=0)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def slug(name: str) -> str:
    """A device's name as that of a file."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""The one compiled boundary: a batch of configs in, one `RunResult` each out.

On an accelerator the members of a batch advance side by side (`vmap`); on a CPU one after the other
(`lax.map`), since a run's fields then stay in its core's cache, and its bytes cannot depend on its
neighbours. Cores are used by calling this from several threads.

Coefficients, dt and L are traced, and so is the number of steps between two samples: only a new
grid size, precision, batch size or form of the equations compiles. Runs of another form, in which
a coefficient is 0, are a batch of their own, so that a run's bytes do not depend on its company.
"""

import dataclasses
import functools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from engine.errors import DeviceMemoryError, SettingsError, StopRequested
from engine.physics.diagnostics import Fields, observe, thumbnail
from engine.physics.evolve import (
    NEVER,
    Run,
    advance,
    begin,
    form_of,
    given_state,
    initial_state,
    physics_of,
)
from engine.physics.recorder import Recorder, Schedule
from engine.physics.sncgl import Form, Operators, Physics, State, make_operators
from engine.settings import MAX_RHO, RunConfig
from engine.store.initial_state import InitialState
from engine.store.run_result import RunResult

Traces = dict[str, Array]
"""Diagnostics by name, each of shape (batch,)."""

ANSWER_SECONDS = 0.5
"""Between two looks at `should_stop`, and between two thumbnails."""


@dataclass(frozen=True)
class Progress:
    """How far a batch is.

    Attributes:
        steps_done, steps_total: of each of its runs.
        thumbnail: ρ of its first run, at most 64 × 64, float32; None where the last still stands.
    """

    steps_done: int
    steps_total: int
    thumbnail: np.ndarray | None = None


@dataclass(frozen=True)
class Pace:
    """How many steps are handed to the device at once, so that it answers about twice a second."""

    steps: int

    @classmethod
    def of(cls, configs: Sequence[RunConfig]) -> "Pace":
        """A first guess, low for any device."""
        return cls(max(1, 2_000_000 // (len(configs) * configs[0].N_grid ** 2)))

    def after(self, steps: int, seconds: float) -> "Pace":
        """The pace that this many steps in so many seconds suggest."""
        return Pace(max(1, min(round(steps * ANSWER_SECONDS / max(seconds, 1e-6)), 4 * self.steps)))


def simulate_batch(
    configs: Sequence[RunConfig],
    *,
    initial: InitialState | None = None,
    history_frames: int = 20,
    on_progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> list[RunResult]:
    """Run a batch from its start to the end, in parts where it does not fit the device.

    Args:
        configs: runs with equal `N_grid`, `precision`, `T_steps`, `metric_ansatz` and
            `initial_state_sha256`; all else may differ.
        initial: the state that all start from; None for their seeds.
        history_frames: snapshots to keep beside the final one, evenly spaced from the start.
        on_progress: called between samples, from the calling thread.
        should_stop: asked between samples.

    Raises:
        StopRequested: `should_stop` said so.
        SettingsError: the configs do not share what they must, or `initial` is not what they name.
        DeviceMemoryError: not even one run fits.
    """
    check_batch(configs, initial)
    forms: dict[Form, list[int]] = {}
    for i, config in enumerate(configs):
        forms.setdefault(form_of(config), []).append(i)

    def in_parts(parts: Sequence[Sequence[int]]) -> list[RunResult]:
        found: dict[int, RunResult] = {}
        for done, part in enumerate(parts):

            def report(progress: Progress, parts_done: int = done) -> None:
                if on_progress is not None:
                    steps = parts_done * progress.steps_total + progress.steps_done
                    on_progress(dataclasses.replace(progress, steps_done=steps // len(parts)))

            results = simulate_batch(
                [configs[i] for i in part],
                initial=initial,
                history_frames=history_frames,
                on_progress=report,
                should_stop=should_stop,
            )
            found.update(zip(part, results, strict=True))
        return [found[i] for i in range(len(configs))]

    if len(forms) > 1:
        return in_parts(list(forms.values()))
    try:
        return _simulate(configs, initial, history_frames, on_progress, should_stop)
    except jax.errors.JaxRuntimeError as error:
        if "RESOURCE_EXHAUSTED" not in str(error):
            raise
        if len(configs) == 1:
            raise DeviceMemoryError(
                f"N_grid: got {configs[0].N_grid}, for which the device has too little memory "
                "left; choose a smaller one, or end what else computes there."
            ) from error
    half = len(configs) // 2
    return in_parts([range(half), range(half, len(configs))])


def check_batch(configs: Sequence[RunConfig], initial: InitialState | None) -> None:
    """Refuse an empty batch, one of several kinds, and runs without the file that they name."""
    if not configs:
        raise SettingsError("configs: got an empty batch, expected at least one run.")
    shared = ("N_grid", "precision", "T_steps", "metric_ansatz", "initial_state_sha256")
    kinds = {tuple(getattr(c, name) for name in shared) for c in configs}
    if len(kinds) > 1:
        raise SettingsError(
            f"configs: got {len(kinds)} different ({', '.join(shared)}), expected one; "
            "split the batch."
        )
    named, given = configs[0].initial_state_sha256, initial.sha256 if initial else ""
    if named != given:
        raise SettingsError(
            f"initial_state_sha256: got {named or 'none'}, expected {given or 'none'}, that of the "
            "initial state that was given; give the file with --initial-state, or leave out both.",
            field="initial_state_sha256",
        )


def _simulate(
    configs: Sequence[RunConfig],
    initial: InitialState | None,
    history_frames: int,
    on_progress: Callable[[Progress], None] | None,
    should_stop: Callable[[], bool],
) -> list[RunResult]:
    n, steps_total = configs[0].N_grid, configs[0].T_steps
    real = np.dtype(configs[0].precision)
    form = form_of(configs[0])
    doubles = _stack([physics_of(c) for c in configs])
    operators = _operators(n, real.name)(doubles)
    physics = jax.tree.map(lambda a: a.astype(real), doubles)
    if initial is None:
        runs = _from_seeds(n, real.name)(jnp.array([c.seed for c in configs], jnp.uint32))
    else:
        fields = (jnp.asarray(initial.psi), _as_device_array(initial.rho_s))
        runs = _from_fields(real.name)(doubles, fields)

    schedule = Schedule.of(steps_total, history_frames)
    recorder = Recorder(configs, schedule)
    pace = Pace.of(configs)
    pending: tuple[int, Traces, Fields | None] | None = None
    pictured = -np.inf

    def heed(steps_done: int) -> None:
        nonlocal pictured
        if on_progress is not None:
            picture = None
            if time.monotonic() - pictured > ANSWER_SECONDS:
                picture, pictured = np.asarray(_thumbnail(n)(runs.state)), time.monotonic()
            on_progress(Progress(steps_done, steps_total, picture))
        if should_stop():
            raise StopRequested("the simulation was asked to stop.")

    done = known = 0
    for stop in schedule.stops:
        arrived = False
        while not arrived:
            steps = min(stop - done, pace.steps)
            arrived = done + steps == stop
            began = time.perf_counter()
            runs, traces = _advance(form)(runs, physics, operators, np.int32(done + steps), arrived)
            done += steps
            if not arrived:
                # A long way to the next sample: stay within a Stop's patience of the device.
                jax.block_until_ready(runs)
                pace = pace.after(steps, time.perf_counter() - began)
                known = done
                heed(known)
        stored = stop in schedule.stored
        kept = _fields(form)(runs.state, physics, operators) if stored else None
        # The device computes on while the sample before this one is brought to the host.
        if pending is not None:
            _record(recorder, *pending)
            known = max(known, pending[0])
        heed(known)
        pending = (stop, traces, kept)
    if pending is not None:
        _record(recorder, *pending)
        recorder.diverged(_divergence(np.asarray(runs.diverged), pending[1], steps_total))
    if on_progress is not None:
        on_progress(Progress(steps_total, steps_total))
    return recorder.results()


def _divergence(found: np.ndarray, last: Traces, steps_total: int) -> list[int | None]:
    """The step at which each run was found diverged, the end included, or None."""
    traces = {name: np.asarray(values) for name, values in last.items()}
    sound = (traces["max_rho"] <= MAX_RHO) & (traces["min_rho_s"] > 0)
    sound &= np.isfinite(traces["h_norm"])
    at_end = np.where(sound, NEVER, steps_total)
    steps = np.where(found == NEVER, at_end, found)
    return [None if step == NEVER else int(step) for step in steps]


def _over_runs(member: Callable[..., Any], shared: int = 0) -> Callable[..., Any]:
    """`member` for every run of a batch; the last `shared` arguments are the same for all."""
    on_cpu = jax.default_backend() == "cpu"

    def batch(*args: Any) -> Any:
        split = len(args) - shared
        each, same = args[:split], args[split:]
        if on_cpu:
            return jax.lax.map(lambda one: member(*one, *same), each)
        return jax.vmap(lambda *one: member(*one, *same))(*each)

    return batch


@functools.cache
def _advance(form: Form) -> Callable[..., tuple[Run, Traces]]:
    """Steps and, where `look` says so, the diagnostics after them; else 0 in their places.

    One program for both: a call of its own for every sample costs as much as the sample, and a
    second program without diagnostics might round otherwise.
    """

    def member(
        run: Run, physics: Physics, operators: Operators, until: Array, look: Array
    ) -> tuple[Run, Traces]:
        run = advance(run, physics, operators, until, form)

        def traces() -> Traces:
            return observe(run.state, physics, operators, form).traces

        nothing = jax.tree.map(jnp.zeros_like, jax.eval_shape(traces))
        return run, jax.lax.cond(look, traces, lambda: nothing)

    return jax.jit(_over_runs(member, shared=2), donate_argnums=0)


@functools.cache
def _fields(form: Form) -> Callable[..., Fields]:
    return jax.jit(_over_runs(lambda s, p, o: observe(s, p, o, form).fields))


@functools.cache
def _thumbnail(n: int) -> Callable[[State], Float[Array, "side side"]]:
    return jax.jit(lambda states: thumbnail(jax.tree.map(lambda modes: modes[0], states), n))


@functools.cache
def _operators(n: int, real: str) -> Callable[[Physics], Operators]:
    return jax.jit(_over_runs(lambda p: make_operators(p, n, jnp.dtype(real))))


@functools.cache
def _from_seeds(n: int, real: str) -> Callable[[Array], Run]:
    return jax.jit(_over_runs(lambda seed: begin(initial_state(seed, n, jnp.dtype(real)))))


@functools.cache
def _from_fields(real: str) -> Callable[..., Run]:
    def start(physics: Physics, fields: Any) -> Run:
        psi, rho_s = fields
        return begin(given_state(psi, rho_s, physics, jnp.dtype(real)))

    return jax.jit(_over_runs(start, shared=1))


def _as_device_array(array: np.ndarray | None) -> Array | None:
    return None if array is None else jnp.asarray(array)


def _stack(trees: list[Any]) -> Any:
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *trees)


def _record(recorder: Recorder, step: int, traces: Traces, fields: Fields | None) -> None:
    """Bring to the host what is kept of a sample, and nothing else."""
    recorder.trace(step, {name: np.asarray(a) for name, a in traces.items()})
    if fields is None:
        return
    if step in recorder.schedule.frames:
        recorder.frame(step, np.asarray(fields.rho), np.asarray(fields.g_tt))
    if step == recorder.schedule.checkpoint:
        recorder.checkpoint(np.asarray(fields.psi), np.asarray(fields.rho_s))
    if step == recorder.schedule.stops[-1]:
        recorder.final(*(np.asarray(a) for a in fields))

"""The one compiled boundary: a batch of configs in, one `RunResult` each out.

On an accelerator the members of a batch advance side by side (`vmap`); on a CPU one after the other
(`lax.map`), since a run's fields then stay in its core's cache, and its bytes cannot depend on its
neighbours. Cores are used by calling this from several threads.

Coefficients, dt and L are traced, and so is the number of steps between two samples: only a new
grid size, precision or batch size compiles.
"""

import functools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike
from jaxtyping import Array, Complex, Float

from engine.errors import SettingsError, StopRequested
from engine.physics import sdg
from engine.physics.etdrk import etdrk4_step
from engine.physics.grid import make_grid, value_and_gradient
from engine.physics.recorder import Recorder, Schedule
from engine.physics.sncgl import (
    Operators,
    Physics,
    State,
    complex_of,
    make_operators,
    nonlinear,
)
from engine.settings import RunConfig
from engine.store.artifact import RunResult

INITIAL_AMPLITUDE = 0.1

ANSWER_SECONDS = 0.5
"""Between two looks at `should_stop`."""


class Sample(NamedTuple):
    """Real-space fields and diagnostics of one instant."""

    psi: Complex[Array, "n n"]
    rho_s: Float[Array, "n n"]
    rho: Float[Array, "n n"]
    g_tt: Float[Array, "n n"]
    traces: dict[str, Float[Array, ""]]


@dataclass(frozen=True)
class Progress:
    """How far a batch is: steps done of all steps."""

    steps_done: int
    steps_total: int


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


def initial_state(seed: Array, n: int, real: DTypeLike) -> State:
    """ψ₀ = 0.1 (ξ₁ + iξ₂) from `jax.random.key(seed)`, band-limited; s = 0.

    The noise is drawn in double precision, so both precisions start from the same field.
    """
    dtype = complex_of(real)
    noise = jax.random.normal(jax.random.key(seed), (2, n, n), jnp.float64)
    psi_hat = jnp.fft.fft2(INITIAL_AMPLITUDE * (noise[0] + 1j * noise[1]))
    keep = make_grid(n, 1.0, jnp.float64).keep
    return State(jnp.where(keep, psi_hat, 0).astype(dtype), jnp.zeros((n, n // 2 + 1), dtype))


def physics_of(config: RunConfig, dtype: DTypeLike = np.float64) -> Physics:
    """The traced numbers of a config."""
    return Physics(*(jnp.asarray(getattr(config, name), dtype) for name in Physics._fields))


def advance(state: State, physics: Physics, operators: Operators, steps: Array) -> State:
    """`steps` ETDRK4 steps of one run."""
    n = state.psi_hat.shape[0]
    grid = make_grid(n, physics.domain_length, physics.domain_length.dtype)

    def step(_: Array, current: State) -> State:
        return etdrk4_step(
            current, lambda u: nonlinear(u, physics, operators, grid), operators.weights
        )

    return jax.lax.fori_loop(0, steps, step, state)


def observe(state: State, physics: Physics) -> Sample:
    """Fields in real space and the diagnostics Q_coherence, h_norm, max ρ and min ρ_s."""
    n = state.psi_hat.shape[0]
    grid = make_grid(n, physics.domain_length, physics.domain_length.dtype)
    psi, *d_psi = value_and_gradient(state.psi_hat, grid)
    s = jnp.fft.irfft2(state.s_hat, s=psi.shape)
    rho = psi.real**2 + psi.imag**2
    t00 = sdg.energy_density(rho, d_psi, physics.gradient_weight)
    residual = sdg.constraint(state.s_hat, t00, grid, physics.sdg_length, physics.sdg_coupling)
    rho_s = physics.sdg_rho_vac + s
    traces = {
        "q_coherence": rho.mean() * physics.domain_length**2,
        "h_norm": jnp.sqrt((residual**2).mean()) / physics.sdg_rho_vac,
        "max_rho": rho.max(),
        "min_rho_s": rho_s.min(),
    }
    g_tt = -sdg.omega_squared(s, physics.sdg_rho_vac, physics.param_alpha)
    return Sample(psi, rho_s, rho, g_tt, traces)


def simulate_batch(
    configs: Sequence[RunConfig],
    *,
    history_frames: int = 20,
    on_progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> list[RunResult]:
    """Run a batch from its seeds to the end.

    Args:
        configs: runs with equal `N_grid`, `precision` and `T_steps`; all else may differ.
        history_frames: snapshots to keep beside the final one, evenly spaced from the start.
        on_progress: called between samples, from the calling thread.
        should_stop: asked between samples.

    Raises:
        StopRequested: `should_stop` said so.
        SettingsError: the configs do not share a shape, or one needs an initial-state file.
    """
    check_batch(configs)
    n, steps_total = configs[0].N_grid, configs[0].T_steps
    real = np.dtype(configs[0].precision)
    physics = _stack([physics_of(c) for c in configs])
    operators = _operators(n, real.name)(physics)
    physics = jax.tree.map(lambda a: a.astype(real), physics)
    state = _initial(n, real.name)(jnp.array([c.seed for c in configs], jnp.uint32))

    schedule = Schedule.of(steps_total, history_frames)
    recorder = Recorder(configs, schedule)
    pace = Pace.of(configs)
    pending: tuple[int, Sample] | None = None

    def heed(steps_done: int) -> None:
        if on_progress is not None:
            on_progress(Progress(steps_done, steps_total))
        if should_stop():
            raise StopRequested("the simulation was asked to stop.")

    done = known = 0
    for stop in schedule.stops:
        while done < stop:
            steps = min(stop - done, pace.steps)
            began = time.perf_counter()
            state = _advance()(state, physics, operators, np.int32(steps))
            done += steps
            if done < stop:
                # A long way to the next sample: stay within a Stop's patience of the device.
                jax.block_until_ready(state)
                pace = pace.after(steps, time.perf_counter() - began)
                known = done
                heed(known)
        sample = _observe()(state, physics)
        # The device computes on while the sample before this one is brought to the host.
        if pending is not None:
            _record(recorder, *pending)
            known = max(known, pending[0])
        heed(known)
        pending = (stop, sample)
    if pending is not None:
        _record(recorder, *pending)
    if on_progress is not None:
        on_progress(Progress(steps_total, steps_total))
    return recorder.results()


def check_batch(configs: Sequence[RunConfig]) -> None:
    """Refuse an empty batch, one of several shapes, and runs that need a file."""
    if not configs:
        raise SettingsError("configs: got an empty batch, expected at least one run.")
    shapes = {(c.N_grid, c.precision, c.T_steps) for c in configs}
    if len(shapes) > 1:
        raise SettingsError(
            f"configs: got {len(shapes)} different (N_grid, precision, T_steps), expected one; "
            "split the batch."
        )
    if any(c.initial_state_sha256 for c in configs):
        raise SettingsError(
            "initial_state_sha256: got a checksum without its file, expected a run from a seed; "
            "leave the key out.",
            field="initial_state_sha256",
        )


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
def _advance() -> Callable[..., State]:
    return jax.jit(_over_runs(advance, shared=1), donate_argnums=0)


@functools.cache
def _observe() -> Callable[..., Sample]:
    return jax.jit(_over_runs(observe))


@functools.cache
def _operators(n: int, real: str) -> Callable[[Physics], Operators]:
    return jax.jit(_over_runs(lambda p: make_operators(p, n, jnp.dtype(real))))


@functools.cache
def _initial(n: int, real: str) -> Callable[[Array], State]:
    return jax.jit(_over_runs(lambda seed: initial_state(seed, n, jnp.dtype(real))))


def _stack(trees: list[Any]) -> Any:
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *trees)


def _record(recorder: Recorder, step: int, sample: Sample) -> None:
    """Bring to the host what is kept of a sample, and nothing else."""
    recorder.trace(step, {name: np.asarray(a) for name, a in sample.traces.items()})
    if step in recorder.schedule.frames:
        recorder.frame(step, np.asarray(sample.rho), np.asarray(sample.g_tt))
    if step == recorder.schedule.checkpoint:
        recorder.checkpoint(np.asarray(sample.psi), np.asarray(sample.rho_s))
    if step == recorder.schedule.stops[-1]:
        recorder.final(*(np.asarray(a) for a in sample[:4]))

"""When a batch is looked at, and what is kept of it: plain arrays on the host."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.settings import RunConfig
from engine.store.run_result import RunResult

CHECKPOINT_STEPS = 20
"""The checkpoint lies this many steps before the end (or at the start of a shorter run)."""

TRACE_SAMPLES = 100
"""Diagnostics are sampled at most this often along a run, and at every stored frame."""

TRACE_STEPS = 30
"""Steps between two samples, at least: one costs about as much as 0.8 steps at N = 64."""


@dataclass(frozen=True)
class Schedule:
    """The steps at which a run is looked at.

    Attributes:
        stops: steps at which diagnostics are taken, ascending; the last is the end.
        frames: those at which ρ and g_tt are kept as history.
        checkpoint: the one whose full state is kept for the auditor.
    """

    stops: tuple[int, ...]
    frames: frozenset[int]
    checkpoint: int

    @classmethod
    def of(cls, steps: int, history_frames: int) -> "Schedule":
        """Evenly spaced stops for a run of `steps` steps, the start and the end among them."""
        count = max(1, min(TRACE_SAMPLES, steps // TRACE_STEPS))
        traces = {round(i * steps / count) for i in range(count + 1)}
        frames = {i * steps // history_frames for i in range(history_frames)}
        checkpoint = max(0, steps - CHECKPOINT_STEPS)
        return cls(tuple(sorted(traces | frames | {checkpoint})), frozenset(frames), checkpoint)

    @property
    def stored(self) -> frozenset[int]:
        """The stops at which fields are kept, not only diagnostics."""
        return self.frames | {self.checkpoint, self.stops[-1]}


class Recorder:
    """Gathers what is kept of a batch and cuts it into one result a run.

    Every array has the batch in front.
    """

    def __init__(self, configs: Sequence[RunConfig], schedule: Schedule) -> None:
        self._configs, self.schedule = configs, schedule
        self._frames: list[tuple[int, np.ndarray, np.ndarray]] = []
        self._traces: list[tuple[int, dict[str, np.ndarray]]] = []
        self._checkpoint: tuple[np.ndarray, ...] = ()
        self._final: tuple[np.ndarray, ...] = ()
        self._diverged: Sequence[int | None] = [None] * len(configs)

    def trace(self, step: int, values: dict[str, np.ndarray]) -> None:
        """Keep the diagnostics of a step, each of shape (batch,)."""
        self._traces.append((step, values))

    def frame(self, step: int, rho: np.ndarray, g_tt: np.ndarray) -> None:
        """Keep a history frame."""
        self._frames.append((step, rho, g_tt))

    def checkpoint(self, psi: np.ndarray, rho_s: np.ndarray) -> None:
        """Keep the state from which the auditor integrates to the end."""
        self._checkpoint = psi, rho_s

    def final(self, psi: np.ndarray, rho_s: np.ndarray, rho: np.ndarray, g_tt: np.ndarray) -> None:
        """Keep the final fields."""
        self._final = psi, rho_s, rho, g_tt

    def diverged(self, steps: Sequence[int | None]) -> None:
        """Keep the step at which each run was found diverged."""
        self._diverged = steps

    def results(self) -> list[RunResult]:
        """One result a run; the end and the checkpoint must have been recorded."""
        return [self._result(i, config) for i, config in enumerate(self._configs)]

    def _result(self, i: int, config: RunConfig) -> RunResult:
        psi, rho_s, rho, g_tt = (array[i] for array in self._final)
        checkpoint_psi, checkpoint_rho_s = (array[i] for array in self._checkpoint)
        none = np.empty((0, *rho.shape), rho.dtype)
        return RunResult(
            psi=psi,
            rho_s=rho_s,
            final_rho=rho,
            final_g_tt=g_tt,
            checkpoint_psi=checkpoint_psi,
            checkpoint_rho_s=checkpoint_rho_s,
            checkpoint_t=self.schedule.checkpoint * config.dt,
            t_end=config.T_steps * config.dt,
            diverged_step=self._diverged[i],
            history_t=np.array([step * config.dt for step, *_ in self._frames]),
            history_rho=np.stack([rho[i] for _, rho, _ in self._frames]) if self._frames else none,
            history_g_tt=np.stack([g[i] for *_, g in self._frames]) if self._frames else none,
            diagnostics={
                "t": np.array([step * config.dt for step, _ in self._traces]),
                **{
                    name: np.array([values[name][i] for _, values in self._traces])
                    for name in self._traces[0][1]
                },
            },
        )

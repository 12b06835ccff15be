"""A batch of runs as one task: everything it needs travels with it, to a thread or to a cluster.

A task is idempotent. What has a readable artifact is not computed again, and two workers that
compute one run write the same bytes, each whole, under the same name.
"""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass

import numpy as np

from engine.errors import StopRequested
from engine.hunt.allowance import Allowance
from engine.hunt.gate import Gate
from engine.hunt.gradients import gradients_of
from engine.hunt.runs import Report, compute_batch
from engine.hunt.space import SearchSpace
from engine.settings import RunConfig
from engine.store.workspace import Workspace

Gradients = list[list[float] | None]
Question = Callable[[], bool]


class BatchTimeoutError(Exception):
    """A batch that took longer than it may."""


@dataclass(frozen=True)
class Computed:
    """What a batch hands back beside its artifacts.

    Attributes:
        gradients: of each run, None where it has none.
        seconds: it took where it was computed, without queue and pauses.
    """

    gradients: Gradients
    seconds: float


@dataclass(frozen=True)
class Batch:
    """What is computed.

    Attributes:
        configs: runs of one shape.
        points: where they lie in the cube, (n, d).
        root: the workspace's folder, the same wherever it is computed.
        history_frames: snapshots to keep of each run.
        space: from points to configs.
        objective: of which gradients are wanted; empty for none.
        limit_s: longest time that it may take, in seconds; 0 is no limit.
    """

    configs: tuple[RunConfig, ...]
    points: np.ndarray
    root: str
    history_frames: int
    space: SearchSpace
    objective: str = ""
    limit_s: float = 0.0

    def compute(self, on_progress: Report, should_stop: Question) -> Computed:
        """Write the artifacts.

        Args:
            on_progress: told the share that is done, 0 … 1, and how it looks.
            should_stop: asked between samples; waits while the hunt is paused.

        Raises:
            StopRequested: `should_stop` said so.
            BatchTimeoutError: it took more than `limit_s`.
            WorkspaceError: the workspace is full or cannot be written.
        """
        allowance = Allowance(should_stop, self.limit_s)
        try:
            compute_batch(
                self.configs,
                Workspace.open(self.root),
                history_frames=self.history_frames,
                on_progress=on_progress,
                should_stop=allowance.is_over,
            )
            gradients = self._gradients(allowance.is_over)
        except StopRequested as error:
            if allowance.spent:
                raise BatchTimeoutError(f"its batch took more than {self.limit_s:g} s") from error
            raise
        return Computed(gradients, allowance.seconds)

    def _gradients(self, should_stop: Question) -> Gradients:
        if not self.objective:
            return [None] * len(self.configs)
        runs = list(zip(self.configs, self.points, strict=True))
        return gradients_of(runs, self.space, self.objective, should_stop)


Submit = Callable[[Batch, Report, Gate, Question], "Future[Computed]"]
"""Hands a batch to a device, with the gate that pauses it and whether it is to end."""


def on_executor(device: Executor) -> Submit:
    """Batches to threads of this process."""

    def submit(batch: Batch, report: Report, gate: Gate, is_over: Question) -> "Future[Computed]":
        def should_stop() -> bool:
            if is_over():
                return True
            gate.wait()
            return is_over()

        return device.submit(batch.compute, report, should_stop)

    return submit

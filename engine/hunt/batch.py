"""A batch of runs as one task: everything it needs travels with it, to a thread or to a cluster.

A task is idempotent. What has a readable artifact is not computed again, and two workers that
compute one run write the same bytes, each whole, under the same name.
"""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass

import numpy as np

from engine.hunt.gradients import gradients_of
from engine.hunt.runs import Report, compute_batch
from engine.hunt.space import SearchSpace
from engine.settings import RunConfig
from engine.store.workspace import Workspace

Gradients = list[list[float] | None]
Question = Callable[[], bool]


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
    """

    configs: tuple[RunConfig, ...]
    points: np.ndarray
    root: str
    history_frames: int
    space: SearchSpace
    objective: str = ""

    def compute(self, on_progress: Report, should_stop: Question) -> Gradients:
        """Write the artifacts; the gradient of each run, None where it has none."""
        compute_batch(
            self.configs,
            Workspace.open(self.root),
            history_frames=self.history_frames,
            on_progress=on_progress,
            should_stop=should_stop,
        )
        if not self.objective:
            return [None] * len(self.configs)
        runs = list(zip(self.configs, self.points, strict=True))
        return gradients_of(runs, self.space, self.objective, should_stop)


Submit = Callable[[Batch, Report, Question], "Future[Gradients]"]
"""Hands a batch to a device."""


def on_executor(device: Executor) -> Submit:
    """Batches to threads of this process."""
    return lambda batch, report, should_stop: device.submit(batch.compute, report, should_stop)

"""How a run came to its end: the stored frames of a field and the traces of its diagnostics."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.store.artifact import open_artifact
from irer_panel.fields import G_TT, RHO, FieldStyle
from irer_panel.source import reach_of
from irer_panel.viewport import Array, Range
from irer_panel.views.field_look import automatic

FRAMES = {RHO.symbol: RHO, G_TT.symbol: G_TT}
"""The fields of which frames are stored, by symbol."""

MAX_SIDE = 512
"""Frames of finer grids are drawn as the means of blocks, at most so many along a side."""


@dataclass(frozen=True, eq=False)
class History:
    """The frames of one field of a run, and all its traces.

    Attributes:
        run: its id.
        cells: cells along each side of the run's grid.
        extent: where the domain begins and ends on both axes.
        times: of the frames, (F,), the final state last.
        frames: (F, M, M), `(y, x)`, M = `cells` up to `MAX_SIDE`.
        limits: one colour range for all frames.
        style: of the field.
        dt: length of a step.
        traces: series over `traces["t"]`, by name.
    """

    run: str
    cells: int
    extent: Range
    times: Array
    frames: Array
    limits: Range
    style: FieldStyle
    dt: float
    traces: Mapping[str, Array]

    def words(self, frame: int) -> str:
        """When a frame was: "t = 84 · step 840 · frame 17 of 21"."""
        time = float(self.times[frame])
        step = round(time / self.dt)
        return f"t = {time:,.6g} · step {step:,} · frame {frame + 1} of {len(self.times)}"


def read_history(path: Path, run: str, symbol: str) -> History:
    """Read the frames of one field, and the traces.

    Args:
        path: the run's artifact.
        run: its id, which the artifact must be of.
        symbol: one of `FRAMES`.

    Raises:
        ArtifactError: the artifact is missing, unreadable or of another config.
    """
    style = FRAMES[symbol]
    with open_artifact(path, run) as artifact:
        config = artifact.config
        final = artifact.read(f"final_{style.key}")
        times, frames = artifact.read("history/t"), artifact.read(f"history/{style.key}")
        if not times.size or times[-1] < artifact.t_end:
            times = np.append(times, artifact.t_end)
            frames = np.concatenate([frames, final[None]])
        names = ("t", *artifact.diagnostics)
        traces = {name: artifact.read(f"diagnostics/{name}") for name in names}
    half = config.domain_length / config.N_grid / 2
    return History(
        run=run,
        cells=config.N_grid,
        extent=(-half, config.domain_length - half),
        times=times,
        frames=_coarse(frames),
        limits=automatic(style, "linear", [reach_of(frames)]),
        style=style,
        dt=config.dt,
        traces=traces,
    )


def _coarse(frames: Array) -> Array:
    """Frames of at most `MAX_SIDE` cells a side, each the mean of a square block."""
    block = -(-frames.shape[1] // MAX_SIDE)
    while frames.shape[1] % block:
        block += 1
    if block == 1:
        return frames
    count, side = frames.shape[0], frames.shape[1] // block
    return frames.reshape(count, side, block, side, block).mean(axis=(2, 4), dtype=np.float64)

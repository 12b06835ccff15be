"""Where the pixels of one run's fields come from: its artifact, and of it no more than is drawn.

Small grids are read whole. From N = 2048 on a window is read from the level of the file's pyramid
that fits it (`irer_panel.mosaic`), so that it costs the same at every zoom of every size. Every
call reads or computes: make it off the event loop.
"""

import contextlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.errors import ArtifactError
from engine.store.artifact import Artifact, open_artifact
from engine.store.layout import MAX_CHUNK
from engine.store.pyramid import FIELDS, name_of, side_of
from irer_panel.mosaic import Mosaic, mosaic_of
from irer_panel.viewport import (
    AGGREGATIONS,
    Array,
    Frame,
    Range,
    Window,
    rasterize_part,
    spans_of,
)

MOST_WHOLE = 8192
"""Largest grid that is read whole where its artifact is of before there were pyramids."""


def open_source(path: Path, run: str) -> "FieldSource":
    """Open a run's artifact to draw from; close it in the end.

    Args:
        path: the artifact.
        run: the id that it must be of.

    Raises:
        ArtifactError: it is missing, unreadable, of another config, or too large to be read whole
            and without levels.
    """
    with contextlib.ExitStack() as stack:
        artifact = stack.enter_context(open_artifact(path, run))
        cells = artifact.config.N_grid
        if cells > MOST_WHOLE and not artifact.levels:
            raise ArtifactError(
                f"{path.name}: got a grid of {cells} cells a side without levels, expected "
                "`pyramid/`; re-create the artifact with `irer run`."
            )
        return FieldSource(run, artifact, stack.pop_all().close)


class FieldSource:
    """The real fields of one run, `(y, x)`, by window; safe to use from several threads.

    Attributes:
        run: its id.
        cells: N, cells along each side.
        length: side L of the square.
        extent: where the domain begins and ends on both axes: at its outer cells' edges.
        names: the fields.
        bytes_read: bytes of the file that were read so far, chunks that were touched as a whole.
    """

    names = FIELDS

    def __init__(self, run: str, artifact: Artifact, close: Callable[[], None]) -> None:
        self.run = run
        self.cells = artifact.config.N_grid
        self.length = artifact.config.domain_length
        half = self.length / self.cells / 2
        self.extent: Range = (-half, self.length - half)
        self.bytes_read = 0
        self._artifact = artifact
        self._levels = artifact.levels
        self._close = close
        self._planes: dict[str, Array] = {}
        self._known: dict[str, tuple[float, float, bool]] = {}

    def limits(self, name: str) -> Range:
        """The smallest and the largest finite cell of a field; both NaN where none is finite."""
        return self._look(name)[:2]

    def frame(self, name: str, window: Window, aggregation: str = "mean") -> Frame:
        """The pixels of a window: each the aggregate of its own finite cells, NaN for none.

        A pixel at a far edge may reach beyond the field, where there are no cells.

        Args:
            name: the field.
            window: what a plot shows.
            aggregation: one of `viewport.AGGREGATIONS`.

        Raises:
            ArtifactError: no such field, or its data are damaged.
        """
        if aggregation not in AGGREGATIONS:
            raise ValueError(f"aggregation: got {aggregation!r}, expected one of {AGGREGATIONS}.")
        mosaic = mosaic_of(window, self.cells, self.length, self._levels)
        if mosaic is None:
            spans = spans_of(window, self.cells, self.length)
            part = self._cells(name, *spans)
            return rasterize_part(part, spans, self.length / self.cells, window, aggregation)
        pixels = self._mean if aggregation == "mean" else self._extreme
        return self._frame(pixels(name, mosaic, aggregation), mosaic)

    def mask(self, name: str, window: Window) -> Frame:
        """The share of cells that are not finite under each pixel of `frame`: 0 to 1, float32.

        Raises:
            ArtifactError: no such field, or its data are damaged.
        """
        mosaic = mosaic_of(window, self.cells, self.length, self._levels)
        if mosaic is None:
            spans = spans_of(window, self.cells, self.length)
            holes = (~np.isfinite(self._cells(name, *spans))).astype(np.float32)
            return rasterize_part(holes, spans, self.length / self.cells, window)
        if self._look(name)[2]:
            rows, columns = (each.stop - each.start for each in mosaic.pixels)
            return self._frame(np.zeros((rows, columns), np.float32), mosaic)
        count = mosaic.pool(self._holes(name, mosaic), np.add, np.dtype(np.float64))
        return self._frame((count / mosaic.counts).astype(np.float32), mosaic)

    def value(self, name: str, row: int, column: int) -> float:
        """One cell.

        Raises:
            ArtifactError: no such field, or its data are damaged.
        """
        return float(self._cells(name, slice(row, row + 1), slice(column, column + 1))[0, 0])

    def row(self, name: str, row: int, columns: slice) -> Array:
        """Cells of one row, from `columns.start` to before `columns.stop`.

        Raises:
            ArtifactError: no such field, or its data are damaged.
        """
        return self._cells(name, slice(row, row + 1), columns)[0]

    def column(self, name: str, column: int, rows: slice) -> Array:
        """Cells of one column, from `rows.start` to before `rows.stop`.

        Raises:
            ArtifactError: no such field, or its data are damaged.
        """
        return self._cells(name, rows, slice(column, column + 1))[:, 0]

    def close(self) -> None:
        """Let go of the file: nothing that was not read before can be read after."""
        self._close()

    def _frame(self, values: Array, mosaic: Mosaic) -> Frame:
        return Frame(values, mosaic.bounds(self.length / self.cells), mosaic.spans)

    def _mean(self, name: str, mosaic: Mosaic, _: str) -> Array:
        means, clean = self._level(name, mosaic, "mean"), self._look(name)[2]
        wide = np.dtype(np.float64)
        if clean and self.cells % mosaic.factor == 0:  # every value stands for as many cells
            total = mosaic.pool(means, np.add, wide) * mosaic.factor**2
            return (total / mosaic.counts).astype(means.dtype)
        rows, columns = mosaic.extents
        weight = (rows[:, None] * columns).astype(wide)
        if not clean:
            weight -= self._holes(name, mosaic)
        total = mosaic.pool(np.where(weight > 0, means, 0) * weight, np.add, wide)
        finite = mosaic.pool(weight, np.add, wide)
        mean = np.where(finite > 0, total / np.maximum(finite, 1), np.nan)
        return mean.astype(means.dtype)

    def _extreme(self, name: str, mosaic: Mosaic, aggregation: str) -> Array:
        values = self._level(name, mosaic, aggregation)
        combine = np.fmin if aggregation == "min" else np.fmax
        return mosaic.pool(values, combine, values.dtype)

    def _level(self, name: str, mosaic: Mosaic, statistic: str) -> Array:
        """A statistic of the level's cells under a mosaic; a plane's cell is all of its own."""
        if mosaic.factor > 1:
            return self._read(name_of(name, mosaic.factor, statistic), *mosaic.level)
        cells = self._cells(name, *mosaic.level)
        if self._look(name)[2]:
            return cells
        return np.where(np.isfinite(cells), cells, np.nan)

    def _holes(self, name: str, mosaic: Mosaic) -> Array:
        """How many cells are not finite in each of the level's cells under a mosaic."""
        if mosaic.factor > 1:
            return self._read(name_of(name, mosaic.factor, "nonfinite"), *mosaic.level)
        return ~np.isfinite(self._cells(name, *mosaic.level))

    def _look(self, name: str) -> tuple[float, float, bool]:
        """A field's limits and whether all of it is finite, from its coarsest level."""
        if name not in self._known:
            if self._levels:
                whole = (slice(0, side_of(self.cells, self._levels[-1])),) * 2
                low, high, holes = (
                    self._read(name_of(name, self._levels[-1], leaf), *whole)
                    for leaf in ("min", "max", "nonfinite")
                )
            else:
                plane = self._cells(name, *(slice(0, self.cells),) * 2)
                holes = ~np.isfinite(plane)
                low = high = np.where(holes, np.nan, plane)
            ends = float(np.fmin.reduce(low, axis=None)), float(np.fmax.reduce(high, axis=None))
            self._known[name] = (*ends, not holes.any())
        return self._known[name]

    def _cells(self, name: str, rows: slice, columns: slice) -> Array:
        """Cells of a field; a plane without levels is read once, as a whole."""
        if name not in self.names:
            raise ArtifactError(
                f"{self.run[:8]}: got a request for {name!r}, expected one of "
                f"{', '.join(self.names)}; choose one of them."
            )
        if self._levels:
            return self._read(name, rows, columns)
        if name not in self._planes:
            plane = self._artifact.read(name)
            self.bytes_read += plane.nbytes
            self._planes[name] = plane
        return self._planes[name][rows, columns]

    def _read(self, name: str, rows: slice, columns: slice) -> Array:
        """A part of a plane that has levels, or of one of them."""
        part = self._artifact.window(name, rows, columns)
        self.bytes_read += _touched(rows, columns) * part.itemsize
        return part


def _touched(rows: slice, columns: slice) -> int:
    """How many values the chunks hold that a part of a plane with levels, or of one, touches."""
    down, across = (
        (each.stop - 1) // MAX_CHUNK - each.start // MAX_CHUNK + 1 for each in (rows, columns)
    )
    return down * across * MAX_CHUNK**2

"""Where the pixels of one run's fields come from: its artifact, and of it no more than is drawn.

Small grids are read whole. From N = 2048 on a window is read from the level of the file's pyramid
that fits it (`irer_panel.mosaic`), so that it costs the same at every zoom of every size. Every
call reads or computes: make it off the event loop.
"""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

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
    bounds_of,
    rasterize_part,
    shape_of,
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
        self._known: dict[str, _Look] = {}

    def limits(self, name: str) -> Range:
        """The smallest and the largest finite cell of a field; both NaN where none is finite."""
        return self._look(name).limits

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
        if mosaic is not None:
            count = mosaic.gather(*self._holes(name, mosaic))
            return self._frame((count / mosaic.counts).astype(np.float32), mosaic)
        spans, size = spans_of(window, self.cells, self.length), self.length / self.cells
        if self._suspect(name, spans) is None:
            none = np.zeros(shape_of(spans, window), np.float32)
            return Frame(none, bounds_of(spans, size), spans)
        holes = (~np.isfinite(self._cells(name, *spans))).astype(np.float32)
        return rasterize_part(holes, spans, size, window)

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
        """Sums over sums of weights; what stands for fewer cells than others is scaled down."""
        means, counts = self._level(name, mosaic, "mean"), mosaic.counts
        rows, columns = (each / mosaic.factor for each in mosaic.extents)
        if rows[-1] < 1:
            means[-1] *= rows[-1]
        if columns[-1] < 1:
            means[:, -1] *= columns[-1]
        down, across, holes = self._holes(name, mosaic)
        if holes.size:
            cells = rows[down] * columns[across] * mosaic.factor**2
            share = 1 - holes / cells
            means[down, across] = np.where(share > 0, means[down, across] * share, 0)
            counts = counts - mosaic.gather(down, across, holes)
        total = mosaic.pool(means, np.add, np.dtype(np.float64)) * mosaic.factor**2
        return np.where(counts > 0, total / np.maximum(counts, 1), np.nan).astype(means.dtype)

    def _extreme(self, name: str, mosaic: Mosaic, aggregation: str) -> Array:
        values = self._level(name, mosaic, aggregation)
        combine = np.fmin if aggregation == "min" else np.fmax
        return mosaic.pool(values, combine, values.dtype)

    def _level(self, name: str, mosaic: Mosaic, statistic: str) -> Array:
        """A statistic of the level's cells under a mosaic; a plane's cell is all of its own.

        It has NaN where no cell is finite, and is the caller's wherever one is not.
        """
        if mosaic.factor > 1:
            return self._read(name_of(name, mosaic.factor, statistic), *mosaic.level)
        cells = self._cells(name, *mosaic.level)
        down, across, holes = self._holes(name, mosaic)
        if holes.size:
            cells = cells.copy()
            cells[down, across] = np.nan
        return cells

    def _holes(self, name: str, mosaic: Mosaic) -> tuple[Array, Array, Array]:
        """The level's cells under a mosaic that are not all finite: row, column, how many not.

        Rows and columns count from the first of `mosaic.level`. Only what the coarsest level
        casts suspicion on is read.
        """
        suspect = self._suspect(name, mosaic.spans)
        if suspect is None:
            return np.zeros(0, int), np.zeros(0, int), np.zeros(0, int)
        rows, columns = (
            slice(max(s.start // mosaic.factor, m.start), min(-(-s.stop // mosaic.factor), m.stop))
            for s, m in zip(suspect, mosaic.level, strict=True)
        )
        if mosaic.factor > 1:
            holes = self._read(name_of(name, mosaic.factor, "nonfinite"), rows, columns)
        else:
            holes = ~np.isfinite(self._cells(name, rows, columns))
        down, across = holes.nonzero()
        first_row, first_column = (each.start for each in mosaic.level)
        count = holes[down, across].astype(int)
        return down + rows.start - first_row, across + columns.start - first_column, count

    def _suspect(self, name: str, spans: tuple[slice, slice]) -> tuple[slice, slice] | None:
        """Rows and columns around every cell among some that is not finite, None for none."""
        holes, factor = self._look(name).holes, self._levels[-1] if self._levels else 1
        rows, columns = (slice(s.start // factor, (s.stop - 1) // factor + 1) for s in spans)
        part = holes[rows, columns]
        found = [
            np.flatnonzero(part.any(axis=axis)) + first.start
            for axis, first in ((1, rows), (0, columns))
        ]
        if not found[0].size:
            return None
        down, across = (slice(int(f[0]) * factor, (int(f[-1]) + 1) * factor) for f in found)
        return down, across

    def _look(self, name: str) -> "_Look":
        """What the coarsest level says of a field, or the cells where there are no levels."""
        if name not in self._known:
            if self._levels:
                coarsest = self._levels[-1]
                whole = slice(0, side_of(self.cells, coarsest))
                low, high, holes = (
                    self._read(name_of(name, coarsest, leaf), whole, whole)
                    for leaf in ("min", "max", "nonfinite")
                )
            else:
                plane = self._cells(name, slice(0, self.cells), slice(0, self.cells))
                holes = ~np.isfinite(plane)
                low = high = np.where(holes, np.nan, plane)
            ends = float(np.fmin.reduce(low, axis=None)), float(np.fmax.reduce(high, axis=None))
            self._known[name] = _Look(ends, holes > 0)
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


class _Look(NamedTuple):
    """A field's limits, and which cells of its coarsest level are not all finite."""

    limits: Range
    holes: Array


def _touched(rows: slice, columns: slice) -> int:
    """How many values the chunks hold that a part of a plane with levels, or of one, touches."""
    down, across = (
        (each.stop - 1) // MAX_CHUNK - each.start // MAX_CHUNK + 1 for each in (rows, columns)
    )
    return down * across * MAX_CHUNK**2

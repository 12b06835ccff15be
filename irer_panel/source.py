"""Where the pixels of one run's fields come from: its artifact, and of it no more than is drawn.

Small grids are read whole. From N = 2048 on a window is read from the level of the file's pyramid
that fits it (`irer_panel.mosaic`), so that it costs the same at every zoom of every size. Every
call reads or computes: make it off the event loop.
"""

import contextlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from engine.errors import ArtifactError
from engine.settings import RunConfig
from engine.store.artifact import open_artifact
from engine.store.pyramid import FIELDS, name_of, side_of
from irer_panel.kept import KeptParts
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
        return FieldSource(artifact, FIELDS, artifact.config, stack.pop_all().close)


class Reach(NamedTuple):
    """How far the values of a field go.

    Attributes:
        low: the smallest finite one; infinite where there is none.
        high: the largest.
        positive: the smallest above 0; where a grid with levels also has smaller ones, the smallest
            minimum above 0 of a cell of the coarsest level.
        missing: how many cells are not finite.
    """

    low: float
    high: float
    positive: float
    missing: int


NOWHERE = Reach(np.inf, -np.inf, np.inf, 0)
"""Of no field."""


def reach_of(values: Array) -> Reach:
    """How far some values go."""
    finite = np.isfinite(values)
    low = float(np.min(values, where=finite, initial=np.inf))
    high = float(np.max(values, where=finite, initial=-np.inf))
    positive = low
    if low <= 0:
        positive = float(np.min(values, where=finite & (values > 0), initial=np.inf))
    return Reach(low, high, positive, int(finite.size - np.count_nonzero(finite)))


class Planes(Protocol):
    """What a source draws from: an artifact, or fields made in memory."""

    @property
    def levels(self) -> tuple[int, ...]:
        """Factors of the planes' levels, finest first; none for a small grid."""

    def read(self, name: str) -> Array:
        """A whole plane."""

    def window(self, name: str, rows: slice, columns: slice) -> Array:
        """A part of a plane or of one of its levels."""


class FieldSource:
    """The real fields of one run, `(y, x)`, by window; safe to use from several threads.

    It holds its file open until it is closed, or forgotten.

    Attributes:
        names: the fields.
        config: the run's settings.
        cells: N, cells along each side.
        length: side L of the square.
        extent: where the domain begins and ends on both axes: at its outer cells' edges.
        bytes_read: bytes of the file that were read so far, in whole chunks.
    """

    def __init__(
        self,
        planes: Planes,
        names: tuple[str, ...],
        config: RunConfig,
        close: Callable[[], None] = lambda: None,
    ) -> None:
        self.names, self.config = names, config
        self.cells, self.length = config.N_grid, config.domain_length
        half = self.length / self.cells / 2
        self.extent: Range = (-half, self.length - half)
        self.bytes_read = 0
        self._planes = planes
        self._levels = planes.levels
        self._close = close
        self._whole: dict[str, Array] = {}
        self._known: dict[str, _Look] = {}
        self._kept = KeptParts()

    def reach(self, name: str) -> Reach:
        """How far a field's values go.

        Raises:
            ArtifactError: no such field, or its data are damaged.
        """
        return self._look(name).reach

    def read(self, name: str) -> Array:
        """A whole dataset of the artifact, such as `final_psi`.

        Raises:
            ArtifactError: there is none of that name, or its data are damaged.
        """
        whole = self._planes.read(name)
        self.bytes_read += whole.nbytes
        return whole

    def where(self, name: str, extreme: str) -> tuple[int, int]:
        """Row and column of a field's smallest ("min") or largest ("max") finite cell.

        Raises:
            ArtifactError: no such field, or its data are damaged.
            ValueError: no cell is finite.
        """
        rows = columns = slice(0, self.cells)
        if self._levels:
            factor = self._levels[-1]
            whole = slice(0, side_of(self.cells, factor))
            found = _place(self._read(name_of(name, factor, extreme), whole, whole), extreme)
            rows, columns = (slice(at * factor, min((at + 1) * factor, self.cells)) for at in found)
        row, column = _place(self.part(name, rows, columns), extreme)
        return rows.start + row, columns.start + column

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
            part = self.part(name, *spans)
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
        holes = (~np.isfinite(self.part(name, *spans))).astype(np.float32)
        return rasterize_part(holes, spans, size, window)

    def value(self, name: str, row: int, column: int) -> float:
        """One cell.

        Raises:
            ArtifactError: no such field, or its data are damaged.
        """
        return float(self.part(name, slice(row, row + 1), slice(column, column + 1))[0, 0])

    def row(self, name: str, row: int, columns: slice) -> Array:
        """Cells of one row, from `columns.start` to before `columns.stop`.

        Raises:
            ArtifactError: no such field, or its data are damaged.
        """
        return self.part(name, slice(row, row + 1), columns)[0]

    def column(self, name: str, column: int, rows: slice) -> Array:
        """Cells of one column, from `rows.start` to before `rows.stop`.

        Raises:
            ArtifactError: no such field, or its data are damaged.
        """
        return self.part(name, rows, slice(column, column + 1))[:, 0]

    def close(self) -> None:
        """Let go of the file: nothing that was not read before can be read after."""
        self._close()

    def _frame(self, values: Array, mosaic: Mosaic) -> Frame:
        return Frame(values, mosaic.bounds(self.length / self.cells), mosaic.spans)

    def _mean(self, name: str, mosaic: Mosaic, _: str) -> Array:
        """Sums over sums of weights; what stands for fewer cells than others is scaled down."""
        means, counts = self._level(name, mosaic, "mean"), mosaic.counts
        rows, columns = (each / mosaic.factor for each in mosaic.extents)
        down, across, holes = self._holes(name, mosaic)
        if rows[-1] < 1 or columns[-1] < 1 or holes.size:
            means = means.copy()
        if rows[-1] < 1:
            means[-1] *= rows[-1]
        if columns[-1] < 1:
            means[:, -1] *= columns[-1]
        if holes.size:
            cells = rows[down] * columns[across] * mosaic.factor**2
            share = 1 - holes / cells
            means[down, across] = np.where(share > 0, means[down, across] * share, 0)
            counts = counts - mosaic.gather(down, across, holes)
        total = mosaic.pool(means, np.add, np.dtype(np.float64))
        total *= mosaic.factor**2
        with np.errstate(invalid="ignore"):  # 0 / 0 is NaN: a pixel without a finite cell
            total /= counts
        return total.astype(means.dtype)

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
        cells = self.part(name, *mosaic.level)
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
            holes = ~np.isfinite(self.part(name, rows, columns))
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
                least = reach_of(low)
                missing = int(holes.sum(dtype=np.int64))
                reach = Reach(least.low, reach_of(high).high, least.positive, missing)
            else:
                whole = slice(0, self.cells)
                plane = self.part(name, whole, whole)
                reach, holes = reach_of(plane), ~np.isfinite(plane)
            self._known[name] = _Look(reach, holes > 0)
        return self._known[name]

    def part(self, name: str, rows: slice, columns: slice) -> Array:
        """Cells of a field; a plane without levels is read once, as a whole.

        Raises:
            ArtifactError: no such field, or its data are damaged.
        """
        if name not in self.names:
            raise ArtifactError(
                f"{self.config.config_hash[:8]}: got a request for {name!r}, expected one of "
                f"{', '.join(self.names)}; choose one of them."
            )
        if self._levels:
            return self._read(name, rows, columns)
        if name not in self._whole:
            self._whole[name] = self.read(name)
        return self._whole[name][rows, columns]

    def _read(self, name: str, rows: slice, columns: slice) -> Array:
        """A part of a plane that has levels, or of one of them; not to be changed."""
        factor = int(name.split("/")[2]) if "/" in name else 1
        side = side_of(self.cells, factor)
        read = partial(self._planes.window, name)
        found, count = self._kept.read(name, rows, columns, side, read)
        self.bytes_read += count * found.itemsize
        return found


class _Look(NamedTuple):
    """A field's reach, and which cells of its coarsest level are not all finite."""

    reach: Reach
    holes: Array


def _place(values: Array, extreme: str) -> tuple[int, int]:
    sound = np.where(np.isfinite(values), values, np.nan)
    index = np.nanargmin(sound) if extreme == "min" else np.nanargmax(sound)
    row, column = np.unravel_index(index, values.shape)
    return int(row), int(column)

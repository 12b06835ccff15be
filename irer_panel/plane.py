"""One field of a run, to be drawn by window, or why there is none."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from engine.settings import RunConfig
from irer_panel.made import MadeFields
from irer_panel.source import NOWHERE, FieldSource, Reach
from irer_panel.viewport import Array, Frame, Window, bounds_of, shape_of, spans_of


@dataclass(frozen=True, eq=False)
class Plane:
    """A field at full resolution, `(y, x)`; what reads its cells belongs off the event loop.

    Attributes:
        reach: of its values.
        problem: why there is no field, empty where there is one; it then has no cells.
        source: where its cells come from.
        name: how they are called there.
        cyclic: whether they are angles, whose mean is that of their directions.
    """

    reach: Reach
    problem: str = ""
    source: FieldSource | None = None
    name: str = ""
    cyclic: bool = False

    @classmethod
    def stored(cls, source: FieldSource, name: str) -> Self:
        """A field that its source has."""
        return cls(source.reach(name), "", source, name)

    @classmethod
    def made(cls, array: Array, config: RunConfig, *, cyclic: bool = False) -> Self:
        """A field that was made from others.

        Args:
            array: shape (N, N).
            config: of the run.
            cyclic: whether values are angles.
        """
        planes = {"made": array}
        if cyclic:
            planes |= {"east": np.cos(array), "north": np.sin(array)}
        source = FieldSource(MadeFields(planes), tuple(planes), config)
        return cls(source.reach("east" if cyclic else "made"), "", source, "made", cyclic)

    @classmethod
    def none(cls, problem: str) -> Self:
        """No field, and why."""
        return cls(NOWHERE, problem)

    @property
    def missing(self) -> int:
        """How many cells are not finite."""
        return self.reach.missing

    def frame(self, window: Window, aggregation: str = "mean") -> Frame:
        """The pixels of a window, as `FieldSource.frame` gives them."""
        source = self._source
        if not self.cyclic or aggregation != "mean":
            return source.frame(self.name, window, aggregation)
        spans = spans_of(window, source.cells, source.length)
        if shape_of(spans, window) == tuple(each.stop - each.start for each in spans):
            cells = source.part(self.name, *spans)
            return Frame(cells, bounds_of(spans, source.length / source.cells), spans)
        east, north = (source.frame(name, window) for name in ("east", "north"))
        return Frame(np.arctan2(north.values, east.values), east.bounds, east.cells)

    def mask(self, window: Window) -> Frame:
        """Above 0 where a pixel of `frame` holds a cell that is not finite."""
        return self._source.mask("east" if self.cyclic else self.name, window)

    def value(self, row: int, column: int) -> float:
        """One cell."""
        return self._source.value(self.name, row, column)

    def row(self, row: int, columns: slice) -> Array:
        """Cells of one row."""
        return self._source.row(self.name, row, columns)

    def column(self, column: int, rows: slice) -> Array:
        """Cells of one column."""
        return self._source.column(self.name, column, rows)

    def where(self, extreme: str) -> tuple[int, int]:
        """Row and column of the smallest ("min") or largest ("max") finite cell."""
        return self._source.where(self.name, extreme)

    def whole(self) -> Array:
        """Every cell, shape (N, N)."""
        whole = slice(0, self._source.cells)
        return self._source.part(self.name, whole, whole)

    @property
    def _source(self) -> FieldSource:
        if self.source is None:
            raise ValueError(f"plane: got none ({self.problem}), expected one with cells.")
        return self.source

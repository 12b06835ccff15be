"""Pixels that are whole cells of one level of a pyramid, so that each is exactly its cells' own.

A window of a large plane is drawn from the finest level that it does not need too many values of.
A pixel then stands for whole cells of that level: at most half as wide again as it was asked for on
a plot of 1000 × 800, and never narrower, so that a browser drops none. Its mean, minimum and
maximum are those of the plane's cells under it, not of an average of averages cut in two.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.store.pyramid import extents_of, side_of
from irer_panel.viewport import Array, Window, bounds_of, pixels_of, spans_of

MOST_CELLS = 1_600_000
"""Largest window that is rasterized from the cells themselves, in some 10 ms."""

MOST_VALUES = 6_000_000
"""Most values of a level that are read for a window: some 20 ms."""

_BAND = 32
"""Rows of pixels that are pooled at a time: what is on the way stays in the processor's cache."""


@dataclass(frozen=True)
class Mosaic:
    """Which pixels a window is made of; they lie on a grid that starts at the plane's first cell.

    Attributes:
        cells: N, cells along each side of the plane.
        factor: the level, 1 for the plane itself.
        sides: cells of the plane along y and x in a pixel, whole multiples of `factor`.
        pixels: rows and columns of the pixels; those at the far edges may reach beyond the plane.
    """

    cells: int
    factor: int
    sides: tuple[int, int]
    pixels: tuple[slice, slice]

    @property
    def spans(self) -> tuple[slice, slice]:
        """Rows and columns of the plane's cells in the pixels."""
        return self._within(1, self.cells)

    @property
    def level(self) -> tuple[slice, slice]:
        """Rows and columns of the level's cells in the pixels."""
        return self._within(self.factor, side_of(self.cells, self.factor))

    @property
    def extents(self) -> tuple[Array, Array]:
        """Cells of the plane that each of the level's rows, and each of its columns, stands for."""
        every = extents_of(self.cells, self.factor)
        rows, columns = self.level
        return every[rows], every[columns]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of pixels."""
        rows, columns = self.pixels
        return rows.stop - rows.start, columns.stop - columns.start

    @property
    def counts(self) -> Array:
        """How many cells of the plane lie under each pixel."""
        down, across = (
            np.minimum(side * np.arange(each.start + 1, each.stop + 1), self.cells)
            - side * np.arange(each.start, each.stop)
            for each, side in zip(self.pixels, self.sides, strict=True)
        )
        return down[:, None] * across

    def bounds(self, size: float) -> tuple[float, float, float, float]:
        """Left, bottom, right and top edge of the pixels, for cells of a side `size`."""
        down, across = (
            slice(each.start * side, each.stop * side)
            for each, side in zip(self.pixels, self.sides, strict=True)
        )
        return bounds_of((down, across), size)

    def pool(self, values: Array, combine: Callable[..., Array], dtype: np.dtype) -> Array:
        """Combine the level's values under each pixel, rows before columns.

        Args:
            values: those of `level`.
            combine: a ufunc such as `np.add`.
            dtype: type of the result and of what is on the way to it.
        """
        down, across = (side // self.factor for side in self.sides)
        out = np.empty(self.shape, dtype)
        for first in range(0, len(out), _BAND):
            rows = values[first * down : (first + _BAND) * down]
            columns = _rows_pooled(rows, down, combine, dtype).T
            out[first : first + _BAND] = _rows_pooled(columns, across, combine, dtype).T
        return out

    def gather(self, rows: Array, columns: Array, values: Array) -> Array:
        """Add up values of some of the level's cells under each pixel.

        Args:
            rows: of these cells, from the first of `level`.
            columns: theirs.
            values: one for each.
        """
        out = np.zeros(self.shape)
        down, across = (side // self.factor for side in self.sides)
        np.add.at(out, (rows // down, columns // across), values)
        return out

    def _within(self, factor: int, end: int) -> tuple[slice, slice]:
        down, across = (
            slice(each.start * side // factor, min(each.stop * side // factor, end))
            for each, side in zip(self.pixels, self.sides, strict=True)
        )
        return down, across


def mosaic_of(window: Window, cells: int, length: float, factors: Sequence[int]) -> Mosaic | None:
    """The pixels of a window, or None where the cells themselves are to be rasterized.

    Args:
        window: what a plot shows.
        cells: N, cells along each side of the plane.
        length: side L of the square.
        factors: the levels at hand, finest first.
    """
    spans, pixels = spans_of(window, cells, length), pixels_of(window)
    lengths = [each.stop - each.start for each in spans]
    fits = all(span <= count for span, count in zip(lengths, pixels, strict=True))
    count = lengths[0] * lengths[1]
    if fits or count <= MOST_CELLS:
        return None
    levels = (1, *factors)
    factor = next((f for f in levels if count <= MOST_VALUES * f**2), levels[-1])
    down, across = (
        factor * -(-span // (most * factor)) for span, most in zip(lengths, pixels, strict=True)
    )
    rows, columns = (
        slice(each.start // side, -(-each.stop // side))
        for each, side in zip(spans, (down, across), strict=True)
    )
    return Mosaic(cells, factor, (down, across), (rows, columns))


def _rows_pooled(
    values: Array, count: int, combine: Callable[..., Array], dtype: np.dtype
) -> Array:
    """Combine `count` rows at a time into one; the last may have fewer."""
    out = values[::count].astype(dtype)
    for offset in range(1, count):
        rows = values[offset::count]
        combine(out[: len(rows)], rows, out=out[: len(rows)])
    return out

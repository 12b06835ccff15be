"""The window of a field that a plot shows → the pixels that it draws.

A field is an array `(y, x)`, N × N cells on a square of side L. Cell (j, i) holds the sample at
x = i·L/N, y = j·L/N, and is drawn as the square of side L/N around that point: the field covers
[−h, L − h] with h = L/2N on both axes.

Two rules keep the picture true to the data. The window is widened to whole cells, so that no
pixel mixes in a cell that is half outside. And there are never more bins than cells, so that
Datashader never interpolates: below one cell a pixel, the picture *is* the cells.
"""

import math
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np

Range = tuple[float, float]
Array = np.ndarray[Any, np.dtype[Any]]

AGGREGATIONS = ("mean", "min", "max")
"""How the cells under one pixel become its value."""

MAX_PIXELS = 4096
"""Most bins along one side, whatever a browser asks for."""

_numbas_turn = threading.Lock()
"""Numba's fallback layer ends the process when two threads enter its parallel loops."""


@dataclass(frozen=True)
class Window:
    """The part of the plane that a plot shows, and the pixels it has for it."""

    x_range: Range
    y_range: Range
    width: int
    height: int


@dataclass(frozen=True, eq=False)
class Frame:
    """Pixels to draw: row 0 of `values` is the lowest; `bounds` = left, bottom, right, top."""

    values: Array
    bounds: tuple[float, float, float, float]
    cells: tuple[slice, slice]

    @property
    def exact(self) -> bool:
        """Whether every value is one cell of the field."""
        rows, columns = self.cells
        return self.values.shape == (rows.stop - rows.start, columns.stop - columns.start)


def full_window(cells: int, length: float, pixels: int = 400) -> Window:
    """The window that shows a whole field of `cells` × `cells` on a square of side `length`."""
    half = length / cells / 2
    whole = (-half, length - half)
    return Window(whole, whole, pixels, pixels)


def cell_span(low: float, high: float, cells: int, length: float) -> slice:
    """The cells that an interval touches, at least one, clipped to the field."""
    size = length / cells
    # An edge that misses a cell's own edge by rounding alone is on it.
    first = math.floor(round(low / size + 0.5, 6))
    last = math.ceil(round(high / size + 0.5, 6))
    first = min(max(first, 0), cells - 1)
    return slice(first, max(min(last, cells), first + 1))


def cell_at(x: float, y: float, cells: int, length: float) -> tuple[int, int] | None:
    """Row and column of the cell under a point, or None outside the field."""
    size = length / cells
    row, column = math.floor(y / size + 0.5), math.floor(x / size + 0.5)
    return (row, column) if 0 <= row < cells and 0 <= column < cells else None


def rasterize(
    field: Array,
    length: float,
    window: Window,
    aggregation: str = "mean",
    *,
    cyclic: bool = False,
) -> Frame:
    """The pixels of one window of a field, aggregated by Datashader.

    Args:
        field: shape (N, N), `(y, x)`.
        length: side L of the square.
        window: ranges in the units of `length`, and the pixels at hand.
        aggregation: one of `AGGREGATIONS`; the mean is weighted by the share of each cell.
        cyclic: whether values are angles; their mean is then that of their directions.
    """
    cells = field.shape[0]
    spans, size = spans_of(window, cells, length), length / cells
    part = field[spans]
    if cyclic and aggregation == "mean" and shape_of(spans, window) != part.shape:
        east, north = (
            rasterize_part(each(part), spans, size, window).values for each in (np.cos, np.sin)
        )
        return Frame(np.arctan2(north, east), bounds_of(spans, size), spans)
    return rasterize_part(part, spans, size, window, aggregation)


def spans_of(window: Window, cells: int, length: float) -> tuple[slice, slice]:
    """Rows and columns of the cells that a window touches."""
    return cell_span(*window.y_range, cells, length), cell_span(*window.x_range, cells, length)


def pixels_of(window: Window) -> tuple[int, int]:
    """Most pixels along y and x that a window is drawn with."""
    return _pixels(window.height), _pixels(window.width)


def rasterize_part(
    part: Array, spans: tuple[slice, slice], size: float, window: Window, aggregation: str = "mean"
) -> Frame:
    """The pixels of a window whose cells have been read already.

    Args:
        part: the cells that `spans` names, and no more.
        spans: rows and columns that the window touches.
        size: side of a cell.
        window: the pixels at hand.
        aggregation: one of `AGGREGATIONS`.
    """
    values = _bin(part, *shape_of(spans, window), aggregation)
    return Frame(values, bounds_of(spans, size), spans)


def shape_of(spans: tuple[slice, slice], window: Window) -> tuple[int, int]:
    """Rows and columns of the pixels that `rasterize_part` makes: never more than there are cells.

    A single row or column of cells stays as it is: it has no spacing for Datashader to read.
    """
    rows, columns = (each.stop - each.start for each in spans)
    if min(rows, columns) < 2:
        return rows, columns
    height, width = pixels_of(window)
    return min(height, rows), min(width, columns)


def bounds_of(spans: tuple[slice, slice], size: float) -> tuple[float, float, float, float]:
    """Left, bottom, right and top edge of some cells of a side `size`."""
    rows, columns = spans
    left, right = (size * (edge - 0.5) for edge in (columns.start, columns.stop))
    bottom, top = (size * (edge - 0.5) for edge in (rows.start, rows.stop))
    return left, bottom, right, top


def warm_up() -> None:
    """Compile what the first picture needs (about a second), away from the first user."""
    sample = np.zeros((16, 16), np.float32)
    for pixels in (8, 16):
        rasterize(sample, 16.0, full_window(16, 16.0, pixels))


def _bin(part: Array, height: int, width: int, aggregation: str) -> Array:
    # Imported late: it brings Numba, a second that the first paint need not wait for.
    import datashader
    import xarray

    rows, columns = part.shape
    if min(rows, columns) < 2:
        return np.ascontiguousarray(part)
    source = xarray.DataArray(
        np.require(part, requirements=("C", "W")),  # for a read-only array Numba would compile anew
        coords={"y": np.arange(rows) + 0.5, "x": np.arange(columns) + 0.5},
        dims=("y", "x"),
    )
    canvas = datashader.Canvas(width, height, (0, columns), (0, rows))
    with _numbas_turn:
        return np.asarray(canvas.raster(source, agg=aggregation).values)


def _pixels(asked: int) -> int:
    return min(max(asked, 1), MAX_PIXELS)


def within(span: Range, extent: Range) -> Range:
    """A span cut so that it lies in the domain; all of the domain where it lies outside."""
    low, high = max(span[0], extent[0]), min(span[1], extent[1])
    return (low, high) if low < high else extent

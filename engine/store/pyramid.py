"""The levels of a plane: coarser pictures of it, so that a window is a few chunk reads at any zoom.

A cell of level f stands for f × f cells of the plane (fewer at the far edges, where f does not
divide N) and holds the mean, minimum and maximum of those that are finite, and how many are not:

    pyramid/<field>/<f>/{mean,min,max}    ⌈N/f⌉ × ⌈N/f⌉, type of the field; NaN where none is finite
    pyramid/<field>/<f>/nonfinite         ⌈N/f⌉ × ⌈N/f⌉, uint16
    pyramid/<field>/<f>/{y<f>,x<f>}       ⌈N/f⌉, float64: the middles, which are dimension scales

Sums are added in pairs, in float64, in an order that the cells' places alone decide, so the same
plane gives the same levels on every machine, and an audit compares them with it for equality.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from engine.store.layout import MAX_CHUNK

GROUP = "pyramid"

SMALLEST_GRID = 2048
"""From so many cells a side on a grid has levels: smaller ones are read whole in milliseconds."""

COARSEST = 512
"""Fewest cells along a side of a level: fewer than a plot has pixels."""

FIELDS = ("final_rho", "final_g_tt", "final_rho_s")
"""The planes with levels: the real ones that a page draws as they are stored."""

STATISTICS = ("mean", "min", "max", "nonfinite")

_BAND = 256
"""Rows of the plane that are in work at a time: whole cells of every level."""

Level = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Rows of one level, in the order of `STATISTICS`."""


def factors_of(n: int) -> tuple[int, ...]:
    """Cells of an n × n plane along the side of a cell of each level, finest first: 2, 4, 8."""
    if n < SMALLEST_GRID:
        return ()
    return tuple(f for f in (2**i for i in range(1, 9)) if side_of(n, f) >= COARSEST)


def side_of(n: int, factor: int) -> int:
    """Cells along a side of a level."""
    return -(-n // factor)


def extents_of(n: int, factor: int) -> np.ndarray:
    """How many cells of the plane each cell of a level spans: `factor`, the last maybe fewer."""
    return np.minimum(factor, n - factor * np.arange(side_of(n, factor)))


def centres_of(n: int, factor: int, length: float) -> np.ndarray:
    """Where the middles of a level's cells are along a side of `length`."""
    first = factor * np.arange(side_of(n, factor))
    return (first + (extents_of(n, factor) - 1) / 2) * length / n


def axes_of(factor: int) -> tuple[str, str]:
    """The axes of a level: xarray wants other names for them than for those of the plane."""
    return f"y{factor}", f"x{factor}"


def name_of(field: str, factor: int, leaf: str) -> str:
    """The path of one dataset of a pyramid; `leaf` is one of `STATISTICS` or of the axes."""
    return f"{GROUP}/{field}/{factor}/{leaf}"


def headers_of(n: int, dtype: np.dtype) -> dict[str, tuple[np.dtype, tuple[int, ...]]]:
    """Type and shape of every dataset in the pyramids of an n × n grid, none for a small one."""
    found: dict[str, tuple[np.dtype, tuple[int, ...]]] = {}
    for field in FIELDS:
        for factor in factors_of(n):
            side = side_of(n, factor)
            for axis in axes_of(factor):
                found[name_of(field, factor, axis)] = np.dtype(np.float64), (side,)
            for leaf in STATISTICS:
                kind = np.dtype(np.uint16) if leaf == "nonfinite" else dtype
                found[name_of(field, factor, leaf)] = kind, (side, side)
    return found


def nbytes_of(n: int, dtype: np.dtype) -> int:
    """Bytes of the pyramids of an n × n grid."""
    return sum(kind.itemsize * math.prod(shape) for kind, shape in headers_of(n, dtype).values())


def bands_of(n: int) -> Iterator[slice]:
    """Rows of the plane in pieces of which each is whole cells of every level."""
    return (slice(row, min(row + _BAND, n)) for row in range(0, n, _BAND))


def levels_of(bands: Iterable[np.ndarray], n: int) -> Iterator[tuple[int, int, Level]]:
    """The levels of a plane that comes in bands: whole rows of chunks as soon as they are known.

    Args:
        bands: the plane's rows, cut as `bands_of` says.
        n: cells along each side.

    Yields:
        A level's factor, the first of its rows and the rows, in order for each level.
    """
    waiting: dict[int, list[Level]] = {factor: [] for factor in factors_of(n)}
    written = dict.fromkeys(waiting, 0)
    for band in bands:
        blocks = _cells(band)
        for factor, parts in waiting.items():
            blocks = _halved(blocks)
            row = written[factor] + sum(len(part[0]) for part in parts)
            parts.append(_statistics(blocks, row, n, factor, band.dtype))
            ready = sum(len(part[0]) for part in parts)
            if ready >= MAX_CHUNK or written[factor] + ready == side_of(n, factor):
                yield factor, written[factor], _joined(parts)
                written[factor] += ready
                parts.clear()


@dataclass(frozen=True, eq=False)
class _Blocks:
    """What is known of blocks of cells: sum, minimum and maximum of the finite ones, and the rest.

    A block without a finite cell has the sum 0, the minimum ∞ and the maximum −∞.
    """

    total: np.ndarray
    low: np.ndarray
    high: np.ndarray
    nonfinite: np.ndarray


def _cells(band: np.ndarray) -> _Blocks:
    """Every cell as a block of its own."""
    finite = np.isfinite(band)
    if finite.all():
        return _Blocks(band, band, band, np.zeros(band.shape, np.uint16))
    return _Blocks(
        np.where(finite, band, 0),
        np.where(finite, band, np.inf),
        np.where(finite, band, -np.inf),
        (~finite).astype(np.uint16),
    )


def _halved(blocks: _Blocks) -> _Blocks:
    """Blocks of twice the side."""
    return _Blocks(
        _pairs(partial(np.add, dtype=np.float64), blocks.total, 0),
        _pairs(np.minimum, blocks.low, np.inf),
        _pairs(np.maximum, blocks.high, -np.inf),
        _pairs(np.add, blocks.nonfinite, 0),
    )


def _pairs(combine: Callable[..., np.ndarray], values: np.ndarray, nothing: float) -> np.ndarray:
    """Every 2 × 2 values in one; where a side is odd, the last stands alone."""
    down, across = (length % 2 for length in values.shape)
    if down or across:
        values = np.pad(values, ((0, down), (0, across)), constant_values=nothing)
    rows = combine(values[0::2], values[1::2])
    return combine(rows[:, 0::2], rows[:, 1::2])


def _statistics(blocks: _Blocks, row: int, n: int, factor: int, dtype: np.dtype) -> Level:
    extents = extents_of(n, factor)
    cells = extents[row : row + len(blocks.total), None] * extents
    finite = cells - blocks.nonfinite
    some = finite > 0
    mean = np.where(some, blocks.total / np.maximum(finite, 1), np.nan)
    low, high = (np.where(some, each, np.nan) for each in (blocks.low, blocks.high))
    return mean.astype(dtype), low.astype(dtype), high.astype(dtype), blocks.nonfinite


def _joined(parts: list[Level]) -> Level:
    mean, low, high, nonfinite = (np.concatenate(each) for each in zip(*parts, strict=True))
    return mean, low, high, nonfinite

"""The levels of a plane in an HDF5 file: how they are written, and compared with their plane."""

from collections.abc import Callable, Iterable

import h5py
import numpy as np

from engine.store.layout import chunks_of
from engine.store.pyramid import (
    STATISTICS,
    axes_of,
    bands_of,
    centres_of,
    factors_of,
    levels_of,
    name_of,
    side_of,
)


def create_levels(file: h5py.File, field: str, dtype: np.dtype, n: int, length: float) -> None:
    """Add the levels of a plane, with their axes and without their values.

    Args:
        file: open for writing.
        field: name of the plane.
        dtype: its type.
        n: its cells along each side.
        length: side L of the square.
    """
    for factor in factors_of(n):
        _create(file, field, factor, dtype, n, length)


def write_levels(file: h5py.File, field: str, bands: Iterable[np.ndarray], n: int) -> None:
    """Write the values into the levels of a plane, in memory for a few bands.

    Args:
        file: with the levels that `create_levels` adds.
        field: name of the plane.
        bands: its rows, cut as `pyramid.bands_of` says.
        n: its cells along each side.
    """
    for factor, row, level in levels_of(bands, n):
        for leaf, rows in zip(STATISTICS, level, strict=True):
            dataset = file[name_of(field, factor, leaf)]
            dataset[row : row + len(rows)] = rows
            dataset.flush()  # as in artifact.py: the order of the chunks is nobody else's to decide


def first_difference(
    read: Callable[[str], np.ndarray],
    window: Callable[[str, slice, slice], np.ndarray],
    field: str,
    n: int,
    length: float,
) -> str:
    """The first dataset of a pyramid that its plane does not give, empty for none.

    Args:
        read: gives a whole dataset by its name.
        window: gives rows and columns of one.
        field: name of the plane.
        n: its cells along each side.
        length: side L of the square.
    """
    for factor in factors_of(n):
        for axis in axes_of(factor):
            name = name_of(field, factor, axis)
            if not np.array_equal(read(name), centres_of(n, factor, length)):
                return name
    for factor, row, level in levels_of((window(field, r, slice(0, n)) for r in bands_of(n)), n):
        for leaf, rows in zip(STATISTICS, level, strict=True):
            name = name_of(field, factor, leaf)
            columns = slice(0, side_of(n, factor))
            found = window(name, slice(row, row + len(rows)), columns)
            if not np.array_equal(found, rows, equal_nan=True):
                return name
    return ""


def _create(
    file: h5py.File, field: str, factor: int, dtype: np.dtype, n: int, length: float
) -> None:
    side = side_of(n, factor)
    kept = {"fletcher32": True, "fill_time": "alloc", "track_times": False}
    folder = file.require_group(name_of(field, factor, "").rstrip("/"))
    for axis in axes_of(factor):
        scale = folder.create_dataset(
            axis, data=centres_of(n, factor, length), chunks=chunks_of((side,)), **kept
        )
        scale.flush()
        scale.make_scale(axis)
    for leaf in STATISTICS:
        kind = np.dtype(np.uint16) if leaf == "nonfinite" else dtype
        dataset = folder.create_dataset(
            leaf, (side, side), kind, chunks=chunks_of((side, side)), **kept
        )
        for index, axis in enumerate(axes_of(factor)):
            dataset.dims[index].attach_scale(folder[axis])

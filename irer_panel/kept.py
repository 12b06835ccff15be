"""The parts of datasets that were read last: the next window is cut from them as far as they go.

A window that is dragged or zoomed overlaps the last one: only chunks that were not under it are
read. A part is kept in whole chunks, since HDF5 reads and checks no less.
"""

import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.store.layout import MAX_CHUNK
from irer_panel.viewport import Array

Read = Callable[[slice, slice], Array]

MOST_BYTES = 128 * 2**20
"""Most that is kept of one run: both panes' last windows, on a level or two."""


@dataclass(frozen=True, eq=False)
class Part:
    """Some rows and columns of a square dataset, and their values, which nobody may change."""

    rows: slice
    columns: slice
    values: Array

    def cut(self, rows: slice, columns: slice) -> Array:
        """Rows and columns that lie within."""
        return self.values[_from(rows, self.rows), _from(columns, self.columns)]


class KeptParts:
    """The last part of each dataset, as many as fit; safe to use from several threads."""

    def __init__(self) -> None:
        self._parts: dict[str, Part] = {}  # the one that was used last comes last
        self._turn = threading.Lock()
        self._reading: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def read(
        self, name: str, rows: slice, columns: slice, side: int, read: Read
    ) -> tuple[Array, int]:
        """Rows and columns of a square dataset, which nobody may change.

        Args:
            name: of the dataset.
            rows: of the window.
            columns: of the window.
            side: rows and columns of the dataset.
            read: gives rows and columns of it.

        Returns:
            The values, and how many were read for them.
        """
        with self._turn:
            reading = self._reading[name]
        with reading:  # who asks for the same at the same time gets what was read for the other
            part, count = _read_part(self._parts.get(name), rows, columns, side, read)
            self._keep(name, part)
        return part.cut(rows, columns), count

    def _keep(self, name: str, part: Part) -> None:
        with self._turn:
            self._parts.pop(name, None)
            self._parts[name] = part
            total = sum(each.values.nbytes for each in self._parts.values())
            for oldest in list(self._parts)[:-1]:
                if total > MOST_BYTES:
                    total -= self._parts.pop(oldest).values.nbytes


def _read_part(
    before: Part | None, rows: slice, columns: slice, side: int, read: Read
) -> tuple[Part, int]:
    """The whole chunks that a window touches, and how many values had to be read for them."""
    rows, columns = _whole(rows, side), _whole(columns, side)
    if before is None:
        shared = None
    elif _within(rows, before.rows) and _within(columns, before.columns):
        return before, 0
    else:
        shared = _overlap(rows, before.rows), _overlap(columns, before.columns)
    if before is None or shared is None or _empty(shared[0]) or _empty(shared[1]):
        values = read(rows, columns)
        values.setflags(write=False)
        return Part(rows, columns, values), values.size
    down, across = shared
    values = np.empty((_length(rows), _length(columns)), before.values.dtype)
    values[_from(down, rows), _from(across, columns)] = before.cut(down, across)
    count = 0
    for strip, width in (
        (slice(rows.start, down.start), columns),
        (slice(down.stop, rows.stop), columns),
        (down, slice(columns.start, across.start)),
        (down, slice(across.stop, columns.stop)),
    ):
        if not (_empty(strip) or _empty(width)):
            values[_from(strip, rows), _from(width, columns)] = read(strip, width)
            count += _length(strip) * _length(width)
    values.setflags(write=False)
    return Part(rows, columns, values), count


def _whole(span: slice, side: int) -> slice:
    start = span.start // MAX_CHUNK * MAX_CHUNK
    return slice(start, min(-(-span.stop // MAX_CHUNK) * MAX_CHUNK, side))


def _overlap(one: slice, two: slice) -> slice:
    return slice(max(one.start, two.start), min(one.stop, two.stop))


def _within(inner: slice, outer: slice) -> bool:
    return bool(outer.start <= inner.start and inner.stop <= outer.stop)


def _empty(span: slice) -> bool:
    return bool(span.stop <= span.start)


def _length(span: slice) -> int:
    return int(span.stop - span.start)


def _from(span: slice, outer: slice) -> slice:
    """The same rows or columns, counted from the first of others."""
    return slice(span.start - outer.start, span.stop - outer.start)

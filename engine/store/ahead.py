"""All chunks of a window are asked for at once: HDF5 would wait for each before the next.

The kernel then reads them while the first are looked at. From a cold disk a window of a plane of
32,768² cells takes half the time; what is in memory already costs next to nothing more.
"""

import contextlib
import os
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Chunks:
    """Where the chunks of a matrix are in their file.

    Attributes:
        places: first byte of each, by its row and column among the chunks.
        side: rows and columns of values in one.
        size: bytes of one.
    """

    places: np.ndarray[Any, np.dtype[np.int64]]
    side: tuple[int, int]
    size: int

    def ranges(self, rows: slice, columns: slice) -> list[tuple[int, int]]:
        """First byte and count of bytes of each part of the file that a window's chunks lie in."""
        down, across = (
            slice(span.start // side, -(-span.stop // side))
            for span, side in zip((rows, columns), self.side, strict=True)
        )
        places = np.sort(self.places[down, across], axis=None)
        first = np.flatnonzero(np.diff(places, prepend=-self.size - 1) != self.size)
        counts = np.diff(first, append=places.size) * self.size
        return list(zip(places[first].tolist(), counts.tolist(), strict=True))

    def ask_for(self, handle: int, rows: slice, columns: slice) -> None:
        """Tell the kernel that a window of the file open under `handle` is about to be read."""
        if not hasattr(os, "posix_fadvise"):  # as on macOS, where HDF5 reads as it did
            return
        with contextlib.suppress(OSError):  # advice: if the file cannot be read, the read says so
            for place, count in self.ranges(rows, columns):
                os.posix_fadvise(handle, place, count, os.POSIX_FADV_WILLNEED)

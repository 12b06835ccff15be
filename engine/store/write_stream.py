"""A file for HDF5 to write to that survives a full disk."""

import io
from pathlib import Path
from typing import Any


class WriteStream(io.FileIO):
    """A file for HDF5 to write to, which keeps a failed write to itself until it is closed.

    HDF5 does not survive a write that fails: it keeps the file open, tries again at every turn and
    ends the process with a segmentation fault. So it is told that all went well, and the error is
    raised once HDF5 has let go.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, "r+b")
        self._failure: OSError | None = None

    def write(self, data: Any) -> int:
        """Write all of it, or say so and remember why not."""
        view = memoryview(data).cast("B")
        done = 0
        try:
            while self._failure is None and done < len(view):
                done += super().write(view[done:])
        except OSError as error:
            self._failure = error
        return len(view)

    def __exit__(self, *_: object) -> None:
        self.close()
        if self._failure is not None:
            raise self._failure

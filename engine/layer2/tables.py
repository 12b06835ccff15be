"""The rows of a CSV that a script wrote, read so that none takes the memory of who reads."""

import csv
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TextIO

MOST_BYTES = 256 * 2**20
"""Of a table."""

MOST_CHARACTERS = 2**20
"""Of a row, also where it goes over several lines."""

MOST_COLUMNS = 1000


def rows_of(path: Path) -> Generator[list[str], None, None]:
    """The rows of a table, in UTF-8; empty lines are empty rows.

    Raises:
        ValueError: a row or the table is longer than it may be, or is no text.
        csv.Error: it is no CSV.
        OSError: it cannot be read.
    """
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise ValueError(f"{size} bytes, expected at most {MOST_BYTES}")
    with path.open(encoding="utf-8", newline="") as stream:
        lines = _Lines(stream)
        for row in csv.reader(lines, strict=True):
            lines.taken = 0
            if len(row) > MOST_COLUMNS:
                raise ValueError(f"{len(row)} columns, expected at most {MOST_COLUMNS}")
            yield row


class _Lines:
    """The lines of a stream, as long as those of one row are not too long together."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.taken = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._stream.readline(MOST_CHARACTERS - self.taken + 1)
        self.taken += len(line)
        if self.taken > MOST_CHARACTERS:
            raise ValueError(f"a row of more than {MOST_CHARACTERS} characters, expected shorter")
        if not line:
            raise StopIteration
        return line

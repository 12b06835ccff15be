"""What a component left behind: only what it declared, and only where it is what it should be."""

import csv
import json
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from engine.errors import ComponentError
from engine.layer2.manifest import Output
from engine.layer2.tables import rows_of
from engine.layer2.tree import open_folder
from engine.store import strict_json

MAX_JSON = 16 * 2**20
MOST_WORDS = 300
MAX_PIXELS = 64 * 10**6
_HDF5 = b"\x89HDF\r\n\x1a\n"


def collect(outputs: Sequence[Output], source: Path, target: Path) -> list[dict[str, Any]]:
    """Move the declared outputs from where the script wrote them, each checked by its type.

    Args:
        outputs: what the manifest promises.
        source: the script's output folder.
        target: an empty folder on the same disk.

    Returns:
        For each its `name`, `type`, `file` and `bytes`.

    Raises:
        ComponentError: one is missing, no plain file, or not of its type.
    """
    try:
        folder = open_folder(source)  # what a link leads to is not the script's to give
    except FileNotFoundError:
        raise _wrong(outputs[0], "nothing", "the file") from None
    except OSError as error:
        raise ComponentError(
            "its output folder: got a link or a file, expected the folder that it was given; "
            "correct the script."
        ) from error
    try:
        return [_taken(output, folder, target) for output in outputs]
    finally:
        os.close(folder)


def _taken(output: Output, folder: int, target: Path) -> dict[str, Any]:
    path = target / output.file
    try:
        # Moved first: what is then looked at is what is kept.
        os.rename(output.file, path, src_dir_fd=folder)
    except FileNotFoundError:
        raise _wrong(output, "nothing", "the file") from None
    except OSError as error:
        raise _wrong(output, error.strerror or str(error), "a plain file") from error
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
        raise _wrong(output, "a link or a folder", "a plain file of its own")
    path.chmod(0o644)
    _CHECKS[output.type](output, path)
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
    return {
        "name": output.name,
        "type": output.type,
        "file": output.file,
        "bytes": status.st_size,
    }


def _json(output: Output, path: Path) -> None:
    if path.stat().st_size > MAX_JSON:
        raise _wrong(output, f"{path.stat().st_size} bytes", f"at most {MAX_JSON}")
    try:
        strict_json.check(json.loads(path.read_bytes()))
    except (ValueError, RecursionError) as error:
        raise _wrong(output, f"{error or 'nesting without end'}", "JSON") from error


def _csv(output: Output, path: Path) -> None:
    try:
        rows = rows_of(path)
        width = len(next(rows, []))
        for number, row in enumerate(rows, 2):
            if row and len(row) != width:
                raise _wrong(output, f"{len(row)} cells in row {number}", f"{width}")
    except (UnicodeDecodeError, csv.Error) as error:
        raise _wrong(output, str(error), "CSV in UTF-8") from error
    except ValueError as error:
        got, _, expected = str(error).partition(", expected ")
        raise _wrong(output, got, expected) from error
    if not width:
        raise _wrong(output, "an empty file", "CSV with a line of names")


def _png(output: Output, path: Path) -> None:
    try:
        with Image.open(path, formats=["PNG"]) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise _wrong(output, f"{width} × {height}", f"at most {MAX_PIXELS} pixels")
            image.verify()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        if isinstance(error, ComponentError):
            raise
        raise _wrong(output, str(error), "a PNG") from error


def _h5(output: Output, path: Path) -> None:
    with path.open("rb") as stream:
        if stream.read(len(_HDF5)) != _HDF5:
            raise _wrong(output, "something else", "an HDF5 file")


_CHECKS = {"path:json": _json, "path:csv": _csv, "path:png": _png, "path:h5": _h5}


def _wrong(output: Output, got: str, expected: str) -> ComponentError:
    line = "".join(char if char.isprintable() else "?" for char in got[:MOST_WORDS])
    return ComponentError(
        f"output {output.name}: {output.file}: got {line}, expected {expected}; correct the script."
    )

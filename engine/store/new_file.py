"""A file or folder that is written under a name which nothing has: never over anything."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from engine.errors import SettingsError, WorkspaceError


@contextlib.contextmanager
def new_path(path: Path) -> Iterator[Path]:
    """Yield a path to write a file or a folder to; leaving the block gives it its name.

    Until then nothing has that name, and on any error nothing gets it.

    Raises:
        SettingsError: something has the name already.
        WorkspaceError: it cannot be written.
    """
    path = path.absolute()
    _refuse_existing(path)
    try:
        with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as folder:
            temporary = Path(folder) / path.name
            yield temporary
            for each in [temporary, *temporary.rglob("*")]:
                flush(each)
            _refuse_existing(path)
            if temporary.is_dir():
                temporary.rename(path)  # fails on a folder with something in it
            else:
                os.link(temporary, path)  # fails on whatever is there
        flush(path.parent)
    except FileExistsError as error:
        raise _exists(path) from error
    except OSError as error:
        if isinstance(error, WorkspaceError):
            raise
        raise WorkspaceError(
            f"{path}: {error.strerror or error}, expected a place that can be written; name "
            "another with --output."
        ) from error


def _refuse_existing(path: Path) -> None:
    if path.exists() or path.is_symlink():
        raise _exists(path)


def _exists(path: Path) -> SettingsError:
    return SettingsError(
        f"output: {path} is there already, expected a new name; move it away or name another "
        "with --output.",
        field="output",
    )


def flush(path: Path) -> None:
    """Have a file or a folder be on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

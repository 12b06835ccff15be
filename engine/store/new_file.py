"""A file or folder that is written under a name which nothing has: never over anything."""

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from engine.errors import SettingsError, WorkspaceError

_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)


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
                give_name(temporary, path)
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


def give_name(source: Path, path: Path) -> None:
    """Give a file, which is on the disk, its name; whatever has that name stays as it is.

    Where the file system has no hard links (exFAT, some shares) the name is taken by an empty file
    first, which is what a death in that instant leaves.

    Raises:
        FileExistsError: something has the name already.
        OSError: the name cannot be given.
    """
    try:
        os.link(source, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        try:
            source.replace(path)
        except BaseException:
            path.unlink()
            raise


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

"""A folder that a script fills as it likes: how much is in it, and its removal, however deep.

Nothing here follows a link, or needs a path that is longer than the folder's own.
"""

import contextlib
import itertools
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

MOST_DEPTH = 100
"""Folders in folders that a script may make."""

MOST_ENTRIES = 20_000
"""Files, links and folders that it may have at a time: so long a look stays short."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_NAME_ALONE = getattr(os, "O_PATH", os.O_RDONLY)


def open_folder(path: str | Path, within: int | None = None) -> int:
    """A descriptor of a folder, which is itself no link.

    Args:
        path: which.
        within: descriptor of the folder in which `path` begins; None for the usual.

    Raises:
        OSError: it is none, or cannot be opened.
    """
    return os.open(path, _FOLDER, dir_fd=within)


def excess(folder: Path, most_bytes: int) -> str:
    """What of a folder is more than a script may have, in words; empty where nothing is.

    Args:
        folder: where it writes.
        most_bytes: on the disk, with what its folders take.
    """
    total, entries, todo = 0, 0, [(str(folder), 0)]
    while todo:
        path, depth = todo.pop()
        try:
            with os.scandir(path) as found:
                for entry in found:
                    entries += 1
                    if entries > MOST_ENTRIES:
                        return f"it made more than {MOST_ENTRIES} files and folders; make fewer"
                    with contextlib.suppress(FileNotFoundError):
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
                        if entry.is_dir(follow_symlinks=False):
                            todo.append((entry.path, depth + 1))
        except (FileNotFoundError, NotADirectoryError):
            continue  # gone, or replaced, in the meantime
        except OSError as error:
            return f"it made a folder that cannot be looked into ({error.strerror}); leave it open"
        if depth > MOST_DEPTH:
            return f"it made folders deeper than {MOST_DEPTH}; make fewer"
        if total > most_bytes:
            return f"it wrote more than {most_bytes / 2**30:g} GiB; write less"
    return ""


def remove(folder: Path) -> None:
    """Remove a folder with all that is in it, as far as that is possible.

    Each folder in it is moved up into it and emptied there, so that none is ever deep.
    """
    with contextlib.suppress(OSError):
        root = open_folder(folder)
        try:
            token = secrets.token_hex(8)
            names = (f"{token}-{number}" for number in itertools.count())
            todo = _empty(root, root, names)
            while todo:
                name = todo.pop()
                with contextlib.suppress(OSError):
                    here = _opened(name, root)
                    try:
                        todo += _empty(here, root, names)
                    finally:
                        os.close(here)
                    os.rmdir(name, dir_fd=root)
        finally:
            os.close(root)
        folder.rmdir()


def _empty(here: int, root: int, names: Iterator[str]) -> list[str]:
    """Remove the files of a folder, and move its folders to the root; their names there."""
    moved = []
    with os.scandir(here) as found:
        entries = list(found)
    for entry in entries:
        with contextlib.suppress(OSError):
            if entry.is_dir(follow_symlinks=False):
                os.close(_opened(entry.name, here))  # what nobody may write in cannot be moved
                name = next(names)
                os.rename(entry.name, name, src_dir_fd=here, dst_dir_fd=root)
                moved.append(name)
            else:
                os.unlink(entry.name, dir_fd=here)
    return moved


def _opened(name: str, within: int) -> int:
    """A folder, made ours to empty."""
    try:
        there = open_folder(name, within)
    except PermissionError:
        closed = os.open(name, _NAME_ALONE | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=within)
        try:
            os.chmod(f"/proc/self/fd/{closed}", 0o700)
        finally:
            os.close(closed)
        there = open_folder(name, within)
    os.fchmod(there, 0o700)
    return there

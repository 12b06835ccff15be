"""A workspace: the folder of a hunt's files, and the one way a file appears in it.

Every file is written to a temporary name in its own directory, flushed to the disk, renamed to
its final name, and the directory flushed: a final name holds the whole file or does not exist.
"""

import contextlib
import errno
import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from engine.errors import EngineError, WorkspaceError

DEFAULT_ROOT = "irer_workspace"
ROOT_VARIABLE = "IRER_WORKSPACE"
FOLDERS = (
    "input_configs",
    "simulation_data",
    "provenance_reports",
    "analysis_reports",
    "logs",
)
_ID = re.compile(r"[0-9a-f]{40}")
_COMPONENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{8}\.tmp", re.DOTALL)


@dataclass(frozen=True)
class Workspace:
    """The folders and file names of DESIGN's workspace under one absolute root."""

    root: Path

    @classmethod
    def open(cls, path: str | Path | None = None) -> Self:
        """Open a workspace, creating what is missing, and make sure that it can be written.

        Args:
            path: its root; None means `$IRER_WORKSPACE`, else `./irer_workspace`.

        Raises:
            WorkspaceError: it cannot be created, or one of its folders cannot be written.
        """
        root = _root(path)
        for folder in (root, *(root / name for name in FOLDERS)):
            try:
                folder.mkdir(parents=True, exist_ok=True)
                _probe(folder)
            except OSError as error:
                raise workspace_error(folder, error, "a folder that can be written") from error
        return cls(root)

    @classmethod
    def existing(cls, path: str | Path | None = None) -> Self:
        """A workspace that is there already, to look at: nothing is written.

        Args:
            path: its root, as `open` takes it.

        Raises:
            WorkspaceError: there is none.
        """
        root = _root(path)
        if not (root / FOLDERS[0]).is_dir():
            raise WorkspaceError(
                f"{root}: no workspace, expected one in which another process hunts; check "
                "--workspace, and that the shared folder is mounted."
            )
        return cls(root)

    def config_path(self, config_hash: str) -> Path:
        """Where the input config of a run lies."""
        return self.root / "input_configs" / f"config_{checked_id(config_hash)}.json"

    def initial_state_path(self, sha256: str) -> Path:
        """Where the copy of an initial state lies."""
        return self.root / "input_configs" / f"initial_{sha256}.h5"

    def artifact_path(self, config_hash: str) -> Path:
        """Where the HDF5 artifact of a run lies."""
        return self.root / "simulation_data" / f"rho_history_{checked_id(config_hash)}.h5"

    def provenance_path(self, config_hash: str) -> Path:
        """Where the audit's verdict on a run lies."""
        return self.root / "provenance_reports" / f"provenance_{checked_id(config_hash)}.json"

    def analysis_path(self, component: str, config_hash: str) -> Path:
        """Where the report of an analysis component on a run lies."""
        if not _COMPONENT.fullmatch(component):
            raise WorkspaceError(
                f"component: got {component!r}, expected letters, digits, '-' and '_' (at most "
                "64); rename the component."
            )
        return self.root / "analysis_reports" / f"{component}_{checked_id(config_hash)}.json"

    @property
    def ledger_path(self) -> Path:
        """The SQLite ledger: the truth about what has been computed."""
        return self.root / "simulation_ledger.sqlite"

    @property
    def ledger_csv_path(self) -> Path:
        """The ledger's CSV export."""
        return self.root / "simulation_ledger.csv"

    @property
    def status_path(self) -> Path:
        """The running hunt's status, for readers without a server."""
        return self.root / "status.json"

    @property
    def hub_log_path(self) -> Path:
        """The server's log."""
        return self.root / "logs" / "control_hub.log"

    @property
    def hunt_log_path(self) -> Path:
        """The hunt's log."""
        return self.root / "logs" / "core_engine_hunt.log"

    def free_bytes(self) -> int:
        """Bytes that can still be written here."""
        try:
            return shutil.disk_usage(self.root).free
        except OSError as error:
            raise workspace_error(self.root, error, "a folder on a readable disk") from error

    def require_free(self, bytes_needed: int, purpose: str) -> None:
        """Refuse to begin what cannot end for want of disk space.

        Raises:
            WorkspaceError: fewer than `bytes_needed` bytes are free; names the `purpose`.
        """
        free = self.free_bytes()
        if free < bytes_needed:
            raise WorkspaceError(
                f"{self.root}: {_size(free)} free, expected {_size(bytes_needed)} for {purpose}; "
                "free disk space or choose another --workspace."
            )

    def sweep_temporaries(self) -> list[Path]:
        """Remove the temporary files of writers that have died; never a result, nor a live one.

        A writer holds a lock on its temporary file, so one that can be locked has no writer.

        Returns:
            The paths that were removed.
        """
        removed = []
        for folder in (self.root, *(self.root / name for name in FOLDERS)):
            with contextlib.suppress(OSError):
                for path in sorted(folder.iterdir()):
                    if _TEMPORARY.fullmatch(path.name) and _remove_if_orphaned(path):
                        removed.append(path)
        return removed


def _root(path: str | Path | None) -> Path:
    asked = Path(path or os.environ.get(ROOT_VARIABLE) or DEFAULT_ROOT)
    try:
        return asked.expanduser().absolute()
    except RuntimeError as error:
        raise WorkspaceError(f"{asked}: {error} Expected a folder; write its path out.") from error


def checked_id(config_hash: str) -> str:
    """The id itself, if it is one; checked before any id becomes part of a path.

    Raises:
        WorkspaceError: it is not 40 lower-case hex digits.
    """
    if not isinstance(config_hash, str) or not _ID.fullmatch(config_hash):
        raise WorkspaceError(
            f"run id: got {str(config_hash)[:80]!r}, expected 40 hex digits (0-9, a-f); copy the "
            "config_hash from the run list."
        )
    return config_hash


def atomic_write_bytes(path: Path, data: bytes) -> None:
    """Make `path` hold `data`, all of it or (on an error) what it held before.

    Raises:
        WorkspaceError: it cannot be written.
    """
    with atomic_write(path) as temporary, temporary.open("r+b") as stream:
        stream.write(data)


def move_into_place(source: Path, path: Path) -> None:
    """Make a file that `atomic_write` made elsewhere on this disk be `path`.

    Raises:
        WorkspaceError: it cannot be moved; both names are then as they were.
    """
    try:
        source.replace(path)
        _fsync_directory(path.parent)
    except OSError as error:
        raise workspace_error(path, error, "a file that can be written") from error


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield an empty temporary file beside `path`; leaving the block makes it `path`.

    The block opens the yielded path itself (do not replace it: it is locked, so that
    `sweep_temporaries` can tell a writer at work from one that has died). On any error the
    temporary file is removed and the final name is untouched.

    Raises:
        WorkspaceError: the disk is full, read-only, or the folder is not there.
    """
    try:
        temporary, descriptor = _create_temporary(path)
    except OSError as error:
        raise workspace_error(path, error, "a folder that can be written") from error
    named = False
    try:
        try:
            yield temporary
            os.fsync(descriptor)
            named = True  # from here on the file may be `path`: an interrupt must not empty it
            temporary.replace(path)
            # Free at once for readers that take locks, such as HDF5's own.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
        except BaseException:
            # Emptied too: a library that failed in the block may keep it open, and with it the
            # disk space of an unlinked file.
            with contextlib.suppress(OSError):
                if not named or temporary.exists():
                    os.ftruncate(descriptor, 0)
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        _fsync_directory(path.parent)
    except EngineError:
        raise
    except OSError as error:
        raise workspace_error(path, error, "a file that can be written") from error
    finally:
        os.close(descriptor)


def _create_temporary(path: Path) -> tuple[Path, int]:
    """A new, locked temporary file beside `path`, and its descriptor."""
    while True:
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
        descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            # A sweep may have got in between creation and lock, and removed the file.
            if os.fstat(descriptor).st_nlink:
                return temporary, descriptor
        except BaseException:
            temporary.unlink(missing_ok=True)
            os.close(descriptor)
            raise
        os.close(descriptor)


def _remove_if_orphaned(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # A writer that finished meanwhile has renamed the file: the path is gone.
        path.unlink()
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(descriptor)


def _probe(folder: Path) -> None:
    """Create and remove a file in `folder`."""
    temporary, descriptor = _create_temporary(folder / "probe")
    os.close(descriptor)
    temporary.unlink(missing_ok=True)


def _fsync_directory(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


def workspace_error(path: Path, error: OSError, expected: str) -> WorkspaceError:
    """What an error of the file system means for a path, and what to do about it."""
    if error.errno in _FULL:
        advice = "free disk space or choose another --workspace."
    elif error.errno in _FORBIDDEN:
        advice = "make it writable or choose another --workspace."
    elif error.errno in (errno.EEXIST, errno.ENOTDIR, errno.EISDIR):
        advice = "move what is in the way or choose another --workspace."
    else:
        advice = "check the disk or choose another --workspace."
    return WorkspaceError(f"{path}: {error.strerror or error}, expected {expected}; {advice}")


def _size(count: int) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 1e8 else f"{count / 1e6:.2f} MB"

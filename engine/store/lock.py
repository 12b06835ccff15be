"""One hunt a workspace: an advisory lock that the kernel frees when its holder dies."""

import contextlib
import fcntl
import json
import os
import platform
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from engine.errors import WorkspaceBusyError, WorkspaceError

LOCK_NAME = "hunt.lock"
_ATTEMPTS = 20
_PAUSE = 0.001
_MAX_BYTES = 4096


class WorkspaceLock:
    """The right to hunt in a workspace: `with WorkspaceLock(root).acquire("hunt"): …`.

    Excludes every other holder, in this process and in others. The lock is `flock` on
    `<root>/hunt.lock`; the file says in JSON who holds it and stays behind, unlocked, afterwards.
    """

    def __init__(self, root: Path) -> None:
        self._path = Path(root) / LOCK_NAME
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._descriptor is not None

    def acquire(self, purpose: str) -> Self:
        """Take the lock or say at once who has it.

        Args:
            purpose: what the lock is for, shown to those who are refused.

        Raises:
            WorkspaceBusyError: another holder is alive; the message names it.
            WorkspaceError: the lock file cannot be written.
        """
        if self.held:
            raise self._busy()
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
            try:
                if not _lock(descriptor):
                    raise self._busy()
                record = {
                    "pid": os.getpid(),
                    "host": platform.node(),
                    "since": datetime.now(UTC).isoformat(timespec="seconds"),
                    "purpose": purpose,
                }
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, json.dumps(record).encode(), 0)
            except BaseException:
                os.close(descriptor)
                raise
        except WorkspaceError:
            raise
        except OSError as error:
            raise WorkspaceError(
                f"{self._path}: {error.strerror or error}, expected a file that can be locked; "
                "make the workspace writable or choose another --workspace."
            ) from error
        self._descriptor = descriptor
        return self

    def release(self) -> None:
        """Give the lock back; does nothing when it is not held."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            with contextlib.suppress(OSError):  # a full disk must not keep the lock
                os.ftruncate(descriptor, 0)
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()

    def _busy(self) -> WorkspaceBusyError:
        record = _record(self._path)
        if record:
            who = (
                f"process {record.get('pid')} on {record.get('host')} "
                f"({record.get('purpose')}, since {record.get('since')})"
            )
        else:
            who = "another process"
        return WorkspaceBusyError(
            f"{self._path.parent}: held by {who}, expected no other hunt; wait for it, stop it, "
            "or choose another --workspace."
        )


def holder(root: Path) -> dict[str, Any] | None:
    """Who holds the lock of a workspace: pid, host, since, purpose; None when nobody does.

    A holder whose record cannot be read gives an empty dict.
    """
    path = Path(root) / LOCK_NAME
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _record(path)
    except OSError:
        return None
    else:
        return None
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Take the exclusive lock; False when another has it.

    `holder` looks with a shared lock for an instant; that is not a holder, and is waited out.
    """
    for _ in range(_ATTEMPTS):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
                fcntl.flock(descriptor, fcntl.LOCK_UN)
                time.sleep(_PAUSE)
                continue
            return False
        else:
            return True
    return False


def _record(path: Path) -> dict[str, Any]:
    """What the holder wrote; a holder that has only just locked is given a moment to write."""
    for _ in range(_ATTEMPTS):
        with contextlib.suppress(OSError, ValueError):
            with path.open("rb") as stream:
                record = json.loads(stream.read(_MAX_BYTES))
            if isinstance(record, dict):
                return record
        time.sleep(_PAUSE)
    return {}

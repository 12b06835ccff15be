"""One hunt a workspace: an advisory lock that the kernel frees when its holder dies.

It is a lease as well, for the holder that does not die: one that is suspended, hangs for good, or
sits on a machine that a shared folder has lost. The holder renews the lock file's time every few
seconds. Where that is `LEASE_SECONDS` old, another may put a lock file of its own in its place; the
ledger then refuses what the first one writes, should it wake up.
"""

import contextlib
import fcntl
import json
import os
import platform
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from engine.errors import WorkspaceBusyError, WorkspaceError

LOCK_NAME = "hunt.lock"
BRIEF = "announce reports"
"""Purpose of a holder who is done in an instant: waited for, never told of, and no heir of one that
hangs."""

LEASE_SECONDS = 60.0
RENEW_SECONDS = 5.0
_GRACE = RENEW_SECONDS + 2.0
_ATTEMPTS = 20
_PAUSE = 0.001
_PATIENCE = 3000
_BRIEFLY = 2.0
_MAX_BYTES = 4096


class WorkspaceLock:
    """The right to hunt in a workspace: `with WorkspaceLock(root).acquire("hunt"): …`.

    Excludes every other holder, in this process and in others. The lock is `flock` on
    `<root>/hunt.lock`; the file says in JSON who holds it and stays behind, unlocked, afterwards.
    """

    def __init__(self, root: Path) -> None:
        self._path = Path(root) / LOCK_NAME
        self._descriptor: int | None = None
        self._given_back = threading.Event()

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
            descriptor = self._take(purpose)
        except WorkspaceError:
            raise
        except OSError as error:
            raise WorkspaceError(
                f"{self._path}: {error.strerror or error}, expected a file that can be locked; "
                "make the workspace writable or choose another --workspace."
            ) from error
        self._descriptor, self._given_back = descriptor, threading.Event()
        renewal = (os.dup(descriptor), self._given_back)
        threading.Thread(target=_renew, args=renewal, name="irer-lease", daemon=True).start()
        return self

    def _take(self, purpose: str) -> int:
        with _alone(self._path.with_name(f".{LOCK_NAME}")):
            descriptor = _open(self._path)
            try:
                if not _lock_patiently(descriptor, self._path):
                    if purpose == BRIEF or not _has_expired(self._path) or _is_renewed(self._path):
                        raise self._busy()
                    # Its holder keeps the file that nobody finds any more.
                    self._path.unlink()
                    hung, descriptor = descriptor, _open(self._path)
                    os.close(hung)
                    fcntl.flock(descriptor, fcntl.LOCK_EX)
                _write(descriptor, purpose)
            except BaseException:
                os.close(descriptor)
                raise
            return descriptor

    def release(self) -> None:
        """Give the lock back; does nothing when it is not held."""
        descriptor, self._descriptor = self._descriptor, None
        self._given_back.set()
        if descriptor is not None:
            with contextlib.suppress(OSError):  # a full disk must not keep the lock
                os.ftruncate(descriptor, 0)
            with contextlib.suppress(OSError):  # the thread that renews it still has it open
                fcntl.flock(descriptor, fcntl.LOCK_UN)
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

    A holder whose record cannot be read gives an empty dict; one whose lease is over is none, and
    so is one who has it only for an instant.
    """
    path = Path(root) / LOCK_NAME
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        record = _record(path)
        gone = _has_expired(path, time.time()) or record.get("purpose") == BRIEF
        return None if gone else record
    except OSError:
        return None
    else:
        return None
    finally:
        os.close(descriptor)


def _write(descriptor: int, purpose: str) -> None:
    record = {
        "pid": os.getpid(),
        "host": platform.node(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
        "purpose": purpose,
    }
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(record).encode(), 0)


def _renew(descriptor: int, given_back: threading.Event) -> None:
    """In a thread of the holder's."""
    try:
        while not given_back.wait(RENEW_SECONDS):
            with contextlib.suppress(OSError):
                os.utime(descriptor)
    finally:
        os.close(descriptor)


def _has_expired(path: Path, now: float | None = None) -> bool:
    """Whether a holder has not renewed its lease for long, by the clock of the files."""
    if now is None:
        with tempfile.TemporaryFile(dir=path.parent) as clock:
            now = os.fstat(clock.fileno()).st_mtime
    return now - path.stat().st_mtime > LEASE_SECONDS


def _is_renewed(path: Path) -> bool:
    """Whether a holder whose lease seems to be over renews it after all.

    When a machine wakes, or its clock is set forward, every lease looks old for an instant.
    """
    before, until = path.stat().st_mtime_ns, time.monotonic() + _GRACE
    while time.monotonic() < until:
        time.sleep(0.1)
        if path.stat().st_mtime_ns != before:
            return True
    return False


@contextlib.contextmanager
def _alone(gate: Path) -> Iterator[None]:
    """One at a time looks at the lock file in order to take it."""
    descriptor = _open(gate)
    try:
        for _ in range(_PATIENCE):
            if _lock(descriptor):
                break
            time.sleep(_PAUSE)
        else:
            raise WorkspaceBusyError(
                f"{gate}: another process has been taking this workspace for seconds, expected an "
                "instant; try again, or end that process."
            )
        yield
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)


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


def _lock_patiently(descriptor: int, path: Path) -> bool:
    """Take the exclusive lock; one who has it for an instant is waited for.

    So is one whose record is empty: it is just giving the lock back, and may have been put to
    sleep before it got there.
    """
    until = time.monotonic() + _BRIEFLY
    while not _lock(descriptor):
        if time.monotonic() > until or _record(path).get("purpose", BRIEF) != BRIEF:
            return False
        time.sleep(_PAUSE)
    return True


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

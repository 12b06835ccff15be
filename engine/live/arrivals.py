"""Finds the provenance reports that another process or machine puts into the workspace.

The kernel's notices make it quick; they are lost in a burst, and do not come from other machines.
So the folder is looked through now and then as well, unless nothing in it has changed.
"""

import logging
import os
import re
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from watchdog.events import (
    FileClosedEvent,
    FileCreatedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer

from engine.cores import step_aside
from engine.errors import EngineError, WorkspaceError
from engine.settings import FAILURES, STATUS_OK
from engine.store.provenance import read_provenance
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace

_log = logging.getLogger(__name__)

# It calls its own ordinary end an error.
logging.getLogger("watchdog.observers.inotify").addFilter(
    lambda record: "when the thread is inactive" not in record.getMessage()
)

PERIOD = 5.0
"""Seconds between two looks through the folder."""

SHARE = 20
"""A look that takes a second is followed by twenty without one."""

_GATHER = 0.2
_GRAIN = 2_000_000_000
"""Nanoseconds within which a folder may change again and keep its time."""

_MOST_NAMED, _MOST_PENDING, _MOST_REFUSED = 5000, 50_000, 10_000
_BATCH = 500
_UNREAD: tuple[int, ...] = ()
"""In place of times and size: of a report that could not be read, and may be by now."""

_NAME = re.compile(r"provenance_([0-9a-f]{40})\.json")

Announce = Callable[[Mapping[str, str]], Collection[str]]
"""Enters reports, ids with their statuses; gives those that have to wait."""


class Arrivals(FileSystemEventHandler):
    """Watches `provenance_reports/` for complete reports of runs that the ledger does not have."""

    def __init__(self, workspace: Workspace, ledger: LedgerReader, announce: Announce) -> None:
        self._workspace, self._ledger, self._announce = workspace, ledger, announce
        self._folder = workspace.root / "provenance_reports"
        self._lock = threading.Lock()
        self._named: set[str] = set()
        self._pending: dict[str, str] = {}
        self._refused: dict[str, _Refused] = {}
        self._seen = -1
        self._due = time.monotonic() + PERIOD
        self._troubled = False
        self._woken, self._closing = threading.Event(), threading.Event()
        self._observer = Observer()
        try:
            self._observer.schedule(
                self,
                str(self._folder),
                event_filter=[FileClosedEvent, FileCreatedEvent, FileMovedEvent],
            )
            self._observer.start()
        except OSError as error:  # the kernel has no watch left
            _log.warning(
                "%s cannot be watched (%s): what others put there is found every %.0f s.",
                self._folder,
                error,
                PERIOD,
            )
        self._thread = threading.Thread(target=self._run, name="irer-arrivals", daemon=True)
        self._thread.start()

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Take note of a name, in the observer's thread."""
        for path in (event.src_path, event.dest_path):
            found = _NAME.fullmatch(os.path.basename(os.fsdecode(path)))
            if found and len(self._named) < _MOST_NAMED:
                with self._lock:
                    self._named.add(found[1])
                self._woken.set()

    def close(self) -> None:
        """End."""
        self._closing.set()
        self._woken.set()
        if self._observer.is_alive():
            self._observer.stop()
            self._observer.join()
        self._thread.join()

    def _run(self) -> None:
        step_aside()
        while not self._closing.is_set():
            self._woken.wait(max(0.0, self._due - time.monotonic()))
            self._closing.wait(_GATHER)  # a burst is looked at together
            self._woken.clear()
            with self._lock:
                named, self._named = self._named, set()
            try:
                self._look(named)
                if time.monotonic() >= self._due:
                    self._look_through()
                self._troubled = False
            except Exception as error:  # a disk that is gone may come back
                self._seen, self._due = -1, time.monotonic() + PERIOD
                if not self._troubled:
                    known = isinstance(error, EngineError | OSError)
                    _log.warning("New reports wait: %s", error, exc_info=not known)
                self._troubled = True

    def _look_through(self) -> None:
        """The whole folder, if anything in it may have changed, and what was not complete."""
        began = time.monotonic()
        changed = self._folder.stat().st_mtime_ns
        if changed == self._seen:
            self._look(list(self._refused))
        else:
            settled = time.time_ns() - changed > _GRAIN
            with os.scandir(self._folder) as entries:
                names = [found[1] for e in entries if (found := _NAME.fullmatch(e.name))]
            self._look(names)
            full = len(self._pending) >= _MOST_PENDING or len(self._refused) >= _MOST_REFUSED
            self._seen = changed if settled and not full else -1
        self._warn()
        self._due = time.monotonic() + max(PERIOD, SHARE * (time.monotonic() - began))

    def _look(self, names: Iterable[str]) -> None:
        """Announce what is new among some reports, and what had to wait before."""
        strange = self._ledger.unknown_among([*names, *self._pending])
        self._pending = {name: self._pending[name] for name in strange if name in self._pending}
        new = [name for name in strange if name not in self._pending]
        self._flush()
        for first in range(0, len(new), _BATCH):
            for name in new[first : first + _BATCH]:
                if self._closing.is_set() or len(self._pending) >= _MOST_PENDING:
                    return
                self._read(name)
            self._flush()

    def _flush(self) -> None:
        names = list(self._pending)
        for first in range(0, len(names), _BATCH):
            batch = {name: self._pending[name] for name in names[first : first + _BATCH]}
            waiting = set(self._announce(batch))
            for name in batch.keys() - waiting:
                del self._pending[name]
            if len(waiting) == len(batch):
                return

    def _read(self, name: str) -> None:
        """Have a report wait to be announced, if it is complete."""
        path, before = self._workspace.provenance_path(name), self._refused.pop(name, None)
        sign = _UNREAD
        try:
            about = path.stat()
            sign = (about.st_mtime_ns, about.st_ctime_ns, about.st_size)
            if before is not None and before.sign == sign:
                self._refused[name] = replace(before, looks=before.looks + 1)
                return
            status = str(read_provenance(path).get("status"))
            if status not in (STATUS_OK, *FAILURES):
                raise WorkspaceError(
                    f"{path.name}: status is {status[:40]!r}, expected {STATUS_OK} or a class of "
                    "failure; audit the run again with `irer validate`."
                )
        except FileNotFoundError:
            return
        except (WorkspaceError, OSError) as error:
            # What could not be read may be complete: it is read again at every look.
            if isinstance(error, OSError) or isinstance(error.__cause__, OSError):
                sign = _UNREAD
            bad = _Refused(sign, str(error))
            if before is not None and before.sign == sign:
                bad = replace(before, looks=before.looks + 1)
            if len(self._refused) < _MOST_REFUSED:
                self._refused[name] = bad
        else:
            self._pending[name] = status

    def _warn(self) -> None:
        """Say once of each report that it is not complete, and is not being written either."""
        still = {n: bad for n, bad in self._refused.items() if bad.looks and not bad.told}
        for name, bad in still.items():
            self._refused[name] = replace(bad, told=True)
        if still:
            more = f" The same of {len(still) - 1} more." if len(still) > 1 else ""
            _log.warning("A report was left out: %s%s", next(iter(still.values())).reason, more)


@dataclass(frozen=True)
class _Refused:
    """A report that is not complete: times and size, why, how often it was so, whether told."""

    sign: tuple[int, ...]
    reason: str
    looks: int = 0
    told: bool = False

"""What an engine enters into the event log beside its hunt's own work."""

import contextlib
import logging
import threading
from collections.abc import Collection, Iterator, Mapping

from engine.errors import LedgerError, WorkspaceBusyError
from engine.store.ledger import Ledger
from engine.store.lock import BRIEF, WorkspaceLock
from engine.store.workspace import Workspace

_log = logging.getLogger(__name__)


class Logbook:
    """Writes through the ledger of the hunt while there is one, since a ledger has one writer.

    Attributes:
        under_way: ids of runs that the hunt asks for and has not yet committed.
    """

    def __init__(
        self, workspace: Workspace, lock: WorkspaceLock, door: threading.Lock, turn: threading.Lock
    ) -> None:
        """Begin without a hunt.

        Args:
            workspace: whose log.
            lock: the engine's right to write there.
            door: held while a hunt begins or ends, and while something is done to it.
            turn: held while the lock is taken or given back.
        """
        self._workspace, self._lock = workspace, lock
        self._door, self._turn = door, turn
        self._ledger: Ledger | None = None
        self.under_way: set[str] = set()

    def open(self, ledger: Ledger) -> None:
        """A hunt begins; the caller holds the door."""
        self.under_way.clear()
        self._ledger = ledger

    def close(self) -> None:
        """A hunt ends; the caller holds the door."""
        self._ledger = None

    def tell(self, kind: str, hunt_id: str) -> None:
        """Enter what was done to the hunt; the caller holds the door."""
        if self._ledger is None:
            return
        try:
            self._ledger.append_event(kind, hunt_id)
        except LedgerError as error:  # the hunt ends of it by itself, and says so
            _log.error("An event %s could not be written: %s", kind, error)

    def announce(self, reports: Mapping[str, str]) -> Collection[str]:
        """Enter reports, ids with statuses, of runs that are not in the ledger.

        Returns:
            Those that have to wait: what the hunt itself is about to commit; all of them while
            another process writes here.

        Raises:
            LedgerError: the disk cannot be written.
        """
        with self._door:
            ours = self.under_way & reports.keys() if self._ledger else set()
            try:
                with self._writer() as ledger:
                    ledger.announce_reports({n: reports[n] for n in reports if n not in ours})
            except WorkspaceBusyError:
                return reports
        return ours

    @contextlib.contextmanager
    def _writer(self) -> Iterator[Ledger]:
        if self._ledger is not None:
            yield self._ledger
            return
        with self._turn:
            self._lock.acquire(BRIEF)
        try:
            with Ledger(self._workspace.ledger_path) as ledger:
                yield ledger
        finally:
            with self._turn:
                self._lock.release()

"""A hunt's retention at work: what its rules give up goes while the hunt goes on."""

import logging
from concurrent.futures import Future, ThreadPoolExecutor

from engine.hunt.retention import evict, evictable
from engine.settings import HuntSettings
from engine.store.ledger import Ledger
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace

_log = logging.getLogger(__name__)


class Keeping:
    """Evicts behind a hunt, in a thread of its own; `close` evicts what is left and ends it."""

    def __init__(
        self,
        workspace: Workspace,
        ledger: Ledger,
        reader: LedgerReader,
        settings: HuntSettings,
        hunt_id: str,
    ) -> None:
        self._workspace, self._ledger, self._reader = workspace, ledger, reader
        self._settings, self._hunt_id = settings, hunt_id
        self._thread = ThreadPoolExecutor(1, "irer-retention")
        self._under_way: Future[None] | None = None

    def after_generation(self, _: int) -> None:
        """Begin to evict, unless the last time has not ended: the next one takes its part too."""
        busy = self._under_way is not None and not self._under_way.done()
        if self._settings.keep_best and not busy:
            self._under_way = self._thread.submit(self._evict)

    def close(self) -> None:
        """Evict what is left."""
        if self._settings.keep_best:
            self._thread.submit(self._evict)
        self._thread.shutdown(wait=True)

    def _evict(self) -> None:
        """An artifact that cannot be removed costs disk space, and no hunt."""
        try:
            rows = self._reader.holdings(self._hunt_id)
            hashes = evictable(rows, self._settings.keep_best, self._settings.keep_every)
            evict(self._workspace, self._ledger, hashes)
        except Exception:
            _log.exception("The artifacts of hunt %s could not be evicted.", self._hunt_id)

"""Follows the events of a workspace through Redis: each once, in order, none left out.

The stream says at once that there is news. The ledger, in the shared workspace, has what the stream
does not: what was trimmed, lost, or never was an event of ours.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import redis

from engine.errors import EngineError
from engine.live.condition import Condition
from engine.live.stream import BACKOFF, EntryError, event_of, key_of, number_of, words_of
from engine.store.event import Event
from engine.store.event_kinds import KINDS
from engine.store.reader import LedgerReader

_log = logging.getLogger(__name__)

_COUNT = 1000
_IDENTITY_PERIOD = 1.0
_FOREIGN_PAUSE = 1.0


class Follower:
    """Reads a ledger's stream from after an event on; not to be shared by threads.

    Attributes:
        last: number of the last event that was given.
        skipped: events that were left out, being of a newer schema or of an unknown kind.
        malformed: entries that no publisher wrote.
    """

    def __init__(self, client: redis.Redis, ledger: LedgerReader, last: int = 0) -> None:
        self.last, self.skipped, self.malformed = last, 0, 0
        self._client, self._ledger = client, ledger
        self._identity, self._checked = "", 0.0
        self._cursor, self._odd = f"{last}-0".encode(), b""

    def read(self, block: float = 1.0) -> list[Event]:
        """The events that follow; empty after `block` seconds without one.

        A ledger that was put in the place of the old one is followed from its first event on.

        Raises:
            redis.RedisError: Redis is lost; call again, nothing is lost by it.
            LedgerError: the ledger cannot be read.
        """
        self._find_ledger()
        if not self._identity:
            time.sleep(block)
            return []
        key, wait = key_of(self._identity), max(1, round(1000 * block))
        reply: Any = self._client.xread({key: self._cursor}, count=_COUNT, block=wait)
        return self._events_of(reply[0][1] if reply else [])

    def _find_ledger(self) -> None:
        now = time.monotonic()
        if self._identity and now - self._checked < _IDENTITY_PERIOD:
            return
        identity, self._checked = self._ledger.identity(), now
        if self._identity and identity != self._identity:
            self.last, self._cursor = 0, b"0-0"
        self._identity = identity

    def _events_of(self, entries: list[tuple[bytes, Mapping[bytes, bytes]]]) -> list[Event]:
        found: list[Event] = []
        for entry_id, fields in entries:
            try:
                seq = number_of(entry_id)
            except EntryError as error:
                self._note_malformed(entry_id, error)
                self._cursor = entry_id
                continue
            if seq > self.last:
                told = self._told(entry_id, fields)
                if not self._fill(seq if told is None else seq - 1, found):
                    break
                found.extend(told or [])
                self.last = seq
            self._cursor = entry_id
        return found

    def _fill(self, until: int, found: list[Event]) -> bool:
        """Take from the ledger what the stream left out up to a number; whether that was all."""
        if until <= self.last:
            return True
        missing = self._ledger.events_after(self.last, min(_COUNT, until - self.last))
        if not missing:  # far beyond the log: to go there would be to miss the next event
            time.sleep(_FOREIGN_PAUSE)
            return False
        found.extend(event for event in missing if self._is_known(event))
        self.last = missing[-1].seq
        return self.last == until

    def _told(self, entry_id: bytes, fields: Mapping[bytes, bytes]) -> list[Event] | None:
        """The event of an entry, none for one to be left out; None for no entry of ours."""
        try:
            event = event_of(entry_id, fields)
        except EntryError as error:
            self._note_malformed(entry_id, error)
            return None
        if event is None:
            self._note_skipped(f"entry {entry_id.decode()}")
        return [] if event is None else [event]

    def _is_known(self, event: Event) -> bool:
        if event.kind not in KINDS:
            self._note_skipped(f"event {event.seq}, {event.kind}")
        return event.kind in KINDS

    def _note_skipped(self, what: str) -> None:
        if not self.skipped:
            _log.warning("%s is of a newer irer and was left out; update this one.", what)
        self.skipped += 1

    def _note_malformed(self, entry_id: bytes, error: EntryError) -> None:
        if entry_id == self._odd:  # it is read again until the log has come to it
            return
        if not self.malformed:
            _log.warning("The stream holds what no irer wrote: %s; it was left out.", error)
        self.malformed += 1
        self._odd = entry_id


class FollowerThread:
    """Rings at every news of a stream, and now and then while Redis is lost."""

    def __init__(
        self,
        client: redis.Redis,
        ledger: LedgerReader,
        ring: Callable[[], Any],
        condition: Condition | None,
    ) -> None:
        """Begin to follow from the newest event on.

        Args:
            client: of the Redis.
            ledger: whose events.
            ring: called from the thread; quick.
            condition: told how the link stands; None where a publisher tells it.
        """
        self._client, self._ledger, self._ring = client, ledger, ring
        self._condition = condition
        self._follower: Follower | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="irer-follower", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End at the next chance, without waiting for it."""
        self._closing.set()

    @property
    def skipped(self) -> int:
        """Events that were left out, being of a newer schema or of an unknown kind."""
        return 0 if self._follower is None else self._follower.skipped

    def _run(self) -> None:
        failures = 0
        while not self._closing.is_set():
            try:
                self._attempt()
                failures = 0
            except Exception as error:  # whatever it is, the link may be well again
                self._note(error, new=not failures)
                self._closing.wait(BACKOFF.compute(failures))
                failures = min(failures + 1, 16)
                with contextlib.suppress(Exception):
                    self._ring()

    def _attempt(self) -> None:
        if self._follower is None:
            self._follower = Follower(self._client, self._ledger, self._ledger.last_seq())
        if self._follower.read():
            self._ring()
        if self._condition is not None:
            self._condition.note_up()

    def _note(self, error: Exception, *, new: bool) -> None:
        if new and not isinstance(error, redis.RedisError | EngineError | OSError):
            _log.exception("The follower failed.")
        if self._condition is not None:
            self._condition.note_down(words_of(error, self._client))

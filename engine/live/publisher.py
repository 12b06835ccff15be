"""Puts the ledger's events into a Redis stream, from a thread of its own.

The hunt only sets a flag: a Redis that is slow, lost or full costs it nothing. What it missed is
taken from the ledger when it answers again.
"""

import logging
import threading
import time

import redis

from engine.errors import EngineError
from engine.live.condition import Condition
from engine.live.stream import (
    BACKOFF,
    MOST,
    EntryError,
    append,
    event_of,
    key_of,
    newest,
    place_of,
    words_of,
)
from engine.store.reader import LedgerReader

_log = logging.getLogger(__name__)

_BATCH = 500
_POLL = 1.0
_PAUSE = 0.02
"""Seconds between two looks at the ledger, however often it rings."""


class Publisher:
    """Follows a ledger, and has its stream follow.

    Attributes:
        condition: how the link stands.
    """

    def __init__(self, client: redis.Redis, ledger: LedgerReader) -> None:
        self.condition = Condition(place_of(client))
        self._client, self._ledger = client, ledger
        self._identity = ""
        self._newest = 0
        self._last: int | None = None
        self._asked = 0.0
        self._rung, self._closing = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="irer-publisher", daemon=True)
        self._thread.start()

    def ring(self) -> None:
        """There may be news; from any thread, at no cost."""
        self._rung.set()

    def close(self, patience: float = 2.0) -> None:
        """Publish what is left and end, or give up after `patience` seconds."""
        self._closing.set()
        self._rung.set()
        self._thread.join(patience)

    def _run(self) -> None:
        failures = 0
        while True:
            last_turn = self._closing.is_set()
            self._rung.clear()
            problem = self._attempt()
            if last_turn:
                return
            if problem:
                self.condition.note_down(problem)
                self._last = None
                self._closing.wait(BACKOFF.compute(failures))
                failures = min(failures + 1, 16)
            else:
                failures = 0
                self._closing.wait(_PAUSE)
                self._rung.wait(_POLL)

    def _attempt(self) -> str:
        """Publish what there is; why that failed, empty where it did not."""
        try:
            self._publish()
        except redis.RedisError as error:
            return words_of(error, self._client)
        except (EngineError, OSError) as error:
            return str(error) or type(error).__name__
        except Exception as error:  # whatever it is, the hunt's events go on in the ledger
            if not self.condition.state().problem:
                _log.exception("The publisher failed.")
            return f"{type(error).__name__}: {error}"
        return ""

    def _publish(self) -> None:
        while True:
            limit = 0 if self._last is None else _BATCH
            identity, events = self._ledger.log_after(self._last or 0, limit)
            if not identity:  # nothing was ever hunted here
                self._client.ping()
                self.condition.note_up()
                return
            if identity != self._identity or self._last is None:
                self._newest, self._last = self._resume(identity)
                self._identity = identity
                continue
            if not events and time.monotonic() - self._asked < _POLL:
                return
            # Without events too: a Redis that was emptied gets them again.
            added = append(self._client, key_of(identity), self._newest, events)
            self._asked = time.monotonic()
            if not added:
                self._last = None  # another publisher was quicker, or Redis has lost some
                continue
            if events:
                self._newest = self._last = events[-1].seq
            self.condition.note_up(len(events))
            if not events:
                return

    def _resume(self, identity: str) -> tuple[int, int]:
        """The number that the stream has come to, and the one to go on after.

        They are the same, but for a stream that begins with the bounded tail of the log.
        """
        key = key_of(identity)
        number, entry = newest(self._client, key)
        if not number:
            return 0, max(0, self._ledger.last_seq() - MOST)
        held = self._ledger.events_after(number - 1, 1)
        try:
            ours = entry is None or [event_of(*entry)] == held
        except EntryError:
            ours = False
        if not held or held[0].seq != number or not ours:
            raise EngineError(
                f"stream {key} has come to number {number} with what this ledger does not have, "
                f"expected its own events; where a workspace was copied, or restored from a "
                f"backup, `redis-cli DEL {key}` lets the stream begin anew"
            )
        return number, number

"""The doorbell between a hunt and those who watch it: it carries no data and keeps none.

A listener that is rung takes the status snapshot and the ledger's events after the last that it
has seen, so a missed or doubled ring loses nothing.
"""

import logging
import threading
from collections.abc import Callable

_log = logging.getLogger(__name__)


class Bus:
    """Rings every listener. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: dict[int, Callable[[], None]] = {}
        self._next = 0

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` at every ring, from the ringing thread; it must be quick.

        Returns:
            A function that ends the subscription; calling it twice does no harm.
        """
        with self._lock:
            token = self._next
            self._next += 1
            self._listeners[token] = listener

        def unsubscribe() -> None:
            with self._lock:
                self._listeners.pop(token, None)

        return unsubscribe

    def ring(self) -> None:
        """Tell every listener that something changed."""
        with self._lock:
            listeners = list(self._listeners.values())
        for listener in listeners:
            try:
                listener()
            except Exception:
                # One broken page must not silence the others, nor stop the hunt.
                _log.exception("A listener of the bus failed.")

    @property
    def listeners(self) -> int:
        """How many listen now."""
        with self._lock:
            return len(self._listeners)

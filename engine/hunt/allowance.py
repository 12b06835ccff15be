"""The time that a piece of work may take, counted where the work is done."""

import time
from collections.abc import Callable


class Allowance:
    """Begins at its first answer, so the time in a queue does not count; nor do pauses.

    Attributes:
        spent: whether the time ran out, rather than that a stop was asked for.
    """

    def __init__(self, should_stop: Callable[[], bool], limit_s: float) -> None:
        """Allow some time.

        Args:
            should_stop: whether a stop is asked for; it may wait while the work is paused.
            limit_s: seconds; 0 is no limit.
        """
        self._should_stop, self._limit_s = should_stop, limit_s
        self._began: float | None = None
        self.spent = False

    @property
    def seconds(self) -> float:
        """Seconds since the first answer, less the time that later ones were waited for."""
        return 0.0 if self._began is None else time.monotonic() - self._began

    def is_over(self) -> bool:
        """Whether to end now, because of a stop or the time; waits as long as `should_stop`."""
        asked = time.monotonic()
        stop = self._should_stop()
        now = time.monotonic()
        self._began = now if self._began is None else self._began + now - asked
        self.spent = not stop and 0 < self._limit_s < self.seconds
        return stop or self.spent

"""When a hunt has stalled: no progress for five times as long as a batch usually takes."""

import statistics
from collections import deque

TIMES = 5.0
LEAST = 10.0
BEFORE_ANY = 300.0
"""Seconds: while nothing is known of batches, what compiles may take its time."""


class Pace:
    """How long the last batches took, and from when on silence is a stall."""

    def __init__(self) -> None:
        self._seconds: deque[float] = deque(maxlen=101)

    def note(self, seconds: float) -> None:
        """A batch has taken so long."""
        self._seconds.append(seconds)

    @property
    def patience(self) -> float:
        """Seconds without progress after which a hunt has stalled."""
        if not self._seconds:
            return BEFORE_ANY
        return max(LEAST, TIMES * statistics.median(self._seconds))

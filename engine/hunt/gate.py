"""The gate that work passes between chunks: open, held shut by a pause, or closed by a stop."""

import threading
import time


class Gate:
    """Pause, resume and stop from any thread; work asks it between chunks."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self._open.set()
        self._stopped = threading.Event()

    @property
    def paused(self) -> bool:
        """Whether work is held."""
        return not self._open.is_set()

    @property
    def stopped(self) -> bool:
        """Whether work is to end."""
        return self._stopped.is_set()

    def reset(self) -> None:
        """Open it for another hunt."""
        self._stopped.clear()
        self._open.set()

    def pause(self) -> None:
        """Hold work at its next chunk; a stopped gate stays as it is."""
        if not self.stopped:
            self._open.clear()

    def resume(self) -> None:
        """Let held work go on."""
        self._open.set()

    def stop(self) -> None:
        """Turn all work away, held work too."""
        self._stopped.set()
        self._open.set()

    def wait(self) -> float:
        """Stand before the gate while it is shut; seconds that took."""
        if self._open.is_set():
            return 0.0
        began = time.monotonic()
        self._open.wait()
        return time.monotonic() - began


class Allowance:
    """The time that a piece of work may take, begun at its first question; pauses do not count.

    Attributes:
        spent: whether the time ran out, rather than that the gate was closed.
    """

    def __init__(self, gate: Gate, seconds: float) -> None:
        self._gate, self._seconds = gate, seconds
        self._ends: float | None = None
        self.spent = False

    def is_over(self) -> bool:
        """Whether to end now, because of a stop or the time; waits while the gate is shut."""
        waited = self._gate.wait()
        if self._gate.stopped:
            return True
        if self._seconds:
            now = time.monotonic()
            self._ends = now + self._seconds if self._ends is None else self._ends + waited
            self.spent = now > self._ends
        return self.spent

"""The gate that work passes between chunks: open, held shut by a pause, or closed by a stop."""

import threading


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

    def wait(self) -> None:
        """Stand before the gate while it is shut."""
        self._open.wait()

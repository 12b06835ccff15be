"""A process that reads artifacts for H5Web, one question at a time.

What a file does to HDF5 stays in there: a loop ends with its time, a crash with the process, and
the next question gets a new one. The server's own reads never wait for it.
"""

import contextlib
import logging
import multiprocessing
import signal
import threading
from collections.abc import Mapping
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from engine.errors import ArtifactError
from irer_panel.h5web.answer import Answer

_log = logging.getLogger(__name__)

SECONDS = 30
"""A question may take so long; 256 MB come from a disk in two."""

_IDLE = 5.0
"""Seconds without a question after which the artifact of the last one is closed."""


class Reader:
    """Asks a process of its own."""

    def __init__(self, seconds: int = SECONDS) -> None:
        """Take how long a question may take; the process is started with the first."""
        self._seconds = seconds
        self._lock = threading.Lock()
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None

    def ask(
        self, path: Path, run: str, question: str, query: Mapping[str, str], *, small: bool = False
    ) -> Answer:
        """Answer as `Reading.answer` does. Blocks: call it off the event loop.

        Raises:
            ArtifactError: the process died of the question, or took too long over it.
        """
        with self._lock:
            if self._process is not None and not self._process.is_alive():
                self._end()  # of something else than this question
            connection = self._connection or self._start()
            try:
                connection.send((path, run, question, query, small))
                status, headers = connection.recv()
                content = connection.recv_bytes()
            except (EOFError, OSError) as error:
                self._end()
                _log.error("H5Web's reader died of %s, %s %s", path.name, question, query)
                raise ArtifactError(
                    f"{path.name}: reading it crashed HDF5 or took more than {self._seconds} s, "
                    f"expected an intact artifact; audit it with `irer validate {run}`."
                ) from error
        return Answer(status, content, headers)

    def start(self) -> None:
        """Start the process, before it is asked anything."""
        with self._lock:
            if self._connection is None:
                self._start()

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _start(self) -> Connection:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        # A daemon: it ends with the server, however that ends.
        self._process = context.Process(target=_serve, args=(theirs, self._seconds), daemon=True)
        self._process.start()
        theirs.close()
        self._connection = ours
        return ours

    def _end(self) -> None:
        if self._connection is not None:
            self._connection.close()
        if self._process is not None:
            self._process.kill()
            self._process.join()
        self._connection = self._process = None


def _serve(connection: Connection, seconds: int) -> None:
    """In the process: answer until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's to handle
    from irer_panel.h5web.reading import Reading

    reading = Reading()
    # The server's end closes with the server.
    with contextlib.suppress(EOFError, OSError):
        while True:
            if not connection.poll(_IDLE):
                reading.close()
            *question, small = connection.recv()
            signal.alarm(seconds)  # unhandled, so that it ends a loop in HDF5 too
            found = reading.answer(*question, small=small)
            signal.alarm(0)
            connection.send((found.status, found.headers))
            connection.send_bytes(found.content)  # as it is: pickled, 64 MB would be copied twice

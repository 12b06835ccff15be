"""One reader of the event log for all who follow it: each event is read and written out once.

The newest events wait in a window, as the bytes that go over the wire. Whoever follows asks for
what comes after the last that it has; what is older than the window is read from the ledger, page
by page. So memory is bounded whatever the readers do, and a slow one loses nothing.
"""

import asyncio
import contextlib
import json
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from functools import partial
from itertools import islice
from typing import NamedTuple, TypeVar

from engine.errors import EngineError
from engine.live.bus import Bus
from engine.store.event import Event
from engine.store.reader import LedgerReader
from irer_panel.api.limits import CHUNK_BYTES
from irer_panel.background import tellers

Result = TypeVar("Result")

_log = logging.getLogger(__name__)

PULSE = 1.0
"""Seconds after which the log is read although nothing rang: other processes write it too."""

GAP = 0.02
"""Least seconds between two readings: so often, at most, hundreds of readers are woken."""

PAGE = 500
"""Events that are read at once."""

WINDOW = 4096
"""Most events that are kept."""

WINDOW_BYTES = 16 * 2**20
"""Most bytes of them."""

KEPT = 8
"""Most answers that wait for another who asks for the same."""


class Stretch(NamedTuple):
    """Some events that follow each other: the number of the last, and all as they are sent."""

    last: int
    sent: bytes


class Standing(NamedTuple):
    """Where one begins to listen.

    Attributes:
        ledger: identity of the ledger; empty before there is one.
        newest: number of its newest event.
        replaced: what `FanOut.replaced` is as long as that ledger is followed.
    """

    ledger: str
    newest: int
    replaced: int


class FanOut:
    """Follows a ledger's event log while somebody listens. Lives on one event loop."""

    def __init__(self, reader: LedgerReader, bus: Bus) -> None:
        self._reader, self._bus = reader, bus
        self._window: deque[Stretch] = deque()
        self._size = 0
        self._ready: dict[int, Stretch] = {}
        self._ledger, self._last = "", 0
        self._troubled = False
        self._rung, self._news = asyncio.Event(), asyncio.Event()
        self._pump: asyncio.Task[None] | None = None
        self.listeners = 0
        self.replaced = 0
        self.closed = False

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[Standing]:
        """Follow the log inside the block.

        Raises:
            LedgerError: the ledger cannot be read.
        """
        replaced = self.replaced
        self.listeners += 1
        try:
            ledger, newest = await _off_loop(self._reader.standing)
            if self._pump is None:
                self._ledger, self._last = ledger, newest
                ring = partial(_ring, asyncio.get_running_loop(), self._rung)
                self._unsubscribe = self._bus.subscribe(ring)
                self._pump = asyncio.create_task(self._follow())
            elif self._ledger not in ("", ledger):  # it is just being replaced
                self._rung.set()
                replaced = -1
            yield Standing(ledger, newest, replaced)
        finally:
            self.listeners -= 1
            if not self.listeners and self._pump is not None:
                self._unsubscribe()
                self._pump.cancel()
                self._pump = None
                self._forget()
                self._ready.clear()

    async def after(self, seq: int) -> Stretch:
        """What follows an event, as much as is there and goes out at once; waits for it.

        Returns:
            The next events; none of them when the log was replaced, or nobody shall listen.

        Raises:
            LedgerError: the ledger cannot be read.
        """
        replaced = self.replaced
        while not self.closed and self.replaced == replaced:
            news = self._news
            if seq < self._last:
                ledger, found = self._ledger, self._held(seq)
                if found is None:
                    ledger, found = await _off_loop(partial(_read, self._reader, seq))
                if ledger != self._ledger:
                    self._rung.set()
                elif found is not None and self.replaced == replaced:
                    return found
            await news.wait()
        return Stretch(seq, b"")

    def close(self) -> None:
        """Let all go who listen."""
        self.closed = True
        self._tell()

    def _held(self, seq: int) -> Stretch | None:
        """What follows an event in the window; None where that begins later."""
        if not self._window or self._window[0].last > seq + 1:
            return None
        if seq not in self._ready:  # most readers ask for the same
            if len(self._ready) >= KEPT:
                self._ready.clear()
            self._ready[seq] = _joined(
                islice(self._window, seq + 1 - self._window[0].last, len(self._window))
            )
        return self._ready[seq]

    async def _follow(self) -> None:
        while True:
            self._rung.clear()
            try:
                await self._read_on()
                self._troubled = False
            except Exception as error:  # whatever it is, the log may be well again
                if not self._troubled:
                    known = isinstance(error, EngineError | OSError)
                    _log.error("The event log cannot be read: %s", error, exc_info=not known)
                self._troubled = True
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PULSE):
                    await self._rung.wait()

    async def _read_on(self) -> None:
        while True:
            ledger, found = await _off_loop(partial(_pieces, self._reader, self._last))
            if self._ledger not in ("", ledger):  # rebuilt from the files
                self._begin_anew(ledger)
                continue
            self._ledger = ledger
            if not found:
                break
            self._keep(found)
            self._last = found[-1].last
            self._tell()
            await asyncio.sleep(GAP)
        if await _off_loop(self._reader.last_seq) < self._last:  # an older copy of itself
            self._begin_anew(ledger)

    def _begin_anew(self, ledger: str) -> None:
        self._ledger, self._last = ledger, 0
        self._forget()
        self.replaced += 1
        self._tell()

    def _keep(self, found: list[Stretch]) -> None:
        for piece in found:
            self._window.append(piece)
            self._size += len(piece.sent)
            while len(self._window) > WINDOW or self._size > WINDOW_BYTES:
                self._size -= len(self._window.popleft().sent)

    def _forget(self) -> None:
        self._window.clear()
        self._size = 0

    def _tell(self) -> None:
        self._ready.clear()
        self._news.set()
        self._news = asyncio.Event()


async def _off_loop(work: Callable[[], Result]) -> Result:
    return await asyncio.get_running_loop().run_in_executor(tellers, work)


def _ring(loop: asyncio.AbstractEventLoop, rung: asyncio.Event) -> None:
    """From the thread of whoever rings; a loop that was closed hears nothing any more."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(rung.set)


def _pieces(reader: LedgerReader, seq: int) -> tuple[str, list[Stretch]]:
    ledger, events = reader.log_after(seq, PAGE)
    return ledger, [Stretch(event.seq, _frame(event)) for event in events]


def _read(reader: LedgerReader, seq: int) -> tuple[str, Stretch | None]:
    ledger, found = _pieces(reader, seq)
    return ledger, _joined(found) if found else None


def _joined(pieces: Iterable[Stretch]) -> Stretch:
    """As many of some events as go out at once, at least the first."""
    last, size = 0, 0
    parts: list[bytes] = []
    for piece in pieces:
        if parts and size + len(piece.sent) > CHUNK_BYTES:
            break
        last, size = piece.last, size + len(piece.sent)
        parts.append(piece.sent)
    return Stretch(last, b"".join(parts))


def _frame(event: Event) -> bytes:
    return f"id: {event.seq}\ndata: {json.dumps(event.to_dict())}\n\n".encode()

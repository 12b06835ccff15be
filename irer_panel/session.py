"""One browser session's eyes: woken by the bus, it reads off the loop and shows the newest.

The bus rings in the hunt's thread, maybe hundreds of times a second. A ring only asks the
session's loop to look; further looks come at ticks that are `PERIOD` apart, each read of status
and ledger happens in an executor, and what comes back replaces `snapshot`. A slow pulse looks even
when no bell rings, for what other processes do in the same workspace.

Figures in words follow every look. Lists, pictures and plots cost the loop, which all sessions
share, ten times as much: they follow `paced`, for which the sessions take turns.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

import param

from engine.hunt.engine import Engine
from irer_panel.background import Loop, Newest, readers
from irer_panel.snapshot import Snapshot, look

PERIOD = 0.125
"""Seconds between two looks: 8 Hz. All sessions have the same ticks, and share what they read."""

PULSE = 2.0
"""Seconds after which a session looks although nothing rang."""

SHARE = 4
"""Turns that cost the loop a second each come four seconds apart: words come in between."""

LONGEST = 1.0
"""Most seconds between two turns."""


class Turns:
    """Hands out moments that are some time apart, in the order in which they are asked for.

    One who asks alone has it at once; of ten who all have to, each has one in ten. They are
    `PERIOD` apart, and further where they cost the loop, which all sessions share, too much of it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last, self._gap, self._spent = -PERIOD, PERIOD, 0.0

    def wait(self) -> float:
        """Seconds until the turn of the one who asks."""
        with self._lock:
            now = time.monotonic()
            self._last = max(now, self._last + self._gap)
            return self._last - now

    def take(self, spent: float) -> None:
        """Note that a turn has come.

        Args:
            spent: processor time of the loop's thread so far, in seconds.
        """
        with self._lock:
            wanted = min(LONGEST, max(PERIOD, SHARE * (spent - self._spent)))
            self._gap, self._spent = (self._gap + wanted) / 2, spent


turns = Turns()
"""Of all sessions of this process: they share its loop."""


class Session(param.Parameterized):
    """Follows an engine for one page, from `open` to `close`.

    `snapshot` is the newest look, set on the page's loop. `paced` is the newest look too, but where
    only runs were added it waits for this session's turn.
    """

    snapshot = param.ClassSelector(
        default=Snapshot(), class_=Snapshot, allow_None=False, doc="What the newest look saw."
    )
    paced = param.ClassSelector(
        default=Snapshot(), class_=Snapshot, allow_None=False, doc="A look that large views show."
    )

    def __init__(self, engine: Engine, loop: Loop) -> None:
        status = engine.status()
        first = Snapshot(status=status, shown=status, taken=time.time())
        super().__init__(snapshot=first, paced=first)
        self._engine = engine
        self._loop = loop
        self._reads: Newest[Snapshot] = Newest(readers, loop, self._show)
        self._lock = threading.Lock()
        self._woken = False
        self._closed = False
        self._looked = self._asked = 0.0
        self._queues = False
        self._chosen = ""
        self._unsubscribe: Callable[[], None] | None = None

    def open(self) -> None:
        """Begin to look: once those who show the snapshot are there to see it change."""
        self._unsubscribe = self._engine.bus.subscribe(self.wake)
        self.wake()
        self._pulse()

    def wake(self) -> None:
        """Ask for a look, from any thread; asking again before it happens changes nothing."""
        with self._lock:
            now = self._asked = time.monotonic()
            if self._woken or self._closed:
                return
            self._woken = True
            due = round(self._looked / PERIOD + 1) * PERIOD
            wait = max(0.0, due - now)
        self._loop.later(wait, self._look)

    def choose(self, run: str) -> None:
        """Look for the row of a run too, which may be older than those that every look sees."""
        self._chosen = run
        if self.snapshot.run(run) is None:
            self.wake()

    def close(self) -> None:
        """Look no more and leave the bus; closing twice does no harm."""
        self._closed = True
        if self._unsubscribe is not None:
            self._unsubscribe()
        self._reads.close()

    def _look(self) -> None:
        with self._lock:
            self._woken = False
            self._looked, asked = time.monotonic(), self._asked
        before, chosen = self.snapshot, self._chosen
        self._reads.request(lambda: look(self._engine, before, chosen, asked))

    def _show(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        if _matter(self.paced) != _matter(snapshot):
            self.paced = snapshot
        elif not self._queues:
            self._queues = True
            self._loop.later(turns.wait(), self._turn)

    def _turn(self) -> None:
        turns.take(time.thread_time())
        if not self._closed:  # models change, which a builder may be making just now: it waits
            self._loop.soon(self._pace)

    def _pace(self) -> None:
        self._queues = False
        if not self._closed:
            self.paced = self.snapshot

    def _pulse(self) -> None:
        if not self._closed:
            self._loop.later(PULSE, self._beat)

    def _beat(self) -> None:
        if not self._closed:
            self.wake()
            self._pulse()


def _matter(look: Snapshot) -> tuple[Any, ...]:
    """What a user did or waits for: all but that runs were added."""
    chosen = look.chosen["config_hash"] if look.chosen else ""
    return chosen, look.job, look.problem, look.shown.hunt_id, look.shown.state

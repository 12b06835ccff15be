"""One browser session's eyes: woken by the bus, it reads off the loop and shows the newest.

The bus rings in the hunt's thread, maybe hundreds of times a second. A ring only asks the
session's loop to look; looks are at least `PERIOD` apart, each read of status and ledger happens
in an executor, and what comes back replaces `snapshot`. A slow pulse looks even when no bell
rings, for what other processes do in the same workspace.

Figures in words follow every look. Lists, pictures and plots cost the loop, which all sessions
share, ten times as much: they follow `paced`, which leaves each session the same share of the time.
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
"""Least seconds between two looks: 8 Hz."""

PULSE = 2.0
"""Seconds after which a session looks although nothing rang."""


class Session(param.Parameterized):
    """Follows an engine for one page, from `open` to `close`.

    `snapshot` is the newest look, set on the page's loop. `paced` is the same, but where only runs
    were added it comes as many times `PERIOD` after the one before as there are sessions.
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
        self._looked = 0.0
        self._paced = 0.0
        self._pacing = False
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
            if self._woken or self._closed:
                return
            self._woken = True
            wait = max(0.0, self._looked + PERIOD - time.monotonic())
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
            self._looked = time.monotonic()
        before, chosen = self.snapshot, self._chosen
        self._reads.request(lambda: look(self._engine, before, chosen))

    def _show(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        wait = self._paced + PERIOD * self._engine.bus.listeners - time.monotonic()
        if wait <= 0 or _turns(self.paced, snapshot):
            self._pace()
        elif not self._pacing:
            self._pacing = True
            self._loop.later(wait, self._pace)

    def _pace(self) -> None:
        self._pacing = False
        if not self._closed and self.paced is not self.snapshot:
            self._paced = time.monotonic()
            self.paced = self.snapshot

    def _pulse(self) -> None:
        if not self._closed:
            self._loop.later(PULSE, self._beat)

    def _beat(self) -> None:
        if not self._closed:
            self.wake()
            self._pulse()


def _turns(before: Snapshot, now: Snapshot) -> bool:
    """Whether more than runs was added: what a user did, or waits for."""
    return _matter(before) != _matter(now)


def _matter(look: Snapshot) -> tuple[Any, ...]:
    chosen = look.chosen["config_hash"] if look.chosen else ""
    return chosen, look.job, look.problem, look.shown.hunt_id, look.shown.state

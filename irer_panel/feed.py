"""The runs of the hunt that a page shows, as one table for all its figures."""

import time
from dataclasses import dataclass
from functools import partial
from typing import Any

import param

from engine.errors import EngineError
from engine.hunt.table import HuntTable, read_table
from engine.store.reader import LedgerReader
from irer_panel.background import Loop, Newest, readers
from irer_panel.shared import shared
from irer_panel.snapshot import Snapshot

LEAST_WAIT = 0.5
"""Least seconds between two readings."""

SHARE = 10
"""A reading that takes a second is followed by ten without one: the solver needs the cores."""


@dataclass(frozen=True, eq=False)
class Reading:
    """What a reading gave: a table, or why there is none; and what it cost in seconds."""

    table: HuntTable | None
    problem: str
    cost: float


def read(reader: LedgerReader, hunt_id: str, sequence: int) -> Reading:
    """Read a hunt's table, once for all pages; the empty id gives the empty table.

    Args:
        reader: of the ledger.
        hunt_id: which hunt.
        sequence: the ledger event up to which it must be read at least.
    """
    began = time.monotonic()
    try:
        state, work = (hunt_id, sequence), partial(read_table, reader, hunt_id)
        table, problem = shared(reader, "table", state, work) if hunt_id else HuntTable(), ""
    except EngineError as error:
        table, problem = None, str(error)
    return Reading(table, problem, time.monotonic() - began)


class HuntFeed(param.Parameterized):
    """Reads the shown hunt's runs again when something was committed, off the loop."""

    table = param.ClassSelector(
        class_=HuntTable, doc="Runs of the shown hunt; None before they are read."
    )
    problem = param.String(default="", doc="Why they cannot be read.")

    def __init__(self, reader: LedgerReader, loop: Loop, **params: Any) -> None:
        super().__init__(**params)
        self._reader = reader
        self._loop = loop
        self._reads: Newest[Reading] = Newest(readers, loop, self._show)
        self._wanted = ("", -1)
        self._waits = False
        self._not_before = 0.0

    def follow(self, snapshot: Snapshot) -> None:
        """Take note of a new look; read if it saw another hunt or a new event."""
        wanted = (snapshot.shown.hunt_id, snapshot.sequence)
        if wanted == self._wanted or snapshot.sequence < 0:
            return
        self._wanted = wanted
        if self._waits:
            return
        self._waits = True
        wait = self._not_before - time.monotonic()
        if wait > 0:
            self._loop.later(wait, self._read)
        else:
            self._read()

    def close(self) -> None:
        """Deliver nothing any more."""
        self._reads.close()

    def _read(self) -> None:
        self._waits = False
        self._reads.request(partial(read, self._reader, *self._wanted))

    def _show(self, reading: Reading) -> None:
        self._not_before = time.monotonic() + max(LEAST_WAIT, SHARE * reading.cost)
        if reading.table is None:
            self.problem = reading.problem
        else:
            self.param.update(table=reading.table, problem="")

"""Where a hunt happens: its files, its ledger, its executors, its status board."""

import time
from dataclasses import dataclass

from engine.hunt.auditors import Auditors
from engine.hunt.batch import Submit
from engine.hunt.gate import Gate
from engine.live.status import StatusBoard
from engine.store.ledger import Ledger
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace


@dataclass(frozen=True)
class Site:
    """What a hunt needs of its surroundings.

    Attributes:
        submit: hands a batch to the device.
        batch_size: runs a batch.
        gate: pauses and stops it.
        under_way: ids of runs that are asked for and not yet committed.
        deadline: when its time is spent, by the monotonic clock; None for no limit.
    """

    workspace: Workspace
    ledger: Ledger
    reader: LedgerReader
    board: StatusBoard
    submit: Submit
    auditors: Auditors
    batch_size: int
    gate: Gate
    under_way: set[str]
    deadline: float | None = None

    def is_late(self) -> bool:
        """Whether the hunt's time is spent."""
        return self.deadline is not None and time.monotonic() > self.deadline

    def is_over(self) -> bool:
        """Whether to end now: stopped, or out of time."""
        return self.gate.stopped or self.is_late()

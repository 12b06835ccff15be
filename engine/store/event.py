"""One entry of the event log: ids and scalars that say what happened; arrays stay in artifacts."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

EVENT_COLUMNS = "seq, at, kind, hunt_id, config_hash, payload"
"""The columns of the ledger's event table, in the order that `Event.from_columns` reads."""


@dataclass(frozen=True)
class Event:
    """What happened, as the ledger has it.

    Attributes:
        seq: place in the log: 1, 2, 3, … without a gap.
        at: when, ISO 8601 in UTC.
        kind: what, such as `run_committed`.
        hunt_id: the hunt that it belongs to, if any.
        config_hash: the run that it is about, if any.
        payload: further scalars by name.
    """

    seq: int
    at: str
    kind: str
    hunt_id: str | None = None
    config_hash: str | None = None
    payload: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_columns(cls, columns: Sequence[Any]) -> Self:
        """An event from a row of the ledger's event table."""
        seq, at, kind, hunt_id, config_hash, payload = columns
        return cls(seq, at, kind, hunt_id, config_hash, json.loads(payload))

    def to_dict(self) -> dict[str, Any]:
        """The event as JSON-ready values; the payload is not copied."""
        return dict(vars(self))

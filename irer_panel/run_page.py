"""One page of the run list, read from the ledger: of a million runs, no more than is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.errors import EngineError
from engine.settings import PHYSICS_KEYS
from engine.store.filters import EVERY_ROW, Filters
from engine.store.reader import LedgerReader
from engine.store.run_row import PARAMETERS

PAGE = 10
"""Runs on a page."""

NEWEST_FIRST = "-"
"""Order of commit, falling."""


KEYS = tuple(key for key in PHYSICS_KEYS if key not in PARAMETERS)
"""Numbers of the equations that the ledger keeps in a run's config alone: shown, not sorted by."""


@dataclass(frozen=True)
class RunQuery:
    """Which runs are wanted, in which order, and which page of them.

    Attributes:
        hunt_id: the hunt; empty for all runs.
        page: from 0.
        order: as `LedgerReader.runs` takes it.
        filters: which rows.
    """

    hunt_id: str = ""
    page: int = 0
    order: str = NEWEST_FIRST
    filters: Filters = EVERY_ROW


@dataclass(frozen=True, eq=False)
class RunPage:
    """The rows of a page, how many rows there are on all, or why there are none.

    `configs` holds the settings of the page's runs by their ids.
    """

    query: RunQuery = field(default_factory=RunQuery)
    rows: Sequence[Mapping[str, Any]] = ()
    total: int = 0
    problem: str = ""
    configs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // PAGE))

    @property
    def words(self) -> str:
        """What is shown of what: "11–20 of 48 runs"."""
        if not self.total:
            return "no runs"
        first = self.query.page * PAGE
        last = f"{first + len(self.rows):,}"
        return f"{first + 1:,}–{last} of {self.total:,} {'run' if self.total == 1 else 'runs'}"


def read_page(reader: LedgerReader, query: RunQuery) -> RunPage:
    """A page; the last one where there are fewer than was asked for. Call it off the event loop."""
    hunt = query.hunt_id or None
    try:
        total = reader.count(hunt, query.filters)
        page = min(query.page, max(0, (total - 1) // PAGE))
        query = RunQuery(query.hunt_id, page, query.order, query.filters)
        rows = reader.runs(
            hunt, limit=PAGE, offset=page * PAGE, order=query.order, filters=query.filters
        )
        configs = reader.configs([row["config_hash"] for row in rows])
    except EngineError as error:
        return RunPage(query, problem=str(error))
    return RunPage(query, rows, total, configs=configs)


def settings_row(row: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the ledger with `KEYS` beside it, None for those that are not known."""
    return {**row, **{key: config.get(key) for key in KEYS}}

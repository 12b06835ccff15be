"""How the run list stands, and the rows of it around the selected run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import param

from engine.errors import EngineError
from engine.store.filters import EVERY_ROW, Filters
from engine.store.reader import LedgerReader
from irer_panel.columns import USUAL
from irer_panel.run_page import NEWEST_FIRST

REACH = 25
"""Rows on each side of a place that are read with it: so many steps need no other read."""

SORTABLE = (
    "config_hash",
    "generation",
    "member",
    "param_kappa",
    "param_sigma_k",
    "param_alpha",
    "log_prime_sse",
    "sdg_h_norm_l2",
    "n_peaks",
    "pcs_score",
    "evolution_residual",
    "defect_density",
    "fitness",
    "status",
)
"""Columns that the list is sorted by: the ledger knows no larger p, and few of the settings."""

LAST = 10**9
"""A row beyond all that a list has."""


class Listing(param.Parameterized):
    """One session's run list as it stands, also where it was never opened."""

    order = param.String(default=NEWEST_FIRST, doc="As `LedgerReader.runs` takes it.")
    filters = param.ClassSelector(default=EVERY_ROW, class_=Filters, doc="Which rows.")
    page = param.Integer(default=0, bounds=(0, None), doc="Which page, from 0.")
    columns = param.List(default=list(USUAL), item_type=str, doc="Which columns.")
    walked = param.Tuple(
        default=("", 0), length=2, doc="The run that a step led to, and its row from 0."
    )


@dataclass(frozen=True)
class Listed:
    """Which rows, in which order, of which state of the ledger.

    Attributes:
        hunt_id: the hunt; empty for all runs.
        order: as `LedgerReader.runs` takes it.
        filters: which rows.
        sequence: the last event of that state.
    """

    hunt_id: str = ""
    order: str = NEWEST_FIRST
    filters: Filters = EVERY_ROW
    sequence: int = -1


@dataclass(frozen=True, eq=False)
class Surroundings:
    """A stretch of the list, and where a run stands in the whole.

    Attributes:
        listed: the list.
        run: the run that was asked for.
        place: its row, from 0; None where the list does not hold it.
        first: row of the stretch's first.
        ids: the runs of the stretch.
        total: rows on all.
    """

    listed: Listed
    run: str
    place: int | None = None
    first: int = 0
    ids: Sequence[str] = ()
    total: int = 0

    def at(self, place: int) -> str | None:
        """The run of a row, None where the stretch does not hold the row."""
        at = place - self.first
        return self.ids[at] if 0 <= at < len(self.ids) else None


@dataclass(frozen=True)
class Way:
    """Steps that were asked for and not yet taken.

    Attributes:
        start: the row where they begin, None for the selected run's; `LAST` is the list's last.
        steps: how many rows on; below 0 for back.
    """

    start: int | None = None
    steps: int = 0

    def leads(self, place: int | None, total: int) -> int:
        """The row at its end; the list's ends end it.

        From a run that the list does not hold (`place` None), either way leads to its first row.
        """
        here = -1 if place is None else place
        start = here if self.start is None else min(self.start, total - 1)
        return max(0, min(start + self.steps, total - 1))


def surroundings(
    reader: LedgerReader, listed: Listed, run: str, way: Way, hint: int | None = None
) -> Surroundings:
    """Read the rows around the one that a way from a run leads to. Call it off the event loop.

    Args:
        reader: of the ledger.
        listed: the list.
        run: where the way begins, empty for no run.
        way: where to.
        hint: the row where the run stood last, which tells its places apart.

    Returns:
        The rows; none where the ledger cannot be read, which the list itself says in words.
    """
    hunt = listed.hunt_id or None
    how: dict[str, Any] = {"order": listed.order, "filters": listed.filters}
    try:
        total = reader.count(hunt, listed.filters)
        place = hint
        there = [] if hint is None else reader.runs(hunt, limit=1, offset=hint, **how)
        if not there or there[0]["config_hash"] != run:
            place = reader.rank(run, hunt, **how) if run else None
        first = max(0, way.leads(place, total) - REACH)
        rows = reader.runs(hunt, limit=2 * REACH + 1, offset=first, **how)
    except EngineError:
        return Surroundings(listed, run)
    return Surroundings(listed, run, place, first, [row["config_hash"] for row in rows], total)

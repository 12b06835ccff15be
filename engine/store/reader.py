"""Reading the ledger, from any thread and any process, while it is being written.

Each call opens a connection, sees one consistent state of the ledger, and closes it again.
"""

import contextlib
import json
import sqlite3
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any

from engine.errors import SettingsError
from engine.settings import STATUS_OK
from engine.store.event import EVENT_COLUMNS, Event
from engine.store.run_row import EVIDENCE, PARAMETERS, SCORES
from engine.store.tables import connect_reader, translated

PLACE_COLUMNS = ("hunt_id", "generation", "member", "replicate", "fitness")
RUN_COLUMNS = (
    "config_hash",
    "param_hash",
    *PARAMETERS,
    "status",
    "error",
    *SCORES,
    "n_peaks",
    *EVIDENCE,
    "artifact_sha256",
    "artifact_bytes",
    "committed",
    "evicted",
)
COLUMNS = (*PLACE_COLUMNS, *RUN_COLUMNS)
"""What a row of `LedgerReader.runs` holds."""

_SELECT = "SELECT " + ", ".join(
    [*(f"h.{name}" for name in PLACE_COLUMNS), *(f"r.{name}" for name in RUN_COLUMNS)]
)
_FROM_HUNT = "FROM hunt_runs h JOIN runs r USING (config_hash)"
_OF_HUNT = f"{_SELECT} {_FROM_HUNT} WHERE h.hunt_id = ?"
_OF_ALL = (
    f"{_SELECT} FROM runs r LEFT JOIN hunt_runs h ON h.rowid = "
    "(SELECT min(rowid) FROM hunt_runs WHERE config_hash = r.config_hash) WHERE ? IS NULL"
)
_PLACES = f"{_SELECT} FROM runs r LEFT JOIN hunt_runs h USING (config_hash)"
_HUNTS = "SELECT hunt_id, created, settings, state, reason, ended FROM hunts ORDER BY rowid DESC"
_HOLDINGS = """
SELECT h.config_hash, r.status, h.fitness, r.artifact_sha256, r.evicted,
    r.evicted IS NULL AND (r.committed < t.created
    OR EXISTS (SELECT 1 FROM links WHERE config_hash = h.config_hash OR origin = h.config_hash)
    OR EXISTS (SELECT 1 FROM hunt_runs o
        WHERE o.config_hash = h.config_hash AND o.hunt_id <> h.hunt_id)) AS claimed
FROM hunt_runs h JOIN runs r USING (config_hash) JOIN hunts t USING (hunt_id)
WHERE h.hunt_id = ? ORDER BY h.rowid
"""


class LedgerReader:
    """Questions to a ledger; before there is one, every answer is empty.

    Every method raises `LedgerError` when the file is there but is not a ledger of this version.
    """

    def __init__(self, path: Path) -> None:
        self._path = Path(path)

    def runs(
        self,
        hunt_id: str | None = None,
        *,
        limit: int | None = None,
        offset: int = 0,
        order: str = "",
    ) -> list[dict[str, Any]]:
        """The runs of a hunt, one row a place; or all runs, one row a run.

        Args:
            hunt_id: None for all runs: each then shows the first place that it had, if any.
            limit: at most this many rows; None for all.
            offset: skip this many rows.
            order: a column of `COLUMNS`, with `-` before it for falling; rows without a value
                come last, equal ones in order of their commit. Empty: order of commit; `-`:
                newest first.

        Returns:
            Rows by column; undefined values are None.

        Raises:
            SettingsError: an order that is no column, or a negative limit or offset.
        """
        base, where = (_OF_ALL, "r.rowid") if hunt_id is None else (_OF_HUNT, "h.rowid")
        for name, value in (("limit", limit), ("offset", offset)):
            if value is not None and value < 0:
                raise SettingsError(
                    f"{name}: got {value}, expected 0 or more; leave it out.", field=name
                )
        query = f"{base} ORDER BY {_ordering(order, where)} LIMIT ? OFFSET ?"
        return [
            dict(row) for row in self._all(query, hunt_id, -1 if limit is None else limit, offset)
        ]

    def run(self, config_hash: str) -> dict[str, Any] | None:
        """One run: its columns, its `config`, and its `places` in hunts; None if unknown."""
        with self._connection() as connection:
            if connection is None:
                return None
            columns = ", ".join((*RUN_COLUMNS, "config"))
            found = connection.execute(
                f"SELECT {columns} FROM runs WHERE config_hash = ?", (config_hash,)
            ).fetchone()
            if found is None:
                return None
            places = connection.execute(
                f"SELECT {', '.join(PLACE_COLUMNS)} FROM hunt_runs WHERE config_hash = ? "
                "ORDER BY rowid",
                (config_hash,),
            ).fetchall()
        config = json.loads(found["config"])
        return {**dict(found), "config": config, "places": [dict(place) for place in places]}

    def best(self, hunt_id: str | None = None) -> dict[str, Any] | None:
        """The fittest run of status ok, of one hunt or of all; the earliest of equals.

        Returns:
            A row as `runs` gives it; None before there is one.
        """
        query = (
            f"{_SELECT} FROM hunt_runs h JOIN runs r USING (config_hash) "
            f"WHERE r.status = '{STATUS_OK}' AND h.fitness IS NOT NULL "
            "AND (? IS NULL OR h.hunt_id = ?) ORDER BY h.fitness DESC, h.rowid LIMIT 1"
        )
        rows = self._all(query, hunt_id, hunt_id)
        return dict(rows[0]) if rows else None

    def counts(self, hunt_id: str | None = None) -> dict[str, int]:
        """How many places of a hunt (or how many runs, of all) have each status."""
        source = "hunt_runs h JOIN runs r USING (config_hash)" if hunt_id else "runs r"
        condition = "h.hunt_id = ?" if hunt_id else "? IS NULL"
        query = f"SELECT r.status, count(*) FROM {source} WHERE {condition} GROUP BY r.status"
        return {row[0]: row[1] for row in self._all(query, hunt_id)}

    def generation(self, hunt_id: str, generation: int) -> dict[tuple[int, int], dict[str, Any]]:
        """What a generation of a hunt holds, by member and replicate: rows, with `gradient`."""
        query = f"{_SELECT}, h.gradient {_FROM_HUNT} WHERE h.hunt_id = ? AND h.generation = ?"
        held = {}
        for row in self._all(query, hunt_id, generation):
            slopes = None if row["gradient"] is None else json.loads(row["gradient"])
            held[row["member"], row["replicate"]] = {**dict(row), "gradient": slopes}
        return held

    def hunts(self) -> list[dict[str, Any]]:
        """Every hunt, newest first: id, created, settings, state, reason, ended."""
        return [_hunt(row) for row in self._all(_HUNTS)]

    def latest_hunt(self) -> dict[str, Any] | None:
        """The newest hunt; None before there is one."""
        rows = self._all(f"{_HUNTS} LIMIT 1")
        return _hunt(rows[0]) if rows else None

    def events_after(self, seq: int = 0, limit: int = 1000) -> list[Event]:
        """The events that follow number `seq`, oldest first, at most `limit` of them."""
        rows = self._all(
            f"SELECT {EVENT_COLUMNS} FROM events WHERE seq > ? ORDER BY seq LIMIT ?",
            seq,
            max(0, limit),
        )
        return [Event.from_columns(row) for row in rows]

    def last_seq(self) -> int:
        """Number of the newest event; 0 before there is one."""
        rows = self._all("SELECT max(seq) FROM events")
        return (rows[0][0] or 0) if rows else 0

    @contextlib.contextmanager
    def places(self) -> Iterator[Iterator[dict[str, Any]]]:
        """Every run at every place that it has, one after the other, from one state of the ledger.

        A run outside any hunt comes once, with None for its place.
        """
        with self._connection() as connection:
            if connection is None:
                yield iter(())
            else:
                cursor = connection.execute(f"{_PLACES} ORDER BY r.rowid, h.rowid")
                yield (dict(row) for row in cursor)

    def links(self, config_hash: str) -> list[dict[str, Any]]:
        """How a run came of others, and others of it, oldest first.

        Returns:
            `config_hash` (the later run), `relation`, `origin` (the earlier one) and `created`.
        """
        query = (
            "SELECT config_hash, relation, origin, created FROM links "
            "WHERE config_hash = ? OR origin = ? ORDER BY rowid"
        )
        return [dict(row) for row in self._all(query, config_hash, config_hash)]

    def holdings(self, hunt_id: str) -> list[dict[str, Any]]:
        """What decides which artifacts of a hunt are kept, one row a place, in order of commit.

        Returns:
            `config_hash`, `status`, `fitness`, `artifact_sha256`, `evicted` and `claimed`: whether
            the run has its artifact and is linked, has a place in another hunt, or was there before
            this one.
        """
        return [dict(row) for row in self._all(_HOLDINGS, hunt_id)]

    def evicted_among(self, hashes: Container[str]) -> list[str]:
        """Those of some runs that are evicted."""
        with self._connection() as connection:
            if connection is None:
                return []
            found = connection.execute("SELECT config_hash FROM runs WHERE evicted IS NOT NULL")
            return [name for (name,) in found if name in hashes]

    def _all(self, query: str, *values: Any) -> list[sqlite3.Row]:
        with self._connection() as connection:
            return [] if connection is None else connection.execute(query, values).fetchall()

    @contextlib.contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection | None]:
        connection = connect_reader(self._path)
        if connection is None:
            yield None
            return
        with translated(self._path), contextlib.closing(connection):
            # One transaction: two questions of one call must not see two states.
            connection.execute("BEGIN")
            yield connection


def _ordering(order: str, rowid: str) -> str:
    name = order.removeprefix("-")
    way = "DESC" if order.startswith("-") else "ASC"
    if not name:
        return f"{rowid} {way}"
    if name not in COLUMNS:
        raise SettingsError(
            f"order: got {order!r}, expected a column ({', '.join(COLUMNS)}), with '-' before it "
            "for falling; leave it out for the order of commit.",
            field="order",
        )
    column = f"h.{name}" if name in PLACE_COLUMNS else f"r.{name}"
    return f"{column} IS NULL, {column} {way}, {rowid}"


def _hunt(row: sqlite3.Row) -> dict[str, Any]:
    return {**dict(row), "settings": json.loads(row["settings"])}

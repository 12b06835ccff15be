"""Reading the ledger, from any thread and any process, while it is being written.

Each call opens a connection, sees one consistent state of the ledger, and closes it again.
"""

import contextlib
import json
import sqlite3
from collections.abc import Container, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.errors import LedgerError, SettingsError
from engine.store.columns import COLUMNS, PLACE_COLUMNS, RUN_COLUMNS
from engine.store.entries import unknown_among
from engine.store.event import EVENT_COLUMNS, Event
from engine.store.filters import EVERY_ROW, Filters
from engine.store.listing import ALL_RUNS
from engine.store.pages import Order, columns, count, counts, fittest, page
from engine.store.pareto import front
from engine.store.rank import rank
from engine.store.tables import connect_reader, translated

__all__ = ["COLUMNS", "LedgerReader"]

_OF_GENERATION = (*COLUMNS, "gradient")
_GENERATION = (
    "SELECT "
    + ", ".join([*(f"h.{n}" for n in PLACE_COLUMNS), *(f"r.{n}" for n in RUN_COLUMNS)])
    + ", h.gradient FROM hunt_runs h JOIN runs r USING (config_hash) "
    "WHERE h.hunt_id = ? AND h.generation = ?"
)
_HUNTS = "SELECT hunt_id, created, settings, state, reason, ended FROM hunts ORDER BY rowid DESC"
_EVENTS = f"SELECT {EVENT_COLUMNS} FROM events WHERE seq > ? ORDER BY seq LIMIT ?"
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
        filters: Filters = EVERY_ROW,
    ) -> list[dict[str, Any]]:
        """The runs of a hunt, one row a place; or all runs, one row a run.

        Args:
            hunt_id: None for all runs: each then shows the first place that it had, if any.
            limit: at most this many rows; None for all.
            offset: skip this many rows.
            order: a column of `COLUMNS`, with `-` before it for falling; rows without a value
                come last, equal ones in order of their commit, falling the newest first. Empty:
                order of commit; `-`: newest first.
            filters: which rows; the offset counts these alone.

        Returns:
            Rows by column; undefined values are None.

        Raises:
            SettingsError: an order that is no column, or a negative limit or offset.
        """
        for name, value in (("limit", limit), ("offset", offset)):
            if value is not None and value < 0:
                raise SettingsError(
                    f"{name}: got {value}, expected 0 or more; leave it out.", field=name
                )
        wanted = Order.parse(order)
        with self._scope(hunt_id) as (connection, scope):
            if connection is None:
                return []
            rows = page(connection, scope, wanted, filters, limit=limit, offset=offset)
            return [dict(row) for row in rows]

    def columns(self, names: Sequence[str], hunt_id: str) -> dict[str, tuple[Any, ...]]:
        """Some of `COLUMNS` over all places of a hunt, in order of their commit.

        What statistics need of many runs: in a fifth of the time that `runs` takes for all.
        """
        with self._scope(hunt_id) as (connection, scope):
            rows = [] if connection is None else columns(connection, scope, names)
        return dict(zip(names, zip(*rows, strict=True) if rows else [()] * len(names), strict=True))

    def count(self, hunt_id: str | None = None, filters: Filters = EVERY_ROW) -> int:
        """How many rows `runs` has without a limit."""
        with self._scope(hunt_id) as (connection, scope):
            return 0 if connection is None else count(connection, scope, filters)

    def rank(
        self,
        config_hash: str,
        hunt_id: str | None = None,
        *,
        order: str = "",
        filters: Filters = EVERY_ROW,
    ) -> int | None:
        """At which row of `runs` a run stands, from 0; its first where it has several places.

        None where it is not among them.

        Raises:
            SettingsError: an order that is no column.
        """
        wanted = Order.parse(order)
        with self._scope(hunt_id) as (connection, scope):
            if connection is None:
                return None
            return rank(connection, scope, wanted, config_hash, filters)

    def pareto(self, hunt_id: str | None = None) -> list[dict[str, Any]]:
        """The runs that no other beats in both log_prime_sse and sdg_h_norm_l2 (small is good).

        Of a hunt or of all; runs of equal figures are all there.

        Returns:
            Rows as `runs` gives them, from the smallest log_prime_sse on.
        """
        with self._scope(hunt_id) as (connection, scope):
            return [] if connection is None else [dict(r) for r in front(connection, scope)]

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
        config = self._parsed(f"the config of run {config_hash}", found["config"])
        return {**dict(found), "config": config, "places": [dict(place) for place in places]}

    def configs(self, hashes: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The configs of some runs by their ids, those that are unknown left out.

        One question, whatever their number: made for a page of the run list.
        """
        marks = ", ".join("?" * len(hashes))
        query = f"SELECT config_hash, config FROM runs WHERE config_hash IN ({marks})"
        found = self._all(query, *hashes)
        return {name: self._parsed(f"the config of run {name}", text) for name, text in found}

    def best(self, hunt_id: str | None = None) -> dict[str, Any] | None:
        """The fittest run of status ok, of one hunt or of all; the earliest of equals.

        Returns:
            A row as `runs` gives it; None before there is one.
        """
        with self._connection() as connection:
            if connection is None:
                return None
            hunts = "SELECT rowid FROM hunts WHERE :hunt IS NULL OR hunt_id = :hunt ORDER BY rowid"
            best: dict[str, Any] | None = None
            for (scope,) in connection.execute(hunts, {"hunt": hunt_id}).fetchall():
                found = fittest(connection, scope)
                if found is not None and (best is None or found["fitness"] > best["fitness"]):
                    best = dict(found)
            return best

    def counts(self, hunt_id: str | None = None) -> dict[str, int]:
        """How many places of a hunt (or how many runs, of all) have each status."""
        with self._scope(hunt_id) as (connection, scope):
            return {} if connection is None else counts(connection, scope)

    def generation(self, hunt_id: str, generation: int) -> dict[tuple[int, int], dict[str, Any]]:
        """What a generation of a hunt holds, by member and replicate: rows, with `gradient`."""
        held = {}
        for values in self._all(_GENERATION, hunt_id, generation):
            row = dict(zip(_OF_GENERATION, values, strict=True))
            if row["gradient"] is not None:
                what = f"the gradient of run {row['config_hash']}"
                row["gradient"] = self._parsed(what, row["gradient"])
            held[row["member"], row["replicate"]] = row
        return held

    def hunts(self) -> list[dict[str, Any]]:
        """Every hunt, newest first: id, created, settings, state, reason, ended."""
        return [self._hunt(row) for row in self._all(_HUNTS)]

    def latest_hunt(self) -> dict[str, Any] | None:
        """The newest hunt; None before there is one."""
        rows = self._all(f"{_HUNTS} LIMIT 1")
        return self._hunt(rows[0]) if rows else None

    def events_after(self, seq: int = 0, limit: int = 1000) -> list[Event]:
        """The events that follow number `seq`, oldest first, at most `limit` of them.

        One that is damaged is a `LedgerError` once those before it were given.
        """
        return self.log_after(seq, limit)[1]

    def log_after(self, seq: int, limit: int = 1000) -> tuple[str, list[Event]]:
        """The ledger's `identity`, and `events_after` of that very ledger."""
        with self._connection() as connection:
            if connection is None:
                return "", []
            [identity] = connection.execute("SELECT ledger FROM identity").fetchone()
            rows = connection.execute(_EVENTS, (seq, max(0, limit))).fetchall()
        return identity, self._events(rows)

    def standing(self) -> tuple[str, int]:
        """The ledger's `identity`, and `last_seq` of that very ledger."""
        rows = self._all("SELECT ledger, (SELECT max(seq) FROM events) FROM identity")
        return (rows[0][0], rows[0][1] or 0) if rows else ("", 0)

    def identity(self) -> str:
        """What tells this ledger from every other, whatever its path; empty before there is one."""
        rows = self._all("SELECT ledger FROM identity")
        return rows[0][0] if rows else ""

    def last_seq(self) -> int:
        """Number of the newest event; 0 before there is one."""
        rows = self._all("SELECT max(seq) FROM events")
        return (rows[0][0] or 0) if rows else 0

    @contextlib.contextmanager
    def places(
        self, columns: Sequence[str] = COLUMNS, hunt_id: str | None = None
    ) -> Iterator[Iterator[tuple[Any, ...]]]:
        """Every run at every place that it has, one after the other, from one state of the ledger.

        A run outside any hunt comes once, with None for its place.

        Args:
            columns: what each row holds: some of `COLUMNS`, and `config` or `gradient`, JSON text.
            hunt_id: the places of this hunt alone, in order of their commit.
        """
        with self._connection() as connection:
            if connection is None:
                yield iter(())
            else:
                of_place = (*PLACE_COLUMNS, "gradient")
                names = (f"h.{n}" if n in of_place else f"r.{n}" for n in columns)
                source = (
                    "runs r LEFT JOIN hunt_runs h USING (config_hash) ORDER BY r.rowid, h.rowid"
                    if hunt_id is None
                    else "hunt_runs h CROSS JOIN runs r USING (config_hash) "
                    "WHERE h.hunt_id = :hunt ORDER BY h.rowid"
                )
                query = f"SELECT {', '.join(names)} FROM {source}"
                cursor = connection.execute(query, {} if hunt_id is None else {"hunt": hunt_id})
                cursor.row_factory = None
                yield cursor

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

    def seconds_spent(self, hunt_id: str) -> float:
        """For how long a hunt has run: each of its legs from its start to its last event, s."""
        begun = self._all(
            "SELECT seq, at FROM events WHERE hunt_id = ? "
            "AND kind IN ('hunt_started', 'hunt_continued') ORDER BY seq",
            hunt_id,
        )
        ends = [*(row["seq"] for row in begun[1:]), 2**62]
        spent = 0.0
        for row, end in zip(begun, ends, strict=False):
            [last] = self._all(
                "SELECT at FROM events WHERE hunt_id = ? AND seq < ? ORDER BY seq DESC LIMIT 1",
                hunt_id, end,
            )  # fmt: skip
            leg = datetime.fromisoformat(last["at"]) - datetime.fromisoformat(row["at"])
            spent += max(0.0, leg.total_seconds())  # a clock may have been set back
        return spent

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

    def unknown_among(self, hashes: Sequence[str]) -> list[str]:
        """Those of some runs, in their order, that have neither a row nor a `report_found`."""
        with self._connection() as connection:
            if connection is None:
                return list(dict.fromkeys(hashes))
            return unknown_among(connection, hashes)

    def _events(self, rows: Sequence[sqlite3.Row]) -> list[Event]:
        found: list[Event] = []
        for row in rows:
            try:
                found.append(Event.from_columns(row))
            except (ValueError, TypeError, RecursionError) as error:
                if not found:
                    raise self._damaged(f"event {row['seq']}", error) from error
                break
        return found

    def _hunt(self, row: sqlite3.Row) -> dict[str, Any]:
        settings = self._parsed(f"the settings of hunt {row['hunt_id']}", row["settings"])
        return {**dict(row), "settings": settings}

    def _parsed(self, what: str, text: str) -> Any:
        try:
            return json.loads(text)
        except (ValueError, TypeError, RecursionError) as error:
            raise self._damaged(what, error) from error

    def _damaged(self, what: str, error: Exception) -> LedgerError:
        return LedgerError(
            f"{self._path}: {what} is damaged ({error}), expected JSON; run `irer rebuild-ledger`: "
            "the files of the runs keep every result."
        )

    def _all(self, query: str, *values: Any) -> list[sqlite3.Row]:
        with self._connection() as connection:
            return [] if connection is None else connection.execute(query, values).fetchall()

    @contextlib.contextmanager
    def _scope(self, hunt_id: str | None) -> Iterator[tuple[sqlite3.Connection | None, int]]:
        """A connection, and what to read in it; no connection for an unknown hunt."""
        with self._connection() as connection:
            if connection is None or hunt_id is None:
                yield connection, ALL_RUNS
                return
            found = connection.execute(
                "SELECT rowid FROM hunts WHERE hunt_id = ?", (hunt_id,)
            ).fetchone()
            yield (connection, found[0]) if found else (None, ALL_RUNS)

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

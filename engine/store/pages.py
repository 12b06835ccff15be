"""One page of the run list, from its listing and its tail, at any offset in any order.

The listing is walked along the index of the order's column, from whichever end is nearer. With T
rows in the tail, row i of the whole is one of rows i − T … i of the listing or one of the tail; so
the page and the T rows before it, sorted together with the tail, hold the page.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import SettingsError
from engine.settings import STATUS_OK
from engine.store.columns import COLUMNS
from engine.store.filters import EVERY_ROW, Filters
from engine.store.listing import ALL_RUNS, TAIL_OF_ALL, TAIL_OF_HUNT

_NAMES = ", ".join(COLUMNS)


@dataclass(frozen=True)
class Order:
    """A column and a way; no column is the order of commit.

    Rows without a value come last either way; equal ones in order of commit, falling the newest
    first.
    """

    column: str
    falling: bool

    @classmethod
    def parse(cls, text: str) -> "Order":
        """An order such as `fitness` or `-fitness`; `` and `-` are by commit.

        Raises:
            SettingsError: no column of that name.
        """
        column = text.removeprefix("-")
        if column and column not in COLUMNS:
            raise SettingsError(
                f"order: got {text!r}, expected a column ({', '.join(COLUMNS)}), with '-' before "
                "it for falling; leave it out for the order of commit.",
                field="order",
            )
        return cls(column, text.startswith("-"))

    def terms(self, ties: tuple[str, ...], *, backwards: bool = False) -> str:
        """The ORDER BY of it; `ties` are the columns that hold the order of commit."""
        way = "DESC" if self.falling != backwards else "ASC"
        nulls = "FIRST" if backwards else "LAST"
        first = [f"{self.column} {way} NULLS {nulls}"] if self.column else []
        return ", ".join([*first, *(f"{name} {way}" for name in ties)])


def page(
    connection: sqlite3.Connection,
    scope: int,
    order: Order,
    filters: Filters = EVERY_ROW,
    *,
    limit: int | None,
    offset: int,
) -> list[sqlite3.Row]:
    """Rows `offset`, `offset` + 1, … of a scope, at most `limit` of them."""
    condition, values = filters.condition()
    values |= {"scope": scope, "many": -1 if limit is None else limit}
    tail = f"SELECT * FROM ({tail_of(scope)}) WHERE {condition}"
    late = connection.execute(f"SELECT count(*) FROM ({tail})", values).fetchone()[0]
    start = max(0, offset - late)
    width = -1 if limit is None else offset - start + limit
    window = _window(connection, scope, order, filters, start, width)
    return connection.execute(
        f"WITH near AS (SELECT id FROM ({window[0]})) SELECT {_NAMES} FROM ("
        f"SELECT 0 AS late, id AS n, {_NAMES} FROM listing WHERE id IN near UNION ALL "
        f"SELECT 1, {tail.removeprefix('SELECT ')}) "
        f"ORDER BY {order.terms(('late', 'n'))} LIMIT :many OFFSET :skip",
        {**values, **window[1], "skip": offset - start},
    ).fetchall()


def columns(
    connection: sqlite3.Connection, scope: int, names: Sequence[str]
) -> list[tuple[Any, ...]]:
    """Some columns of all rows of a scope, in order of commit."""
    chosen = ", ".join(names)
    listed = connection.execute(
        f"SELECT {chosen} FROM listing INDEXED BY listing_by_scope WHERE scope = ? ORDER BY id",
        (scope,),
    )
    late = connection.execute(
        f"SELECT {chosen} FROM ({tail_of(scope)}) ORDER BY n", {"scope": scope}
    )
    listed.row_factory = late.row_factory = None
    return [*listed.fetchall(), *late.fetchall()]


def count(connection: sqlite3.Connection, scope: int, filters: Filters = EVERY_ROW) -> int:
    """How many rows of a scope pass."""
    condition, values = filters.condition()
    values["scope"] = scope
    if filters.ranges:
        listed = f"SELECT count(*) FROM listing WHERE scope = :scope AND {condition}"
    else:
        listed = f"SELECT total(rows) FROM tallies WHERE scope = :scope AND {condition}"
    late = f"SELECT count(*) FROM ({tail_of(scope)}) WHERE {condition}"
    return int(connection.execute(f"SELECT ({listed}) + ({late})", values).fetchone()[0])


def counts(connection: sqlite3.Connection, scope: int) -> dict[str, int]:
    """How many rows of a scope have each status."""
    found = connection.execute(
        "SELECT status, sum(rows) FROM (SELECT status, rows FROM tallies WHERE scope = :scope "
        f"UNION ALL SELECT status, 1 FROM ({tail_of(scope)})) GROUP BY status HAVING sum(rows) > 0",
        {"scope": scope},
    )
    return {row[0]: row[1] for row in found}


def fittest(connection: sqlite3.Connection, scope: int) -> sqlite3.Row | None:
    """The row of status ok and largest fitness, the earliest of equals; None for none."""
    # Without a hint SQLite takes the index of the status, which nearly all rows share.
    table = "listing INDEXED BY listing_by_fitness"
    fit = f"scope = :scope AND fitness IS NOT NULL AND status = '{STATUS_OK}'"
    best = f"SELECT fitness FROM {table} WHERE {fit} ORDER BY fitness DESC LIMIT 1"
    found: sqlite3.Row | None = connection.execute(
        f"SELECT {_NAMES} FROM (SELECT * FROM ("
        f"SELECT 0 AS late, id AS n, {_NAMES} FROM {table} WHERE {fit} AND fitness = ({best}) "
        f"ORDER BY id LIMIT 1) UNION ALL SELECT 1, * FROM ({tail_of(scope)}) "
        f"WHERE status = '{STATUS_OK}' AND fitness IS NOT NULL) "
        "ORDER BY fitness DESC, late, n LIMIT 1",
        {"scope": scope},
    ).fetchone()
    return found


def tail_of(scope: int) -> str:
    """The query for the rows of a scope that the listing lacks."""
    return TAIL_OF_ALL if scope == ALL_RUNS else TAIL_OF_HUNT


def _window(
    connection: sqlite3.Connection,
    scope: int,
    order: Order,
    filters: Filters,
    start: int,
    width: int,
) -> tuple[str, dict[str, Any]]:
    """A query for the ids of `width` rows of the listing, in any order, and its values."""
    condition, values = filters.condition()
    values["scope"] = scope
    backwards = False
    if filters == EVERY_ROW and width >= 0:
        total = connection.execute(
            "SELECT total(rows) FROM tallies WHERE scope = :scope", values
        ).fetchone()[0]
        stop = min(int(total), start + width)
        if backwards := start > total - stop:
            start, width = int(total) - stop, max(0, stop - start)
    terms = order.terms(("id",), backwards=backwards)
    query = (
        f"SELECT id FROM listing WHERE scope = :scope AND {condition} "
        f"ORDER BY {terms} LIMIT :width OFFSET :start"
    )
    return query, {**values, "width": width, "start": start}

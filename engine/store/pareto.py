"""The Pareto front of fidelity and stability: runs that no other run beats in both."""

import math
import sqlite3
from collections.abc import Iterable

from engine.settings import STATUS_OK
from engine.store.columns import COLUMNS
from engine.store.pages import tail_of

_NAMES = ", ".join(COLUMNS)
_SCORED = f"status = '{STATUS_OK}' AND sdg_h_norm_l2 IS NOT NULL"
_OF_SCOPE = (
    "FROM listing INDEXED BY listing_for_pareto WHERE scope = ? AND log_prime_sse IS NOT NULL AND"
)
_NEXT = (
    f"SELECT log_prime_sse, sdg_h_norm_l2 {_OF_SCOPE} log_prime_sse > ? AND sdg_h_norm_l2 < ? "
    "ORDER BY log_prime_sse, sdg_h_norm_l2 LIMIT 1"
)
_EQUAL = f"SELECT id {_OF_SCOPE} log_prime_sse = ? AND sdg_h_norm_l2 = ?"


def front(connection: sqlite3.Connection, scope: int) -> list[sqlite3.Row]:
    """The rows of a scope on the front of (log_prime_sse, sdg_h_norm_l2), smallest SSE first."""
    values = {"scope": scope}
    ids = ", ".join(str(key) for key in _listed(connection, scope))
    rows = connection.execute(
        f"SELECT {_NAMES} FROM ("
        f"SELECT 0 AS late, id AS n, {_NAMES} FROM listing WHERE id IN ({ids}) UNION ALL "
        f"SELECT 1, * FROM ({tail_of(scope)}) WHERE {_SCORED}) "
        "ORDER BY log_prime_sse, sdg_h_norm_l2, late, n",
        values,
    ).fetchall()
    points = ((row["log_prime_sse"], row["sdg_h_norm_l2"], i) for i, row in enumerate(rows))
    return [rows[i] for i in undominated(points)]


def _listed(connection: sqlite3.Connection, scope: int) -> list[int]:
    """Those of the listing: in all one walk along its index, which SQLite does by itself."""
    keys: list[int] = []
    point = (-math.inf, math.inf)
    while found := connection.execute(_NEXT, (scope, *point)).fetchone():
        point = tuple(found)
        keys += [key for (key,) in connection.execute(_EQUAL, (scope, *point))]
    return keys


def undominated(points: Iterable[tuple[float, float, int]]) -> list[int]:
    """Keys of the points (x, y, key) that none beats; they come sorted by x, then y.

    A point is beaten by one that is as small in both and smaller in one; equal points are not.
    """
    keys: list[int] = []
    best_x, best_y = math.nan, math.inf
    for x, y, key in points:
        if y < best_y or (y == best_y and x == best_x):
            keys.append(key)
            best_x, best_y = x, y
    return keys

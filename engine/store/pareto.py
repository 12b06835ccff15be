"""The Pareto front of fidelity and stability: runs that no other run beats in both."""

import math
import sqlite3
from collections.abc import Iterable

from engine.settings import STATUS_OK
from engine.store.columns import COLUMNS
from engine.store.pages import tail_of

_NAMES = ", ".join(COLUMNS)
_SCORED = f"status = '{STATUS_OK}' AND sdg_h_norm_l2 IS NOT NULL"


def front(connection: sqlite3.Connection, scope: int) -> list[sqlite3.Row]:
    """The rows of a scope on the front of (log_prime_sse, sdg_h_norm_l2), smallest SSE first."""
    values = {"scope": scope}
    listed = connection.execute(
        "SELECT log_prime_sse, sdg_h_norm_l2, id FROM listing INDEXED BY listing_for_pareto "
        "WHERE scope = :scope AND log_prime_sse IS NOT NULL AND sdg_h_norm_l2 IS NOT NULL "
        "ORDER BY log_prime_sse, sdg_h_norm_l2",
        values,
    )
    listed.row_factory = None
    ids = ", ".join(str(key) for key in undominated(listed))
    rows = connection.execute(
        f"SELECT {_NAMES} FROM ("
        f"SELECT 0 AS late, id AS n, {_NAMES} FROM listing WHERE id IN ({ids}) UNION ALL "
        f"SELECT 1, * FROM ({tail_of(scope)}) WHERE {_SCORED}) "
        "ORDER BY log_prime_sse, sdg_h_norm_l2, late, n",
        values,
    ).fetchall()
    points = ((row["log_prime_sse"], row["sdg_h_norm_l2"], i) for i, row in enumerate(rows))
    return [rows[i] for i in undominated(points)]


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

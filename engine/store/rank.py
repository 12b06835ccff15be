"""Where a run stands in the run list, in any order, without reading the rows before it."""

import sqlite3

from engine.store.columns import COLUMNS
from engine.store.filters import EVERY_ROW, Filters
from engine.store.pages import Order, tail_of

_NAMES = ", ".join(COLUMNS)


def rank(
    connection: sqlite3.Connection,
    scope: int,
    order: Order,
    config_hash: str,
    filters: Filters = EVERY_ROW,
) -> int | None:
    """How many rows of a scope come before a run's first; None where no row of it passes.

    Counts along the index of the order's column.
    """
    condition, values = filters.condition()
    values |= {"scope": scope, "run": config_hash}
    listed = "SELECT 0 AS late, id AS n, {} FROM listing WHERE scope = :scope AND {}"
    tail = f"SELECT 1 AS late, n, {{}} FROM ({tail_of(scope)}) WHERE {{}}"
    wanted = f"config_hash = :run AND {condition}"
    found = connection.execute(
        f"SELECT * FROM ({listed.format(_NAMES, wanted)} UNION ALL {tail.format(_NAMES, wanted)}) "
        f"ORDER BY {order.terms(('late', 'n'))} LIMIT 1",
        values,
    ).fetchone()
    if found is None:
        return None
    values |= {"n": found["n"], "value": found[order.column] if order.column else None}
    before = 0
    for late, query in enumerate((listed, tail)):
        for part in _earlier(order, late, found["late"], values["value"] is None):
            count = f"SELECT count(*) FROM ({query.format('1', f'{condition} AND {part}')})"
            before += connection.execute(count, values).fetchone()[0]
    return int(before)


def _earlier(order: Order, late: int, ours: int, none: bool) -> list[str]:
    """Conditions, of which no row meets two, for coming before a row: of one half of the list.

    Args:
        order: of the list.
        late: whether the half is the tail.
        ours: whether the row is in it.
        none: whether the row has no value in the order's column.
    """
    sign = ">" if order.falling else "<"
    name = "n" if late else "id"
    if late == ours:
        tie = f"{name} {sign} :n"
    else:
        tie = "TRUE" if (late > ours) == order.falling else "FALSE"
    if not order.column:
        return [tie]
    if none:
        return [f"{order.column} IS NOT NULL", f"{order.column} IS NULL AND {tie}"]
    return [f"{order.column} {sign} :value", f"{order.column} = :value AND {tie}"]

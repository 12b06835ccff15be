"""The run list, sorted by every column: what pages of a million runs are read from.

`listing` repeats the run table and the place table row by row, each row under a scope: 0 for all
runs (a run then shows its first place), and the row number of a hunt for that hunt's places. It has
an index a column. Keeping fifty index entries at every commit would cost more than the commit, so
new rows wait in a tail, which readers sort themselves, and enter the listing `FOLD` at a time.
Nothing is known by the listing alone: the tables `runs` and `hunt_runs` are the truth.
"""

import sqlite3

from engine.store.columns import COLUMNS, PLACE_COLUMNS, RUN_COLUMNS

FOLD = 500
"""Length of the tail at which it enters the listing."""

ALL_RUNS = 0
"""The scope that lists every run once."""

_NAMES = ", ".join(COLUMNS)
_OF_PLACE = ", ".join(f"h.{name}" for name in PLACE_COLUMNS)
_OF_RUN = ", ".join(f"r.{name}" for name in RUN_COLUMNS)
_NEW_RUNS = (
    f"SELECT {{n}} {_OF_PLACE}, {_OF_RUN} FROM runs r LEFT JOIN hunt_runs h ON h.rowid = "
    "(SELECT min(rowid) FROM hunt_runs WHERE config_hash = r.config_hash) "
    "WHERE r.rowid > (SELECT runs FROM folded)"
)
_NEW_PLACES = (
    f"SELECT {{n}} {_OF_PLACE}, {_OF_RUN} FROM hunt_runs h CROSS JOIN runs r USING (config_hash) "
    "CROSS JOIN hunts USING (hunt_id) WHERE h.rowid > (SELECT places FROM folded)"
)

TAIL_OF_ALL = _NEW_RUNS.format(n="r.rowid AS n,")
"""The runs that are not in the listing yet, with a number `n` in order of commit."""

TAIL_OF_HUNT = _NEW_PLACES.format(n="h.rowid AS n,") + " AND hunts.rowid = :scope"
"""The same of a hunt's places."""

PLACE_TAKEN = f"""CREATE TRIGGER place_taken AFTER INSERT ON hunt_runs
    WHEN (SELECT rowid FROM runs WHERE config_hash = NEW.config_hash) <= (SELECT runs FROM folded)
    BEGIN
    UPDATE listing SET {", ".join(f"{name} = NEW.{name}" for name in PLACE_COLUMNS)}
    WHERE scope = {ALL_RUNS} AND config_hash = NEW.config_hash AND hunt_id IS NULL; END;
"""
"""A run outside any hunt that waits no longer in the tail shows the first place that it gets."""

LISTING = f"""CREATE TABLE listing (
    id INTEGER PRIMARY KEY NOT NULL,
    scope INTEGER NOT NULL,
    {_NAMES}
);
CREATE TABLE folded (runs INTEGER NOT NULL, places INTEGER NOT NULL);
INSERT INTO folded VALUES (0, 0);
CREATE TABLE tallies (
    scope INTEGER NOT NULL,
    status TEXT NOT NULL,
    rows INTEGER NOT NULL,
    PRIMARY KEY (scope, status)
) WITHOUT ROWID;
CREATE TRIGGER row_listed AFTER INSERT ON listing BEGIN
    INSERT INTO tallies VALUES (NEW.scope, NEW.status, 1)
    ON CONFLICT DO UPDATE SET rows = rows + 1; END;
CREATE TRIGGER status_changed AFTER UPDATE OF status ON listing WHEN OLD.status <> NEW.status BEGIN
    UPDATE tallies SET rows = rows - 1 WHERE scope = OLD.scope AND status = OLD.status; \
    INSERT INTO tallies VALUES (NEW.scope, NEW.status, 1)
    ON CONFLICT DO UPDATE SET rows = rows + 1; END;
CREATE TRIGGER run_changed AFTER UPDATE ON runs BEGIN
    UPDATE listing SET {", ".join(f"{name} = NEW.{name}" for name in RUN_COLUMNS)}
    WHERE config_hash = OLD.config_hash AND scope IN (SELECT {ALL_RUNS} UNION SELECT hunts.rowid
    FROM hunt_runs JOIN hunts USING (hunt_id) WHERE config_hash = OLD.config_hash); END;
{PLACE_TAKEN}"""
"""The listing's tables and what keeps them true, whoever changes a run."""

LISTING_INDEXES = "".join(
    f"CREATE INDEX listing_by_{name} ON listing (scope, {name});\n" for name in COLUMNS
) + (
    "CREATE INDEX listing_by_scope ON listing (scope);\n"
    "CREATE INDEX listing_for_pareto ON listing (scope, log_prime_sse, sdg_h_norm_l2) "
    "WHERE log_prime_sse IS NOT NULL;\n"
)
"""One index a column; made after the rows where there are many."""


def fold(connection: sqlite3.Connection) -> None:
    """Let the tail enter the listing; inside the caller's transaction."""
    runs = _NEW_RUNS.format(n=f"{ALL_RUNS},")
    places = _NEW_PLACES.format(n="hunts.rowid,")
    connection.execute(f"INSERT INTO listing (scope, {_NAMES}) {runs} ORDER BY r.rowid")
    connection.execute(f"INSERT INTO listing (scope, {_NAMES}) {places} ORDER BY h.rowid")
    connection.execute(
        "UPDATE folded SET runs = (SELECT coalesce(max(rowid), 0) FROM runs), "
        "places = (SELECT coalesce(max(rowid), 0) FROM hunt_runs)"
    )


def tail_length(connection: sqlite3.Connection) -> int:
    """How many rows wait to enter the listing."""
    found = connection.execute(
        "SELECT (SELECT coalesce(max(rowid), 0) FROM runs) - runs + "
        "(SELECT coalesce(max(rowid), 0) FROM hunt_runs) - places FROM folded"
    ).fetchone()
    return int(found[0])

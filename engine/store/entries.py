"""The statements behind a ledger's entries; each runs inside a transaction of `Ledger`."""

import json
import re
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from engine.errors import LedgerError, WorkspaceError
from engine.settings import MACHINE_FAILURES, STATUS_OK
from engine.store import strict_json
from engine.store.event import EVENT_COLUMNS, Event
from engine.store.event_kinds import REPORT_FOUND, RUN_COMMITTED, clipped, objection
from engine.store.place import Place
from engine.store.run_row import EVIDENCE, PARAMETERS, SCORES, RunRow

MAX_PAYLOAD = 65_536
_PART = 10_000
_UNKNOWN = f"""
SELECT value FROM json_each(?)
WHERE NOT EXISTS (SELECT 1 FROM runs WHERE config_hash = value)
AND NOT EXISTS (SELECT 1 FROM events WHERE config_hash = value AND kind = '{REPORT_FOUND}')
"""
_KIND = re.compile(r"[a-z][a-z0-9_]{0,63}")

_TOLD = ("status", "error", *SCORES, *EVIDENCE, "n_peaks", *PARAMETERS)


def timestamp() -> str:
    """The time in UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def insert_run(connection: sqlite3.Connection, row: RunRow, config_hash: str) -> bool:
    """Enter a run unless its id is there; whether it was entered.

    A row that tells of a failure of the machine gives way to what was computed since.
    """
    config = row.config
    values = {
        "config_hash": config_hash,
        "param_hash": config.param_hash,
        "config": json.dumps(
            config.to_dict(), sort_keys=True, separators=(",", ":"), allow_nan=False
        ),
        **{name: float(getattr(config, name)) for name in PARAMETERS},
        **row.scalars(),
        "committed": timestamp(),
        "evicted": None,
    }
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    # Not INSERT OR IGNORE: that would also ignore what the tables' checks refuse.
    changes = ", ".join(f"{name} = excluded.{name}" for name in values)
    weak = ", ".join("?" * len(MACHINE_FAILURES))
    cursor = connection.execute(
        f"INSERT INTO runs ({names}) VALUES ({marks}) ON CONFLICT (config_hash) "
        f"DO UPDATE SET {changes} WHERE runs.status IN ({weak})",
        (*values.values(), *MACHINE_FAILURES),
    )
    return cursor.rowcount == 1


def scalars_of(connection: sqlite3.Connection, config_hash: str) -> dict[str, Any]:
    """What the event of a run tells: the values of the row that is kept."""
    found = connection.execute(
        f"SELECT {', '.join(_TOLD)} FROM runs WHERE config_hash = ?", (config_hash,)
    ).fetchone()
    told = dict(zip(_TOLD, found, strict=True))
    return {**told, "error": clipped(told["error"])}


def insert_place(
    connection: sqlite3.Connection,
    hunt_id: str,
    place: tuple[int, int, int],
    config_hash: str,
    fitness: float | None,
    gradient: Sequence[float] | None,
) -> bool:
    """Enter a run at a place of a hunt unless it is taken; whether it was entered."""
    slopes = None if gradient is None else json.dumps(list(gradient), allow_nan=False)
    cursor = connection.execute(
        "INSERT INTO hunt_runs (hunt_id, generation, member, replicate, config_hash, fitness, "
        "gradient) VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (hunt_id, generation, member, replicate) DO NOTHING",
        (hunt_id, *place, config_hash, fitness, slopes),
    )
    return cursor.rowcount == 1


def restore_place(connection: sqlite3.Connection, hunt_id: str, place: Place) -> None:
    """Enter a place of a hunt of a ledger that was lost.

    Raises:
        WorkspaceError: its run is not there or failed, or the place is taken.
    """
    found = connection.execute(
        "SELECT status FROM runs WHERE config_hash = ?", (place.config_hash,)
    ).fetchone()
    where = (place.generation, place.member, place.replicate)
    if found is None:
        got = "no such run in the ledger"
    elif found[0] != STATUS_OK and place.fitness is not None:
        got = f"fitness {place.fitness} of a run that is {found[0]}"
    elif insert_place(connection, hunt_id, where, *place[3:]):
        return
    else:
        got = "the place twice"
    raise WorkspaceError(
        f"hunt {hunt_id}: generation {where[0]}, member {where[1]}, replicate {where[2]}, run "
        f"{place.config_hash}: got {got}, expected its places as it had them; resume the hunt."
    )


def event_of_place(
    connection: sqlite3.Connection, hunt_id: str, place: tuple[int, int, int], config_hash: str
) -> Event | None:
    """The event of the run that already holds a place.

    None for a free place, and for one that a lost ledger told of.
    """
    held = connection.execute(
        "SELECT config_hash FROM hunt_runs "
        "WHERE hunt_id = ? AND generation = ? AND member = ? AND replicate = ?",
        (hunt_id, *place),
    ).fetchone()
    if held is None:
        return None
    if held[0] != config_hash:
        generation, member, replicate = place
        raise LedgerError(
            f"hunt {hunt_id}: generation {generation}, member {member}, replicate {replicate} "
            f"holds run {held[0]}, got {config_hash}; a result is never overwritten, "
            "report this."
        )
    events = connection.execute(
        f"SELECT {EVENT_COLUMNS} FROM events "
        "WHERE kind = ? AND hunt_id = ? AND config_hash = ? ORDER BY seq",
        (RUN_COMMITTED, hunt_id, held[0]),
    )
    for event in map(Event.from_columns, events):
        told = event.payload
        if (told["generation"], told["member"], told.get("replicate", 0)) == place:
            return event
    return None


def unknown_among(connection: sqlite3.Connection, hashes: Sequence[str]) -> list[str]:
    """Those of some runs, each once and in order, with neither a row nor a `report_found`."""
    unknown: dict[str, None] = {}
    for first in range(0, len(hashes), _PART):
        part = json.dumps(list(hashes[first : first + _PART]))
        unknown.update(dict.fromkeys(row[0] for row in connection.execute(_UNKNOWN, (part,))))
    return list(unknown)


def append(
    connection: sqlite3.Connection,
    kind: str,
    hunt_id: str | None,
    config_hash: str | None,
    payload: dict[str, Any],
) -> Event:
    """Add an event to the log."""
    if not _KIND.fullmatch(kind):
        raise LedgerError(f"event: got kind {kind!r}, expected lower case and '_'; report this.")
    try:
        text = strict_json.dumps(payload)
    except ValueError as error:
        raise LedgerError(f"event {kind}: {error}; nothing was written, report this.") from error
    if len(text) > MAX_PAYLOAD:
        raise LedgerError(
            f"event {kind}: {len(text)} characters, expected at most {MAX_PAYLOAD}: scalars and "
            "ids, no arrays; report this."
        )
    if wrong := objection(kind, payload):
        raise LedgerError(f"event {kind}: {wrong}; nothing was written, report this.")
    at = timestamp()
    seq = connection.execute(
        "INSERT INTO events (at, kind, hunt_id, config_hash, payload) VALUES (?, ?, ?, ?, ?)",
        (at, kind, hunt_id, config_hash, text),
    ).lastrowid
    assert seq is not None  # sqlite3 gives one after every INSERT
    return Event(seq, at, kind, hunt_id, config_hash, payload)

"""The ledger: the truth about what has been computed, in SQLite.

A run exists once its row, its place in the hunt and its event are committed, together, after all
its files are on disk. `Ledger` writes; `engine.store.reader` reads, beside any number of others.
"""

import contextlib
import json
import math
import re
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.errors import LedgerError
from engine.settings import MACHINE_FAILURES, HuntSettings
from engine.store import strict_json
from engine.store.event import EVENT_COLUMNS, Event
from engine.store.run_row import EVIDENCE, PARAMETERS, SCORES, RunRow
from engine.store.tables import ENDED, connect_writer, translated

RUN_COMMITTED = "run_committed"
MAX_PAYLOAD = 65_536
_KIND = re.compile(r"[a-z][a-z0-9_]{0,63}")


class Ledger:
    """The one writer of a ledger; calls from several threads are taken one after the other."""

    def __init__(self, path: Path) -> None:
        """Open the ledger at `path`, creating it where there is none.

        Raises:
            LedgerError: not a ledger, a newer one, or a disk that cannot be written.
        """
        self._path = Path(path)
        self._turn = threading.RLock()
        self._connection = connect_writer(self._path)

    def create_hunt(self, settings: HuntSettings) -> str:
        """Enter a new hunt, in state running.

        Returns:
            Its id: the date in UTC and a running number, such as `2026-11-21-001`.
        """
        now = _now()
        day = now[:10]
        with self._transaction() as connection:
            taken = connection.execute(
                "SELECT hunt_id FROM hunts WHERE substr(hunt_id, 1, 11) = ?", (f"{day}-",)
            )
            number = 1 + max((int(row[0][11:]) for row in taken), default=0)
            hunt_id = f"{day}-{number:03d}"
            connection.execute(
                "INSERT INTO hunts (hunt_id, created, settings, state) VALUES (?, ?, ?, 'running')",
                (hunt_id, now, strict_json.dumps(settings.to_dict())),
            )
        return hunt_id

    def finish_hunt(self, hunt_id: str, state: str, reason: str = "") -> None:
        """Enter how a running hunt ended: completed, stopped or failed.

        Raises:
            LedgerError: no such hunt, it has ended already, or another state.
        """
        if state not in ENDED:
            raise LedgerError(
                f"hunt {hunt_id}: got state {state!r}, expected one of {', '.join(ENDED)}; "
                "report this."
            )
        with self._transaction() as connection:
            changed = connection.execute(
                "UPDATE hunts SET state = ?, reason = ?, ended = ? "
                "WHERE hunt_id = ? AND state = 'running'",
                (state, reason, _now(), hunt_id),
            ).rowcount
            if not changed:
                raise LedgerError(
                    f"hunt {hunt_id}: not running here, expected a running hunt to end; look at "
                    "the hunt list."
                )

    def reopen_hunt(self, hunt_id: str) -> None:
        """Enter that an ended hunt goes on: it is running again.

        Raises:
            LedgerError: no such hunt, or one that was completed.
        """
        with self._transaction() as connection:
            changed = connection.execute(
                "UPDATE hunts SET state = 'running', reason = '', ended = NULL "
                "WHERE hunt_id = ? AND state != 'completed'",
                (hunt_id,),
            ).rowcount
            if not changed:
                raise LedgerError(
                    f"hunt {hunt_id}: got none that is unfinished, expected one; look at the hunt "
                    "list."
                )

    def commit_run(
        self,
        hunt_id: str | None,
        generation: int,
        member: int,
        row: RunRow,
        fitness: float | None = None,
        *,
        replicate: int = 0,
        gradient: Sequence[float] | None = None,
    ) -> Event:
        """Commit a run, its place in its hunt and the event, all or nothing.

        A run that is there already keeps its row as it was first written; only its new place in
        the hunt is added. A place that already holds this run is left as it is, and its event is
        given back: a run that was lost and repeated counts once.

        Args:
            hunt_id: None for a run outside any hunt; then the places are not used.
            generation: generation, from 0.
            member: place within the generation, from 0.
            row: the run.
            fitness: its fitness in this hunt; None for a failure.
            replicate: which of the candidate's seeds, from 0.
            gradient: what the strategy was told of the loss's derivatives, if anything.

        Raises:
            LedgerError: a fitness that is not finite, a place that holds another run, or a disk
                that cannot be written. Nothing is written then.
        """
        if fitness is not None and not math.isfinite(fitness := float(fitness)):
            raise LedgerError(
                f"run {row.config.config_hash}: fitness is {fitness}, expected a finite number or "
                "None; nothing was written, report this."
            )
        with self._transaction() as connection:
            if hunt_id is not None:
                earlier = _placed(connection, hunt_id, (generation, member, replicate), row)
                if earlier:
                    return earlier
            new = _insert_run(connection, row)
            payload = {"new": new, **_scalars(connection, row.config.config_hash)}
            if hunt_id is not None:
                connection.execute(
                    "INSERT INTO hunt_runs (hunt_id, generation, member, replicate, config_hash, "
                    "fitness, gradient) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (
                        hunt_id,
                        generation,
                        member,
                        replicate,
                        row.config.config_hash,
                        fitness,
                        None if gradient is None else json.dumps(list(gradient), allow_nan=False),
                    ),
                )
                payload |= {"generation": generation, "member": member, "replicate": replicate}
                payload |= {"fitness": fitness}
            return _append(connection, RUN_COMMITTED, hunt_id, row.config.config_hash, payload)

    def append_event(
        self,
        kind: str,
        hunt_id: str | None = None,
        config_hash: str | None = None,
        payload: Mapping[str, Any] | None = None,
    ) -> Event:
        """Add an event to the log.

        Args:
            kind: lower case and `_`, such as `hunt_started`.
            hunt_id: the hunt that it belongs to, if any.
            config_hash: the run that it is about, if any.
            payload: scalars by name; no NaN, at most 64 kB as JSON.

        Raises:
            LedgerError: any of these is not so, or the disk cannot be written.
        """
        with self._transaction() as connection:
            return _append(connection, kind, hunt_id, config_hash, dict(payload or {}))

    def close(self) -> None:
        """Close the connection; what was committed stays."""
        with self._turn:
            self._connection.close()

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def link(self, config_hash: str, relation: str, origin: str) -> None:
        """Enter how a run came of another, such as `promotes`; said twice, it is there once.

        Args:
            config_hash: the later run.
            relation: what it does to its origin: `promotes` or `replicates`.
            origin: the earlier run.
        """
        with self._transaction() as connection:
            connection.execute(
                "INSERT INTO links (config_hash, relation, origin, created) VALUES (?, ?, ?, ?) "
                "ON CONFLICT DO NOTHING",
                (config_hash, relation, origin, _now()),
            )

    def mark_evicted(self, hashes: Iterable[str]) -> None:
        """Enter that these runs' artifacts are no longer kept; those evicted before stay so."""
        now = _now()
        with self._transaction() as connection:
            connection.executemany(
                "UPDATE runs SET evicted = ? WHERE config_hash = ? AND evicted IS NULL",
                [(now, name) for name in hashes],
            )

    def mark_restored(self, hashes: Iterable[str]) -> None:
        """Enter that these runs' artifacts are there again."""
        with self._transaction() as connection:
            connection.executemany(
                "UPDATE runs SET evicted = NULL WHERE config_hash = ?", [(name,) for name in hashes]
            )

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._turn, translated(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise


_TOLD = ("status", "error", *SCORES, *EVIDENCE, "n_peaks", *PARAMETERS)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _insert_run(connection: sqlite3.Connection, row: RunRow) -> bool:
    """Enter a run unless its id is there; whether it was entered.

    A row that tells of a failure of the machine gives way to what was computed since.
    """
    config = row.config
    values = {
        "config_hash": config.config_hash,
        "param_hash": config.param_hash,
        "config": strict_json.dumps(config.to_dict()),
        **{name: float(getattr(config, name)) for name in PARAMETERS},
        **row.scalars(),
        "committed": _now(),
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


def _scalars(connection: sqlite3.Connection, config_hash: str) -> dict[str, Any]:
    """What the event of a run tells: the values of the row that is kept."""
    found = connection.execute(
        f"SELECT {', '.join(_TOLD)} FROM runs WHERE config_hash = ?", (config_hash,)
    ).fetchone()
    return dict(zip(_TOLD, found, strict=True))


def _placed(
    connection: sqlite3.Connection, hunt_id: str, place: tuple[int, int, int], row: RunRow
) -> Event | None:
    """The event of the run that already holds a place; None for a free place."""
    held = connection.execute(
        "SELECT config_hash FROM hunt_runs "
        "WHERE hunt_id = ? AND generation = ? AND member = ? AND replicate = ?",
        (hunt_id, *place),
    ).fetchone()
    if held is None:
        return None
    if held[0] != row.config.config_hash:
        generation, member, replicate = place
        raise LedgerError(
            f"hunt {hunt_id}: generation {generation}, member {member}, replicate {replicate} "
            f"holds run {held[0]}, got {row.config.config_hash}; a result is never overwritten, "
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


def _append(
    connection: sqlite3.Connection,
    kind: str,
    hunt_id: str | None,
    config_hash: str | None,
    payload: dict[str, Any],
) -> Event:
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
    at = _now()
    seq = connection.execute(
        "INSERT INTO events (at, kind, hunt_id, config_hash, payload) VALUES (?, ?, ?, ?, ?)",
        (at, kind, hunt_id, config_hash, text),
    ).lastrowid
    assert seq is not None  # sqlite3 gives one after every INSERT
    return Event(seq, at, kind, hunt_id, config_hash, payload)

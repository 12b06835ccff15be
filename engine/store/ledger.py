"""The ledger: the truth about what has been computed, in SQLite.

A run exists once its row, its place in the hunt and its event are committed, together, after all
its files are on disk. `Ledger` writes; `engine.store.reader` reads, beside any number of others.
"""

import contextlib
import math
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.errors import LedgerError, WorkspaceBusyError
from engine.settings import HuntSettings
from engine.store import strict_json
from engine.store.entries import (
    append,
    event_of_place,
    insert_place,
    insert_run,
    restore_place,
    scalars_of,
    timestamp,
    unknown_among,
)
from engine.store.event import Event
from engine.store.event_kinds import (
    AUDIT_DONE,
    BEST_IMPROVED,
    KINDS,
    REPORT_FOUND,
    RUN_COMMITTED,
    clipped,
)
from engine.store.listing import FOLD, fold, tail_length
from engine.store.lock import WorkspaceLock
from engine.store.place import Place
from engine.store.run_row import RunRow
from engine.store.tables import BUSY_SECONDS, ENDED, connect_writer, is_older, translated
from engine.store.workspace import Workspace


class Ledger:
    """The one writer of a ledger; calls from several threads are taken one after the other.

    Once it has written, whoever had the ledger open before is refused: a process that was thought
    dead, and wakes up, writes nothing among its successor's.
    """

    def __init__(self, path: Path, *, busy_seconds: float = BUSY_SECONDS) -> None:
        """Open the ledger at `path`, creating it where there is none, updating an old one.

        Args:
            path: `Workspace.ledger_path`.
            busy_seconds: how long to wait for a writer of another process.

        Raises:
            LedgerError: not a ledger, a newer one, or a disk that cannot be written.
        """
        self._path = Path(path)
        self._turn = threading.RLock()
        self._connection = connect_writer(self._path, busy_seconds)
        self._claimed = False
        try:
            with translated(self._path):
                self._epoch = self._read_epoch()
        except BaseException:
            self._connection.close()
            raise

    def create_hunt(self, settings: HuntSettings) -> str:
        """Enter a new hunt, in state running, and the event of its start.

        Returns:
            Its id: the date in UTC and a running number, such as `2026-11-21-001`; the date of
            the latest hunt where the clock is behind it.
        """
        now = timestamp()
        with self._transaction() as connection:
            # A clock that was set back must not take the ids back with it.
            latest = connection.execute("SELECT max(hunt_id) FROM hunts").fetchone()[0]
            day = max(now[:10], (latest or "")[:10])
            taken = connection.execute(
                "SELECT hunt_id FROM hunts WHERE substr(hunt_id, 1, 11) = ?", (f"{day}-",)
            )
            number = 1 + max((int(row[0][11:]) for row in taken), default=0)
            hunt_id = f"{day}-{number:03d}"
            connection.execute(
                "INSERT INTO hunts (hunt_id, created, settings, state) VALUES (?, ?, ?, 'running')",
                (hunt_id, now, strict_json.dumps(settings.to_dict())),
            )
            append(connection, "hunt_started", hunt_id, None, {})
        return hunt_id

    def finish_hunt(self, hunt_id: str, state: str, reason: str = "") -> None:
        """Enter how a running hunt ended: completed, stopped or failed; and the event of it.

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
                (state, reason, timestamp(), hunt_id),
            ).rowcount
            if not changed:
                raise LedgerError(
                    f"hunt {hunt_id}: not running here, expected a running hunt to end; look at "
                    "the hunt list."
                )
            append(connection, f"hunt_{state}", hunt_id, None, {"reason": clipped(reason)})

    def reopen_hunt(self, hunt_id: str) -> None:
        """Enter that an ended hunt goes on: it is running again; and the event of it.

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
            append(connection, "hunt_continued", hunt_id, None, {})

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
        audit: Mapping[str, Any] | None = None,
        improves: bool = False,
    ) -> Event:
        """Commit a run, its place in its hunt and its events, all or nothing.

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
            audit: the payload of the audit's event, where it was audited for this.
            improves: whether it is the fittest of its hunt so far.

        Returns:
            The event of the commit.

        Raises:
            LedgerError: a fitness that is not finite, a place that holds another run, or a disk
                that cannot be written. Nothing is written then.
        """
        config_hash = row.config.config_hash
        if fitness is not None and not math.isfinite(fitness := float(fitness)):
            raise LedgerError(
                f"run {config_hash}: fitness is {fitness}, expected a finite number or "
                "None; nothing was written, report this."
            )
        with self._transaction() as connection:
            if hunt_id is not None:
                earlier = event_of_place(
                    connection, hunt_id, (generation, member, replicate), config_hash
                )
                if earlier:
                    return earlier
            if tail_length(connection) >= FOLD:
                fold(connection)
            if audit is not None:
                append(connection, AUDIT_DONE, hunt_id, config_hash, dict(audit))
            new = insert_run(connection, row, config_hash)
            payload = {"new": new, **scalars_of(connection, config_hash)}
            if hunt_id is not None:
                place = (generation, member, replicate)
                insert_place(connection, hunt_id, place, config_hash, fitness, gradient)
                payload |= {"generation": generation, "member": member, "replicate": replicate}
                payload |= {"fitness": fitness}
            committed = append(connection, RUN_COMMITTED, hunt_id, config_hash, payload)
            if improves:
                told = {name: payload[name] for name in KINDS[BEST_IMPROVED].fields}
                append(connection, BEST_IMPROVED, hunt_id, config_hash, told)
            return committed

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
            return append(connection, kind, hunt_id, config_hash, dict(payload or {}))

    def announce_reports(self, statuses: Mapping[str, str]) -> None:
        """Add an event for each report whose run is neither in the ledger nor announced before.

        Args:
            statuses: what the reports say, by the ids of their runs.

        Raises:
            LedgerError: the disk cannot be written; none is announced then.
        """
        with self._transaction() as connection:
            for name in unknown_among(connection, list(statuses)):
                append(connection, REPORT_FOUND, None, name, {"status": statuses[name]})

    def restore_hunt(self, hunt: Mapping[str, Any], places: Iterable[Place] = ()) -> None:
        """Enter a hunt of a ledger that was lost, and its places: all of it or nothing.

        Args:
            hunt: as `LedgerReader.hunts` gave it.
            places: those of runs that are there, in order of commit; no events tell of them.

        Raises:
            LedgerError: there is such a hunt already, or the disk cannot be written.
            WorkspaceError: a place that cannot be; and whatever `places` raises.
        """
        values = (
            hunt["hunt_id"],
            hunt["created"],
            strict_json.dumps(hunt["settings"]),
            hunt["state"],
            hunt["reason"],
            hunt["ended"] or timestamp(),
        )
        with self._transaction() as connection:
            connection.execute(
                "INSERT INTO hunts (hunt_id, created, settings, state, reason, ended) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                values,
            )
            for place in places:
                restore_place(connection, hunt["hunt_id"], place)
            if tail_length(connection) >= FOLD:
                fold(connection)

    def restore_runs(self, rows: Iterable[RunRow]) -> dict[str, str]:
        """Enter runs of a ledger that was lost, in one transaction and without events.

        Returns:
            Why a run was refused, by its id; the others are entered.

        Raises:
            LedgerError: the disk cannot be written; none is entered then.
        """
        refused = {}
        with self._transaction() as connection:
            for row in rows:
                try:
                    insert_run(connection, row, row.config.config_hash)
                except (sqlite3.IntegrityError, ValueError, OverflowError) as error:
                    refused[row.config.config_hash] = str(error)
            if tail_length(connection) >= FOLD:
                fold(connection)
        return refused

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Have all that is written inside the block be there at once, or none of it."""
        with self._transaction():
            yield

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
                (config_hash, relation, origin, timestamp()),
            )

    def mark_evicted(self, hashes: Iterable[str]) -> None:
        """Enter that these runs' artifacts are no longer kept; those evicted before stay so."""
        now = timestamp()
        with self._transaction() as connection:
            changed = connection.executemany(
                "UPDATE runs SET evicted = ? WHERE config_hash = ? AND evicted IS NULL",
                [(now, name) for name in hashes],
            ).rowcount
            if changed > 0:  # so that whoever watches the log looks again
                append(connection, "artifacts_evicted", None, None, {"runs": changed})

    def mark_restored(self, hashes: Iterable[str]) -> None:
        """Enter that these runs' artifacts are there again."""
        with self._transaction() as connection:
            changed = connection.executemany(
                "UPDATE runs SET evicted = NULL WHERE config_hash = ? AND evicted IS NOT NULL",
                [(name,) for name in hashes],
            ).rowcount
            if changed > 0:
                append(connection, "artifacts_restored", None, None, {"runs": changed})

    def _read_epoch(self) -> int:
        [epoch] = self._connection.execute("SELECT epoch FROM writer").fetchone()
        return int(epoch)

    def _claim(self) -> None:
        """Inside a transaction: be the ledger's writer, or refuse."""
        if self._read_epoch() != self._epoch:
            raise LedgerError(
                f"{self._path}: another process has taken over this workspace, expected to be its "
                "only writer; nothing was written, and what was stays: look there."
            )
        if not self._claimed:
            self._connection.execute("UPDATE writer SET epoch = epoch + 1")

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._turn, translated(self._path):
            if self._connection.in_transaction:  # of `together`
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._claim()
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise
            if not self._claimed:
                self._epoch, self._claimed = self._epoch + 1, True


def bring_up_to_date(workspace: Workspace) -> None:
    """Bring a ledger of an older version up to this one, unless something hunts in it now.

    Raises:
        LedgerError: not a ledger, a newer one, or a disk that cannot be written.
        WorkspaceError: the workspace cannot be written.
    """
    if not is_older(workspace.ledger_path):
        return
    with contextlib.suppress(WorkspaceBusyError), WorkspaceLock(workspace.root).acquire("update"):
        Ledger(workspace.ledger_path).close()

"""The ledger again, from the files of the runs alone.

The old ledger, sound or not, is set aside under a dated name with all that belongs to it. The new
one is written beside it and takes its name only when it is whole.
"""

import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.errors import EngineError, WorkspaceError
from engine.settings import MACHINE_FAILURES, RunConfig
from engine.store import strict_json
from engine.store.hunt_record import read_hunt_records
from engine.store.ledger import Ledger
from engine.store.leftovers import sweep_leftovers
from engine.store.lock import WorkspaceLock
from engine.store.places_file import has_places, places_path, read_places
from engine.store.provenance import read_provenance
from engine.store.reader import LedgerReader
from engine.store.reported_links import reported_links
from engine.store.run_row import RunRow
from engine.store.whole import check_whole
from engine.store.workspace import Workspace

_BATCH = 1000
_SHOWN = 20
_PREFIX = ".rebuild-"
_PARTS = ("", "-wal", "-shm", "-journal")


@dataclass
class Rebuilt:
    """What was found.

    Attributes:
        runs: how many runs the new ledger has.
        hunts: ids of the hunts that it has.
        without_places: those of them that get their places back when they are resumed.
        links: how many links between runs it has.
        aside: where the old ledger lies now; empty where there was none.
        damaged: why a report or a record could not be used, by file name.
        without_artifact: runs that are in the ledger as evicted, for their artifact is gone.
        without_provenance: artifacts of runs that are not in the ledger, for want of an audit.
    """

    runs: int = 0
    hunts: list[str] = field(default_factory=list)
    without_places: list[str] = field(default_factory=list)
    links: int = 0
    aside: str = ""
    damaged: dict[str, str] = field(default_factory=dict)
    without_artifact: list[str] = field(default_factory=list)
    without_provenance: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """What was found, as JSON-ready values."""
        return asdict(self)

    def lines(self) -> list[str]:
        """What was found, in a few lines of text."""
        lines = [f"{self.runs} runs, {len(self.hunts)} hunts, {self.links} links"]
        if self.aside:
            lines.append(f"the old ledger is kept as {self.aside}")
        for title, names, advice in (
            ("could not be used", [f"{n}: {why}" for n, why in self.damaged.items()], ""),
            (
                "hunts without their places",
                self.without_places,
                "`irer hunt --resume HUNT_ID` asks for the same runs again",
            ),
            (
                "in the ledger as evicted, for their artifact is gone",
                self.without_artifact,
                "`irer restore ID` makes one again",
            ),
            (
                "not in the ledger: an artifact that was never audited",
                self.without_provenance,
                "look at one with `irer validate ID`; its config, run again, enters it",
            ),
        ):
            if names:
                lines.append(f"{len(names)} {title}" + (f" ({advice})" if advice else ""))
                lines += [f"  {name}" for name in names[:_SHOWN]]
                lines += [f"  and {len(names) - _SHOWN} more: --json"] * (len(names) > _SHOWN)
        return lines


def rebuild_ledger(workspace: Workspace) -> Rebuilt:
    """Write the ledger anew from provenance reports, configs, artifacts and hunt records.

    Runs come in the order of their reports' times. A hunt comes back as its record and the file of
    its places say; where these do not tell of the same end, or a run is lost, it comes back
    stopped and without places, for `irer hunt --resume` to find them again.

    Raises:
        WorkspaceBusyError: something hunts in this workspace.
        WorkspaceError: the workspace cannot be written.
        LedgerError: the new ledger cannot be written; the old one is still in its place.
    """
    found = Rebuilt()
    with WorkspaceLock(workspace.root).acquire("rebuild-ledger"):
        sweep_leftovers(workspace.root)
        try:
            with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=workspace.root) as folder:
                new = Path(folder) / workspace.ledger_path.name
                _write(new, workspace, found)
                check_whole(new)
                found.aside = _set_aside(workspace.ledger_path)
                new.replace(workspace.ledger_path)
                _flush(workspace.root)
        except EngineError:
            raise
        except OSError as error:
            raise WorkspaceError(
                f"{workspace.root}: {error.strerror or error}, expected a folder that can be "
                "written; free disk space or make it writable, then rebuild again."
            ) from error
    return found


def _write(path: Path, workspace: Workspace, found: Rebuilt) -> None:
    records, found.damaged = read_hunt_records(workspace)
    with Ledger(path) as ledger:
        rows: list[RunRow] = []
        for name in _reports(workspace):
            try:
                rows.append(_row(name, workspace, found))
            except (EngineError, TypeError, ValueError, OverflowError) as error:
                found.damaged[workspace.provenance_path(name).name] = str(error)
            if len(rows) == _BATCH:
                _restore(ledger, rows, workspace, found)
                rows = []
        _restore(ledger, rows, workspace, found)
        for record in records:
            _restore_hunt(ledger, record, workspace, found)
        for link in reported_links(workspace, LedgerReader(path), found.damaged):
            ledger.link(*link)
            found.links += 1
        for artifact in sorted((workspace.root / "simulation_data").glob("rho_history_*.h5")):
            name = artifact.stem.removeprefix("rho_history_")
            if len(name) == 40 and not (workspace.provenance_path(name)).is_file():
                found.without_provenance.append(name)
        ledger.mark_evicted(found.without_artifact)
        ledger.append_event("ledger_rebuilt", payload={"runs": found.runs})


def _restore(ledger: Ledger, rows: list[RunRow], workspace: Workspace, found: Rebuilt) -> None:
    refused = ledger.restore_runs(rows)
    for name, reason in refused.items():
        found.damaged[workspace.provenance_path(name).name] = reason
    found.runs += len(rows) - len(refused)


def _restore_hunt(
    ledger: Ledger, record: Mapping[str, Any], workspace: Workspace, found: Rebuilt
) -> None:
    """Enter a hunt as it was when it ended, or else for its places to be asked for again."""
    name = record["hunt_id"]
    found.hunts.append(name)
    path = places_path(workspace, name)
    try:
        if has_places(path, record):
            ledger.restore_hunt(record, read_places(path, record))
            return
    except (OSError, TypeError, ValueError, OverflowError, RecursionError) as error:
        found.damaged[path.name] = str(error)
    was = "under way" if record["state"] == "running" else record["state"]
    why = f" ({record['reason'].rstrip('.')})" if record["reason"] else ""
    reason = f"Rebuilt from its record, in which it was {was}{why}: resume it for its places."
    ledger.restore_hunt({**record, "state": "stopped", "reason": reason})
    found.without_places.append(name)


def _reports(workspace: Workspace) -> Iterator[str]:
    """Ids of the runs that have a report, the oldest report first."""
    with os.scandir(workspace.root / "provenance_reports") as entries:
        known = sorted(
            (entry.stat(follow_symlinks=False).st_mtime_ns, entry.name[11:-5])
            for entry in entries
            if entry.name.startswith("provenance_") and len(entry.name) == 56
        )
    for _, name in known:
        yield name


def _row(name: str, workspace: Workspace, found: Rebuilt) -> RunRow:
    provenance = read_provenance(workspace.provenance_path(name))
    config = RunConfig.from_mapping(config_of(name, provenance, workspace), complete=True)
    row = RunRow.from_provenance(config, provenance)
    if row.status not in MACHINE_FAILURES and not workspace.artifact_path(name).is_file():
        found.without_artifact.append(name)
    return row


def config_of(name: str, provenance: Mapping[str, Any], workspace: Workspace) -> dict[str, Any]:
    """The report's own copy of the config, else the file that the run was made from."""
    kept = provenance.get("config")
    if isinstance(kept, dict) and kept:
        return kept
    try:
        return strict_json.loads(workspace.config_path(name).read_bytes())
    except OSError as error:
        raise WorkspaceError(
            f"provenance_{name}.json: no config in it, nor config_{name}.json "
            f"({error.strerror}), expected either; compute the run again."
        ) from error


def _set_aside(path: Path) -> str:
    """Give what lies at `path` a dated name, with the files that SQLite keeps beside it.

    By links first, so that every file has a name throughout. The log goes before the new ledger
    comes: SQLite would take it for the new one's.
    """
    parts = [part for part in _PARTS if path.with_name(path.name + part).exists()]
    if not parts:
        return ""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    aside = path.with_name(f"{path.stem}-{stamp}{path.suffix}")
    for part in parts:
        os.link(path.with_name(path.name + part), aside.with_name(aside.name + part))
    _flush(path.parent)
    for part in parts:
        if part:
            path.with_name(path.name + part).unlink()
    return aside.name if "" in parts else ""


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

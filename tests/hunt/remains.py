"""What a hunt that was killed left behind, and what must be true of it.

Everything is seen from outside: files, the ledger, what was printed.
"""

import contextlib
import itertools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.live.status import HuntStatus
from engine.settings import RunConfig
from engine.store import strict_json
from engine.store.artifact import open_artifact, sha256_file
from engine.store.event import Event
from engine.store.event_kinds import BATCH_DONE, HUNT_PAUSED, HUNT_RESUMED, HUNT_STALLED, KINDS
from engine.store.provenance import read_provenance
from engine.store.reader import COLUMNS, LedgerReader
from engine.store.tables import connect_reader
from engine.store.workspace import FOLDERS, Workspace

Place = tuple[int, int, int]
"""Generation, member and replicate."""

_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{8}\.tmp")


def is_temporary(name: str) -> bool:
    """Whether a file's name says that it is not finished."""
    return _TEMPORARY.fullmatch(name) is not None


def reader_of(place: Path) -> LedgerReader:
    """The ledger of a workspace that need not be there yet."""
    return LedgerReader(place / "simulation_ledger.sqlite")


def events_of(reader: LedgerReader) -> list[Event]:
    """The whole log."""
    return reader.events_after(0, 1_000_000)


def listed(reader: LedgerReader) -> list[dict[str, Any]]:
    """Every run at every place that it has, by column."""
    with reader.places() as rows:
        return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def places_of(reader: LedgerReader) -> dict[Place, str]:
    """Every place that the ledger holds, and its run."""
    return {
        (row["generation"], row["member"], row["replicate"]): row["config_hash"]
        for row in listed(reader)
        if row["hunt_id"] is not None
    }


def rows_of(place: Path, hunt_id: str = "") -> dict[Place, dict[str, Any]]:
    """Everything of the hunt's runs that does not depend on when it ran, by place."""
    return {
        (row["generation"], row["member"], row["replicate"]): {
            name: value for name, value in row.items() if name not in ("hunt_id", "committed")
        }
        for row in listed(reader_of(place))
        if hunt_id in ("", row["hunt_id"])
    }


def losses(seen: Mapping[Place, str], printed: int, place: Path) -> list[str]:
    """Runs that were acknowledged, and are not there: seen in the ledger, or printed as done."""
    held = places_of(reader_of(place))
    found = [
        f"place {where} was seen with run {config_hash}, has {held.get(where)}"
        for where, config_hash in seen.items()
        if held.get(where) != config_hash
    ]
    if printed > len(held):
        found.append(f"{printed} runs were printed, {len(held)} are there")
    return found


LOCKS = ("simulation_ledger", "hunt.lock", ".hunt.lock", "on_commit.lock")
"""How names of locks, and of the ledger's files, begin."""


def torn_files(place: Path) -> list[str]:
    """Files under a final name that are not whole, or under no name that the engine gives."""
    found = []
    workspace = Workspace(place)
    folders = [place, *(place / name for name in FOLDERS)]
    for path in (p for f in folders if f.is_dir() for p in sorted(f.iterdir()) if p.is_file()):
        try:
            if is_temporary(path.name) or path.parent.name == "logs":
                continue
            if path.suffix == ".h5":
                with open_artifact(path) as artifact:
                    artifact.verify()
            elif path.name.startswith("provenance_"):
                read_provenance(path)
            elif path.name.startswith("config_"):
                config = RunConfig.from_mapping(json.loads(path.read_bytes()), complete=True)
                assert path == workspace.config_path(config.config_hash), "another run's config"
            elif path == workspace.status_path:
                HuntStatus(**strict_json.loads(path.read_bytes()))
            elif path.suffix == ".json":
                strict_json.loads(path.read_bytes())
            elif path.suffix == ".jsonl":
                head, *lines = map(json.loads, path.read_text().splitlines())
                assert head["places"] == len(lines), "not all of the hunt's places"
            elif not path.name.startswith(LOCKS):
                found.append(f"{path.name}: nobody writes such a file")
        except Exception as error:
            found.append(f"{path.name}: {type(error).__name__}: {error}")
    return found


def ledger_faults(place: Path) -> list[str]:
    """Where a ledger contradicts itself, its log, or the files of its runs."""
    found = []
    workspace = Workspace(place)
    connection = connect_reader(workspace.ledger_path)
    if connection is None:
        return []
    with contextlib.closing(connection):
        for check in ("integrity_check", "foreign_key_check"):
            rows = [tuple(row) for row in connection.execute(f"PRAGMA {check}")]
            if rows not in ([], [("ok",)]):
                found.append(f"{check}: {rows}")
    reader = LedgerReader(workspace.ledger_path)
    events = events_of(reader)
    if [event.seq for event in events] != list(range(1, len(events) + 1)):
        found.append(f"events: gaps in {[event.seq for event in events]}")
    told = sorted(
        (e.hunt_id, e.payload["generation"], e.payload["member"], e.payload["replicate"])
        for e in events
        if e.kind == "run_committed" and e.hunt_id is not None
    )
    held = listed(reader)
    names = ("hunt_id", "generation", "member", "replicate")
    places = sorted(tuple(r[n] for n in names) for r in held if r["hunt_id"] is not None)
    if any(event.kind == "ledger_rebuilt" for event in events):  # the old log told of the others
        places = [place for place in places if place in set(told)]
    if told != places:
        found.append("events: not one run_committed for every place")
    found += _history_faults(reader)
    for row in held:
        name = row["config_hash"]
        provenance = workspace.provenance_path(name)
        if not provenance.is_file() or read_provenance(provenance)["status"] != row["status"]:
            found.append(f"run {name}: no verdict with its status {row['status']}")
        artifact = workspace.artifact_path(name)
        if row["artifact_sha256"] and (
            not artifact.is_file() or sha256_file(artifact) != row["artifact_sha256"]
        ):
            found.append(f"run {name}: its artifact is not the one in its row")
    return found


def _history_faults(reader: LedgerReader) -> list[str]:
    """Where the log of a hunt is not the story of its state."""
    found = []
    rebuilt = any(event.kind == "ledger_rebuilt" for event in events_of(reader))
    for hunt in reader.hunts():
        kinds = [
            event.kind
            for event in events_of(reader)
            if event.hunt_id == hunt["hunt_id"]
            and KINDS[event.kind].about == "hunt"
            and event.kind not in (BATCH_DONE, HUNT_STALLED, HUNT_PAUSED, HUNT_RESUMED)
        ]
        if rebuilt and "hunt_started" not in kinds:  # its start was told in the old log
            before = "hunt_stopped" if kinds else f"hunt_{hunt['state']}"
            kinds = ["hunt_started", before, *kinds]
        state = hunt["state"]
        begun = [kind in ("hunt_started", "hunt_continued") for kind in kinds]
        last = ("hunt_started", "hunt_continued") if state == "running" else (f"hunt_{state}",)
        alternate = all(a != b for a, b in itertools.pairwise(begun))
        if kinds[:1] != ["hunt_started"] or kinds[-1] not in last or not alternate:
            found.append(f"hunt {hunt['hunt_id']} is {state}, its log says {', '.join(kinds)}")
    return found


def differences(
    found: Mapping[Place, Mapping[str, Any]], expected: Mapping[Place, Mapping[str, Any]]
) -> list[str]:
    """Where the rows of a hunt are not those of the undisturbed one."""
    told = [f"place {where}: nobody asked for it" for where in found.keys() - expected.keys()]
    for where in sorted(expected):
        row = found.get(where, {})
        told += [
            f"place {where}: {name} is {row.get(name)!r}, undisturbed {value!r}"
            for name, value in expected[where].items()
            if row.get(name, "missing") != value
        ]
    return told

"""What stands behind a run's verdicts, read: its config, its audit, its files and checksums."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import EngineError
from engine.settings import HuntSettings
from engine.store.provenance import read_provenance
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace
from irer_panel.wording import size


@dataclass(frozen=True)
class File:
    """A file of a run.

    Attributes:
        name: of the file.
        sha256: of its contents, empty where it is not there.
        bytes: its size, None where it is not there.
        note: what there is to say.
    """

    name: str
    sha256: str
    bytes: int | None
    note: str = ""


@dataclass(frozen=True)
class AuditFacts:
    """What is known of a run beside its verdicts.

    Attributes:
        run: its id, empty for none.
        provenance: its audit, None where it cannot be read.
        config: all settings of the run, empty where they are not known.
        searched: names of the settings that the hunt varied.
        files: with their checksums.
        problem: why the audit cannot be read.
        kept: whether its artifact is there.
    """

    run: str
    provenance: Mapping[str, Any] | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    searched: tuple[str, ...] = ()
    files: tuple[File, ...] = ()
    problem: str = ""
    kept: bool = False


def read_facts(workspace: Workspace, reader: LedgerReader, run: str) -> AuditFacts:
    """Read what is known of a run; a problem becomes words. Call it off the event loop."""
    if not run:
        return AuditFacts("")
    provenance, problem = None, ""
    try:
        provenance = read_provenance(workspace.provenance_path(run))
    except EngineError as error:
        problem = str(error)
    try:
        row = reader.run(run) or {}
        settings = {hunt["hunt_id"]: hunt["settings"] for hunt in reader.hunts()}
        varied = [
            each.key
            for place in row.get("places", ())
            for each in HuntSettings.from_mapping(settings[place["hunt_id"]]).dimensions
        ]
    except EngineError as error:
        return AuditFacts(run, provenance, problem=str(error))
    config = row.get("config") or (provenance or {}).get("config") or {}
    files = tuple(_files(workspace, run, provenance, row))
    kept = workspace.artifact_path(run).is_file()
    return AuditFacts(run, provenance, config, tuple(dict.fromkeys(varied)), files, problem, kept)


def _files(
    workspace: Workspace, run: str, provenance: Mapping[str, Any] | None, row: Mapping[str, Any]
) -> Iterable[File]:
    """The artifact with the checksum that was audited, the small files with that of now."""
    artifact = workspace.artifact_path(run)
    audited = (provenance or {}).get("artifact") or {}
    now = artifact.stat().st_size if artifact.is_file() else None
    note = "as audited"
    if now is None:
        note = f"evicted on {row['evicted'][:10]}" if row.get("evicted") else "not there"
    elif now != audited.get("bytes"):
        note = f"{size(now)} now: not the file that was audited"
    elif row.get("artifact_sha256") != audited.get("sha256"):
        note = "the ledger has another checksum"
    yield File(artifact.name, audited.get("sha256") or "", audited.get("bytes"), note)
    for path in (workspace.provenance_path(run), workspace.config_path(run)):
        yield _file_now(path)
    start = (row.get("config") or {}).get("initial_state_sha256")
    if start:
        yield File(workspace.initial_state_path(start).name, start, None, "the run's start")


def _file_now(path: Path) -> File:
    try:
        held = path.read_bytes()
    except OSError:
        return File(path.name, "", None, "not there")
    return File(path.name, hashlib.sha256(held).hexdigest(), len(held), "now")

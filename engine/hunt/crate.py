"""A hunt as one file, an RO-Crate: its config, ledger, audits and best artifacts.

A crate is a zip of the workspace's files under their names there, and of `ro-crate-metadata.json`,
which says in JSON-LD what each is, what made it, and its SHA-256. The same hunt gives the same
bytes. What `engine.hunt.crate_import` would refuse is not written.
"""

import hashlib
import tempfile
import zipfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine import __version__
from engine.errors import ArtifactError, SettingsError, WorkspaceError
from engine.hunt.crate_check import (
    UNFIT,
    check_config,
    check_record,
    check_significance,
    checked_places,
    checked_run,
    printable,
)
from engine.hunt.crate_contents import LEDGER, METADATA, contents
from engine.hunt.crate_metadata import entity, metadata
from engine.hunt.significance import report_path
from engine.store.artifact import sha256_file
from engine.store.export import export_csv
from engine.store.hunt_record import record_bytes
from engine.store.new_file import new_path
from engine.store.places_file import places_path, read_places, write_places
from engine.store.provenance import read_provenance
from engine.store.reader import LedgerReader
from engine.store.run_row import RunRow
from engine.store.workspace import Workspace

BEST = 5
"""So many of the fittest runs bring their artifacts; `irer restore` makes the others again."""

_STAMP = (1980, 1, 1, 0, 0, 0)
"""Of every entry, so that the same hunt gives the same bytes; the metadata tell the times."""


def export_crate(place: Workspace, hunt_id: str, output: str | None = None) -> dict[str, Any]:
    """Write a hunt as an RO-Crate.

    Args:
        place: the workspace.
        hunt_id: the hunt; it is over.
        output: a name that nothing has; None for `<hunt>.crate.zip` in the working directory.

    Returns:
        How many files are in it, and the output.

    Raises:
        SettingsError: there is no such hunt, it is under way or has no runs, or the output is there
            already.
        ArtifactError: an artifact is not the one that was audited.
        WorkspaceError: a file cannot be read or written, or is one that no import would take.
    """
    reader = LedgerReader(place.ledger_path)
    hunt = _hunt(reader, hunt_id)
    path = Path(output or f"{hunt_id}.crate.zip")
    try:
        with new_path(path) as temporary, tempfile.TemporaryDirectory() as folder:
            record = _shared(hunt)
            check_record(record)
            software, rows = _checked(place, reader, hunt_id)
            ledger, places = Path(folder) / LEDGER, Path(folder) / "places.jsonl"
            export_csv(reader, ledger, hunt_id)
            write_places(places, reader, hunt)
            deque(checked_places(record, read_places(places, record), rows), maxlen=0)
            files = dict(_files(place, reader, hunt_id))
            files |= {LEDGER: ledger, _name(place, places_path(place, hunt_id)): places}
            _write(temporary, record, files, software)
            with zipfile.ZipFile(temporary) as archive:
                contents(temporary, archive)
    except ValueError as error:
        if isinstance(error, SettingsError):
            raise
        raise _unfit(hunt_id, error) from error
    return {"files": len(files) + 2, "output": str(path)}


def _hunt(reader: LedgerReader, hunt_id: str) -> dict[str, Any]:
    hunt = next((each for each in reader.hunts() if each["hunt_id"] == hunt_id), None)
    if hunt is None or hunt["state"] == "running":
        got = "no such hunt in the ledger" if hunt is None else "one that is under way"
        raise SettingsError(
            f"export: {hunt_id[:40]!r} is {got}, expected a hunt that is over; look the id up on "
            "the page, or wait for its end.",
            field="target",
        )
    if not reader.runs(hunt_id):
        raise SettingsError(
            f"export: hunt {hunt_id} has no runs in the ledger, expected some; if it was rebuilt, "
            f"give it its places with `irer hunt --resume {hunt_id}` first.",
            field="target",
        )
    return hunt


def _shared(hunt: dict[str, Any]) -> dict[str, Any]:
    """A hunt as others may have it: not where its cluster is, nor what a terminal would obey."""
    settings = {**hunt["settings"], "scheduler": ""}
    return {**hunt, "settings": settings, "reason": printable(hunt["reason"])}


def _checked(
    place: Workspace, reader: LedgerReader, hunt_id: str
) -> tuple[set[tuple[str, str]], dict[str, RunRow]]:
    """Name and version of what audited the hunt's runs, and their rows, as an import would have."""
    software, rows = {("irer", __version__)}, {}
    if report_path(place, hunt_id).is_file():
        check_significance(hunt_id, place)
    for name in {row["config_hash"] for row in reader.runs(hunt_id)}:
        try:
            if place.config_path(name).is_file():
                check_config(name, place)
            if place.provenance_path(name).is_file():
                rows[name], versions = checked_run(name, place)
                software |= set(versions.items())
        except UNFIT as error:
            raise _unfit(hunt_id, f"run {name}: {error}") from error
    return software, rows


def _unfit(hunt_id: str, why: object) -> WorkspaceError:
    words = printable(" ".join(str(why).split()))[:300].rstrip(".")
    return WorkspaceError(
        f"hunt {hunt_id}: got {words}, expected what `irer import` takes; nothing was written: "
        "mend that file, or export the hunt from a copy."
    )


def _write(
    path: Path, record: dict[str, Any], files: dict[str, Path], software: set[tuple[str, str]]
) -> None:
    entities = []
    with zipfile.ZipFile(path, "w") as archive:
        name = f"analysis_reports/hunt_{record['hunt_id']}.json"
        data = record_bytes(record)
        _put(archive, name, data)
        entities.append(entity(name, len(data), hashlib.sha256(data).hexdigest()))
        for name, file in sorted(files.items()):
            with file.open("rb") as source, archive.open(_info(name), "w", force_zip64=True) as to:
                total, digest = 0, hashlib.sha256()
                while chunk := source.read(2**20):
                    total += len(chunk)
                    digest.update(chunk)
                    to.write(chunk)
            entities.append(entity(name, total, digest.hexdigest()))
        _put(archive, METADATA, metadata(record, entities, software))


def _files(place: Workspace, reader: LedgerReader, hunt_id: str) -> Iterator[tuple[str, Path]]:
    """Names in the crate and files, but for the ledger and the hunt's record."""
    rows = {row["config_hash"]: row for row in reader.runs(hunt_id, order="-fitness")}
    best = [name for name, row in rows.items() if row["fitness"] is not None]
    kept = [name for name in best if place.artifact_path(name).is_file()][:BEST]
    wanted = [place.artifact_path(name) for name in kept]
    for name in rows:
        wanted += [place.config_path(name), place.provenance_path(name)]
    for name in kept:
        audited = (read_provenance(place.provenance_path(name))["artifact"] or {}).get("sha256")
        if sha256_file(place.artifact_path(name)) != audited:
            raise ArtifactError(
                f"{place.artifact_path(name).name}: not the file that was audited, expected its "
                f"checksum; look at it with `irer validate {name}`."
            )
        start = (reader.run(name) or {})["config"]["initial_state_sha256"]
        if start:
            wanted.append(place.initial_state_path(start))
    wanted.append(report_path(place, hunt_id))
    for path in wanted:
        if path.is_file():
            yield _name(place, path), path


def _name(place: Workspace, path: Path) -> str:
    return path.relative_to(place.root).as_posix()


def _put(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    archive.writestr(_info(name), data)


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _STAMP)
    info.external_attr = 0o644 << 16
    if not name.endswith(".h5"):
        info.compress_type = zipfile.ZIP_DEFLATED
    return info

"""A hunt as one file, an RO-Crate: its config, ledger, audits and best artifacts.

A crate is a zip of the workspace's files under their names there, and of `ro-crate-metadata.json`,
which says in JSON-LD what each is, what made it, and its SHA-256. The same hunt gives the same
bytes.
Source: RO-Crate Metadata Specification 1.1.
"""

import hashlib
import json
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine import __version__
from engine.errors import ArtifactError, SettingsError
from engine.store.artifact import sha256_file
from engine.store.export import export_csv
from engine.store.hunt_record import record_bytes
from engine.store.new_file import new_path
from engine.store.provenance import read_provenance
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace

METADATA, LEDGER = "ro-crate-metadata.json", "simulation_ledger.csv"
BEST = 5
"""So many of the fittest runs bring their artifacts; `irer restore` makes the others again."""

_CONTEXT = ["https://w3id.org/ro/crate/1.1/context", {"sha256": "https://schema.org/sha256"}]
_KINDS = {
    ".h5": ("application/x-hdf5", "Fields of a run"),
    ".csv": ("text/csv", "The hunt's rows of the ledger"),
    "config": ("application/json", "Config of a run"),
    "provenance": ("application/json", "Audit of a run"),
    "hunt": ("application/json", "Settings and end of the hunt"),
    "significance": ("application/json", "What the hunt's runs say together"),
}
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
        SettingsError: there is no such hunt, it is under way, or the output is there already.
        ArtifactError: an artifact is not the one that was audited.
        WorkspaceError: a file cannot be read or written.
    """
    reader = LedgerReader(place.ledger_path)
    hunt = next((each for each in reader.hunts() if each["hunt_id"] == hunt_id), None)
    if hunt is None or hunt["state"] == "running":
        got = "no such hunt in the ledger" if hunt is None else "one that is under way"
        raise SettingsError(
            f"export: {hunt_id[:40]!r} is {got}, expected a hunt that is over; look the id up on "
            "the page, or wait for its end.",
            field="target",
        )
    path = Path(output or f"{hunt_id}.crate.zip")
    with new_path(path) as temporary, tempfile.TemporaryDirectory() as folder:
        ledger = Path(folder) / LEDGER
        export_csv(reader, ledger, hunt_id)
        files = dict(_files(place, reader, hunt_id))
        files[LEDGER] = ledger
        entities, software = [], {"irer": __version__}
        with zipfile.ZipFile(temporary, "w") as archive:
            record = f"analysis_reports/hunt_{hunt_id}.json"
            data = record_bytes(hunt)
            _put(archive, record, data)
            entities.append(_entity(record, len(data), hashlib.sha256(data).hexdigest()))
            for name, file in sorted(files.items()):
                if name.startswith("provenance_reports/"):
                    software |= read_provenance(file)["software"]
                with (
                    file.open("rb") as source,
                    archive.open(_info(name), "w", force_zip64=True) as to,
                ):
                    total, digest = 0, hashlib.sha256()
                    while chunk := source.read(2**20):
                        total += len(chunk)
                        digest.update(chunk)
                        to.write(chunk)
                entities.append(_entity(name, total, digest.hexdigest()))
            _put(archive, METADATA, _metadata(hunt, entities, software))
    return {"files": len(files) + 2, "output": str(path)}


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
    wanted.append(place.root / "analysis_reports" / f"significance_{hunt_id}.json")
    for path in wanted:
        if path.is_file():
            yield path.relative_to(place.root).as_posix(), path


def _put(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    archive.writestr(_info(name), data)


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _STAMP)
    info.external_attr = 0o644 << 16
    if not name.endswith(".h5"):
        info.compress_type = zipfile.ZIP_DEFLATED
    return info


def _entity(name: str, size: int, sha256: str) -> dict[str, Any]:
    path = Path(name)
    kind, words = _KINDS.get(path.suffix) or _KINDS[path.name.partition("_")[0]]
    return {
        "@id": name,
        "@type": "File",
        "name": f"{words} ({path.name})",
        "encodingFormat": kind,
        "contentSize": str(size),
        "sha256": sha256,
    }


def _metadata(hunt: dict[str, Any], files: list[dict[str, Any]], software: dict[str, str]) -> bytes:
    parts = [{"@id": each["@id"]} for each in files]
    tools = {name: f"#{name}" for name in sorted(software)}
    ended = hunt["ended"] or hunt["created"]
    graph = [
        {
            "@id": METADATA,
            "@type": "CreativeWork",
            "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
            "about": {"@id": "./"},
        },
        {
            "@id": "./",
            "@type": "Dataset",
            "name": f"IRER hunt {hunt['hunt_id']}",
            "description": "A hunt over the parameters of a 2-D field simulation: settings, "
            f"ledger, audits of all runs, and the fields of the {BEST} fittest. `irer import` "
            "reads it.",
            "datePublished": ended,
            "identifier": hunt["hunt_id"],
            "hasPart": parts,
            "mentions": {"@id": "#hunt"},
        },
        {
            "@id": "#hunt",
            "@type": "CreateAction",
            "name": f"Hunt {hunt['hunt_id']}",
            "description": json.dumps(hunt["settings"], sort_keys=True),
            "startTime": hunt["created"],
            "endTime": ended,
            "instrument": [{"@id": each} for each in tools.values()],
            "result": parts,
        },
        *(
            {
                "@id": tools[name],
                "@type": "SoftwareApplication",
                "name": name,
                "softwareVersion": str(software[name]),
            }
            for name in tools
        ),
        *files,
    ]
    document = {"@context": _CONTEXT, "@graph": graph}
    return json.dumps(document, indent=1, ensure_ascii=False).encode() + b"\n"

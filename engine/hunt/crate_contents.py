"""What a crate may hold: its table of contents, looked at before a byte is unpacked."""

import re
import stat
import zipfile
from pathlib import Path

METADATA, LEDGER = "ro-crate-metadata.json", "simulation_ledger.csv"
HUNT = "[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9]{3,6}"
"""A hunt's id: a day and a number."""

_NAMES = {
    "metadata": (re.escape(METADATA), 2**40),
    "ledger": (re.escape(LEDGER), 2**30),
    "hunt": (rf"analysis_reports/hunt_({HUNT})\.json", 2**20),
    "places": (rf"analysis_reports/hunt_({HUNT})_places\.jsonl", 2**30),
    "significance": (rf"analysis_reports/significance_({HUNT})\.json", 64 * 2**20),
    "config": (r"input_configs/config_([0-9a-f]{40})\.json", 2**20),
    "initial": (r"input_configs/initial_([0-9a-f]{64})\.h5", 2**40),
    "provenance": (r"provenance_reports/provenance_([0-9a-f]{40})\.json", 16 * 2**20),
    "artifact": (r"simulation_data/rho_history_([0-9a-f]{40})\.h5", 2**40),
}
"""Names of files by kind, and how long each may be, in bytes."""

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_MOST_FILES = 1_000_000
_MOST_TIMES = 200
"""Deflated JSON of ours shrinks tenfold; a bomb a thousandfold."""

_SPARE = 2**20
_METADATA_BYTES = 1024
"""Bytes of metadata for each file; ours take half of it."""


def contents(path: Path, archive: zipfile.ZipFile) -> dict[str, list[str]]:
    """The ids in a crate by kind, once its table of contents has been found sound.

    Raises:
        ValueError: it is not one that `engine.hunt.crate` writes; says what it has, in a few words.
    """
    kinds = {kind: list[str]() for kind in _NAMES}
    seen: set[str] = set()
    entries = archive.infolist()
    if len(entries) > _MOST_FILES:
        raise ValueError(f"{len(entries)} files, more than {_MOST_FILES}")
    if sum(entry.compress_size for entry in entries) > path.stat().st_size:
        raise ValueError("files that lie over each other")
    for entry in entries:
        shown = repr(entry.filename[:120])
        kind, found = next(
            ((k, m) for k, (p, _) in _NAMES.items() if (m := re.fullmatch(p, entry.filename))),
            ("", None),
        )
        if found is None:
            raise ValueError(f"a file named {shown}")
        mode = entry.external_attr >> 16
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG) or entry.flag_bits & 0x1:
            raise ValueError(f"{shown}, which is a link, a folder or encrypted")
        if entry.compress_type not in _METHODS:
            raise ValueError(f"{shown} packed by method {entry.compress_type}")
        if entry.filename in seen:
            raise ValueError(f"{shown} twice")
        if entry.file_size > _most_bytes(kind, entry, len(entries)):
            raise ValueError(f"{shown} of {entry.file_size} bytes")
        seen.add(entry.filename)
        kinds[kind].append(found[1] if found.groups() else entry.filename)
    if len(kinds["metadata"]) != 1 or len(kinds["hunt"]) != 1:
        raise ValueError("none or several of its metadata or its hunt")
    for kind in ("significance", "places"):
        if kinds[kind] not in ([], kinds["hunt"]):
            raise ValueError(f"the {kind} of another hunt")
    return kinds


def _most_bytes(kind: str, entry: zipfile.ZipInfo, files: int) -> int:
    most = min(_NAMES[kind][1], _SPARE + _MOST_TIMES * entry.compress_size)
    # What is parsed whole grows with what it describes, so that little cannot take all memory.
    return min(most, _SPARE + _METADATA_BYTES * files) if kind == "metadata" else most

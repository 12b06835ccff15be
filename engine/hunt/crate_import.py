"""Reads a crate back into a workspace, after all of it was checked; nothing there is overwritten.

A crate may come from anybody. Before a byte is unpacked its table of contents has to be one that
`engine.hunt.crate` writes; what is unpacked lies in a folder of its own until every sum, id,
config, audit and artifact in it agrees with the others. As with a rebuilt ledger, the audits vouch
for the runs: whoever can write an audit can forge one, and `irer validate` finds that.
"""

import hashlib
import os
import re
import stat
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

from engine.errors import EngineError, SettingsError, WorkspaceError
from engine.hunt.crate import LEDGER, METADATA
from engine.settings import RunConfig
from engine.store import strict_json
from engine.store.artifact import open_artifact, sha256_file
from engine.store.hunt_record import read_hunt_record
from engine.store.initial_state import initial_state_of
from engine.store.ledger import Ledger
from engine.store.leftovers import sweep_leftovers
from engine.store.lock import WorkspaceLock
from engine.store.new_file import flush
from engine.store.provenance import read_provenance
from engine.store.reader import LedgerReader
from engine.store.run_row import RunRow
from engine.store.workspace import Workspace

_HUNT = "[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9]{3,9}"
_NAMES = {
    "metadata": (re.escape(METADATA), 64 * 2**20),
    "ledger": (re.escape(LEDGER), 2**30),
    "hunt": (rf"analysis_reports/hunt_({_HUNT})\.json", 2**20),
    "significance": (rf"analysis_reports/significance_{_HUNT}\.json", 64 * 2**20),
    "config": (r"input_configs/config_([0-9a-f]{40})\.json", 2**20),
    "initial": (r"input_configs/initial_([0-9a-f]{64})\.h5", 2**40),
    "provenance": (r"provenance_reports/provenance_([0-9a-f]{40})\.json", 16 * 2**20),
    "artifact": (r"simulation_data/rho_history_([0-9a-f]{40})\.h5", 2**40),
}
"""What a crate may hold, and how long each may be."""

_MOST_FILES = 1_000_000
_MOST_TIMES = 200
"""Deflated JSON of ours shrinks tenfold; a bomb a thousandfold."""

_SPARE = 2**20
_PREFIX = ".import-"


def import_crate(path: Path, place: Workspace) -> dict[str, Any]:
    """Enter the hunt of a crate, its runs and their files into a workspace.

    The hunt comes in state stopped and without its places, which `irer hunt --resume` finds again
    at no device time. A file that is there already with the same contents stays as it is.

    Returns:
        The hunt, and how many runs and files came with it.

    Raises:
        SettingsError: no crate of ours, or one that does not agree with itself.
        WorkspaceError: the workspace has the hunt or another file of that name, or cannot be
            written; it is then as it was.
        WorkspaceBusyError: something hunts in this workspace.
    """
    with WorkspaceLock(place.root).acquire("import"):
        sweep_leftovers(place.root)
        with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=place.root) as folder:
            staged = Workspace(Path(folder))
            try:
                with zipfile.ZipFile(path) as archive:
                    kinds = _contents(path, archive, place)
                    _unpack(archive, staged.root)
            except (
                OSError,
                EOFError,
                zipfile.BadZipFile,
                zipfile.LargeZipFile,
                zlib.error,
                ValueError,
                NotImplementedError,
                RuntimeError,
            ) as error:  # zipfile's, and zlib's by those
                if isinstance(error, EngineError):
                    raise
                raise _refused(path.name, str(error)) from error
            record, rows, lost = _checked(path.name, staged, kinds)
            return _enter(place, staged, record, rows, lost)


def _contents(path: Path, archive: zipfile.ZipFile, place: Workspace) -> dict[str, list[str]]:
    """The ids in a crate by kind, once its table of contents has been found sound."""
    crate, kinds = path.name, {kind: list[str]() for kind in _NAMES}
    seen: set[str] = set()
    entries = archive.infolist()
    if len(entries) > _MOST_FILES:
        raise _refused(crate, f"{len(entries)} files")
    if sum(entry.compress_size for entry in entries) > path.stat().st_size:
        raise _refused(crate, "files that lie over each other")
    for entry in entries:
        shown = repr(entry.filename[:120])
        kind, found = next(
            ((k, m) for k, (p, _) in _NAMES.items() if (m := re.fullmatch(p, entry.filename))),
            ("", None),
        )
        if found is None:
            raise _refused(crate, f"a file named {shown}")
        mode = entry.external_attr >> 16
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG) or entry.flag_bits & 0x1:
            raise _refused(crate, f"{shown}, which is a link, a folder or encrypted")
        if entry.filename in seen:
            raise _refused(crate, f"{shown} twice")
        if entry.file_size > min(_NAMES[kind][1], _SPARE + _MOST_TIMES * entry.compress_size):
            raise _refused(crate, f"{shown} of {entry.file_size} bytes")
        seen.add(entry.filename)
        kinds[kind].append(found[1] if found.groups() else entry.filename)
    if len(kinds["metadata"]) != 1 or len(kinds["hunt"]) != 1:
        raise _refused(crate, "none or several of its metadata or its hunt")
    place.require_free(sum(entry.file_size for entry in entries), "the crate")
    return kinds


def _unpack(archive: zipfile.ZipFile, root: Path) -> None:
    """Unpack into a new folder, each file with the sum and size that the metadata give it."""
    declared = _declared(archive)
    for entry in archive.infolist():
        if entry.filename == METADATA:
            continue
        if entry.filename not in declared:
            raise ValueError(f"{entry.filename}, of which the metadata say nothing")
        target = root / entry.filename
        target.parent.mkdir(exist_ok=True)
        digest, total = hashlib.sha256(), 0
        with archive.open(entry) as source, target.open("xb") as stream:
            while chunk := source.read(2**20):
                total += len(chunk)
                if total > entry.file_size:
                    raise ValueError(f"{entry.filename}, longer than its table of contents says")
                digest.update(chunk)
                stream.write(chunk)
            stream.flush()
            os.fsync(stream.fileno())
        if (str(total), digest.hexdigest()) != declared.pop(entry.filename):
            raise ValueError(f"{entry.filename} with another size or SHA-256 than the metadata say")
    if declared:
        raise ValueError(f"no {next(iter(declared))}, of which the metadata tell")


def _declared(archive: zipfile.ZipFile) -> dict[str, tuple[str, str]]:
    """Size and SHA-256 of each file by its name, as the metadata have them."""
    graph = strict_json.loads(archive.read(METADATA)).get("@graph")
    if not isinstance(graph, list) or not all(isinstance(each, dict) for each in graph):
        raise ValueError("metadata without a @graph of objects")
    return {
        str(each.get("@id")): (str(each.get("contentSize")), str(each.get("sha256")))
        for each in graph
        if each.get("@type") == "File"
    }


def _checked(
    crate: str, staged: Workspace, kinds: dict[str, list[str]]
) -> tuple[dict[str, Any], list[RunRow], list[str]]:
    """The hunt's record, the rows of its runs, and ids of those whose artifacts did not come."""
    rows, lost = [], []
    try:
        hunt_id = kinds["hunt"][0]
        record = read_hunt_record(staged.root / f"analysis_reports/hunt_{hunt_id}.json", hunt_id)
        for name in kinds["config"]:
            values = strict_json.loads(staged.config_path(name).read_bytes())
            if RunConfig.from_mapping(values).config_hash != name:
                raise ValueError(f"config_{name}.json with the config of another run")
        for name in kinds["provenance"]:
            provenance = read_provenance(staged.provenance_path(name))
            config = RunConfig.from_mapping(provenance["config"], complete=True)
            if config.config_hash != name:
                raise ValueError(f"provenance_{name}.json with the config of another run")
            row = RunRow.from_provenance(config, provenance)
            rows.append(row)
            if name not in kinds["artifact"]:
                lost.append(name)
                continue
            path = staged.artifact_path(name)
            if sha256_file(path) != row.artifact_sha256:
                raise ValueError(f"{path.name}, which is not the file that was audited")
            with open_artifact(path, name) as artifact:
                artifact.verify()
        if strangers := set(kinds["artifact"]) - {row.config.config_hash for row in rows}:
            raise ValueError(f"rho_history_{min(strangers)}.h5 without an audit")
        starts = {row.config.initial_state_sha256: row.config for row in rows}
        for name in kinds["initial"]:
            if name not in starts:
                raise ValueError(f"initial_{name}.h5, from which no run starts")
            initial_state_of(starts[name], staged)
    except (KeyError, TypeError, ValueError, OverflowError, EngineError, OSError) as error:
        raise _refused(crate, str(error).rstrip(".")) from error
    return record, rows, lost


def _enter(
    place: Workspace, staged: Workspace, record: dict[str, Any], rows: list[RunRow], lost: list[str]
) -> dict[str, Any]:
    hunt_id = record["hunt_id"]
    known = {hunt["hunt_id"] for hunt in LedgerReader(place.ledger_path).hunts()}
    if hunt_id in known:
        raise WorkspaceError(
            f"hunt {hunt_id}: in the ledger already, expected a workspace without it; import it "
            "with another --workspace."
        )
    new = []
    for path in sorted(each for each in staged.root.rglob("*") if each.is_file()):
        name = path.relative_to(staged.root)
        if str(name) == LEDGER:
            continue
        target = place.root / name
        if not (target.exists() or target.is_symlink()):
            new.append((path, target))
        elif not target.is_file() or sha256_file(target) != sha256_file(path):
            raise WorkspaceError(
                f"{name}: there already with other contents, expected none or the same; import "
                "the crate with another --workspace."
            )
    reason = f"Imported; it was {record['state']}: resume it for its places."
    with Ledger(place.ledger_path) as ledger:
        # Audits last: what watches for them finds everything else there.
        for path, target in sorted(new, key=lambda pair: _is_audit(pair[1])):
            os.link(path, target)  # fails on whatever has come meanwhile
        for where in {target.parent for _, target in new}:
            flush(where)
        refused = ledger.restore_runs(rows)
        if refused:
            run, why = next(iter(refused.items()))
            raise WorkspaceError(f"run {run}: {why}, expected a row that the ledger takes.")
        ledger.restore_hunt({**record, "state": "stopped", "reason": reason})
        ledger.mark_evicted(n for n in lost if not place.artifact_path(n).is_file())
        ledger.mark_restored({row.config.config_hash for row in rows} - set(lost))
    return {"hunt_id": hunt_id, "runs": len(rows), "files": len(new)}


def _is_audit(path: Path) -> bool:
    return path.parent.name == "provenance_reports"


def _refused(crate: str, got: str) -> SettingsError:
    return SettingsError(
        f"{crate}: got {' '.join(got.split())[:300]}, expected a crate as `irer export HUNT --to "
        "ro-crate` writes it; ask for it again.",
        field="crate",
    )

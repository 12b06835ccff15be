"""Reads a crate back into a workspace, after all of it was checked; nothing there is overwritten.

A crate may come from anybody. Before a byte is unpacked its table of contents has to be one that
`engine.hunt.crate` writes; what is unpacked lies in a folder of its own until every sum, id,
config, audit and artifact in it agrees with the others and a ledger of its own has taken them. As
with a rebuilt ledger, the audits vouch for the runs: whoever can write an audit can forge one, and
`irer validate` finds that.
"""

import contextlib
import tempfile
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

from engine.errors import EngineError, SettingsError, WorkspaceError
from engine.hunt.crate_check import (
    UNFIT,
    check_config,
    check_record,
    check_significance,
    checked_places,
    checked_run,
    printable,
)
from engine.hunt.crate_contents import LEDGER, contents
from engine.hunt.crate_unpack import unpack
from engine.settings import MACHINE_FAILURES
from engine.store.artifact import open_artifact, sha256_file
from engine.store.hunt_record import read_hunt_record
from engine.store.initial_state import initial_state_of
from engine.store.ledger import Ledger
from engine.store.leftovers import sweep_leftovers
from engine.store.lock import WorkspaceLock
from engine.store.new_file import flush, give_name
from engine.store.place import Place
from engine.store.places_file import places_path, read_places
from engine.store.reader import LedgerReader
from engine.store.run_row import RunRow
from engine.store.workspace import Workspace, workspace_error

_PREFIX = ".import-"


class _Hunt(NamedTuple):
    """What a crate brings: a record, the runs' rows, those without artifact, and the places."""

    record: dict[str, Any]
    rows: list[RunRow]
    lost: list[str]
    places: list[Place] | None


def import_crate(path: Path, place: Workspace) -> dict[str, Any]:
    """Enter the hunt of a crate, its runs and their files into a workspace.

    The hunt comes as it ended, with its places; from a crate that lacks them, of an older version,
    in state stopped, for `irer hunt --resume` to find them again at no device time. A file that is
    there already with the same contents stays as it is.

    Returns:
        The hunt, how many runs and files came with it, and whether its places did.

    Raises:
        SettingsError: no crate of ours, or one that does not agree with itself.
        WorkspaceError: the workspace has the hunt or another file of that name, or cannot be
            written; it is then as it was.
        LedgerError: the ledger cannot be written; the workspace is then as it was.
        WorkspaceBusyError: something hunts in this workspace.
    """
    with WorkspaceLock(place.root).acquire("import"):
        try:
            sweep_leftovers(place.root)
            with tempfile.TemporaryDirectory(
                prefix=_PREFIX, dir=place.root, ignore_cleanup_errors=True
            ) as folder:
                staged = Workspace(Path(folder) / "crate")
                staged.root.mkdir()
                try:
                    kinds = _unpacked(path, staged, place)
                    hunt = _checked(staged, kinds)
                except ValueError as error:
                    if isinstance(error, EngineError):
                        raise
                    raise _refused(path.name, str(error)) from error
                _rehearse(path.name, Path(folder) / "ledger.sqlite", hunt)
                return _enter(place, staged, hunt)
        except OSError as error:
            if isinstance(error, EngineError):
                raise
            where = Path(str(error.filename2 or error.filename or place.root))
            raise workspace_error(where, error, "a workspace that can be written") from error


def _unpacked(path: Path, staged: Workspace, place: Workspace) -> dict[str, list[str]]:
    """The ids in a crate by kind, its files being in the new folder."""
    try:
        stream = path.open("rb")
    except OSError as error:
        raise SettingsError(
            f"{path}: {error.strerror or error}, expected a crate that can be read; check its name "
            "and its permissions.",
            field="crate",
        ) from error
    with stream:
        try:
            archive = zipfile.ZipFile(stream)
        except (OSError, EOFError, zipfile.BadZipFile, NotImplementedError) as error:
            raise ValueError(str(error)) from error
        with archive:
            kinds = contents(path, archive)
            total = sum(entry.file_size for entry in archive.infolist())
            place.require_free(total, "the crate")
            unpack(archive, staged.root)
    return kinds


def _checked(staged: Workspace, kinds: dict[str, list[str]]) -> _Hunt:
    """What was unpacked, once all of it agrees."""
    rows, lost, places = [], [], None
    try:
        hunt_id = kinds["hunt"][0]
        record = read_hunt_record(staged.root / f"analysis_reports/hunt_{hunt_id}.json", hunt_id)
        check_record(record)
        for name in kinds["significance"]:
            check_significance(name, staged)
        for name in kinds["config"]:
            check_config(name, staged)
        for name in kinds["provenance"]:
            row, _ = checked_run(name, staged)
            rows.append(row)
            if name not in kinds["artifact"]:
                if row.status not in MACHINE_FAILURES:
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
        for name in kinds["places"]:
            known = {row.config.config_hash: row for row in rows}
            found = read_places(places_path(staged, name), record)
            places = list(checked_places(record, found, known))
    except UNFIT as error:
        raise ValueError(str(error).rstrip(".")) from error
    return _Hunt(record, rows, lost, places)


def _rehearse(crate: str, path: Path, hunt: _Hunt) -> None:
    """Have a ledger that nobody reads take the hunt and all its runs, or refuse the crate."""
    try:
        with Ledger(path) as ledger:
            _restore(ledger, hunt, hunt.lost)
    except ValueError as error:
        raise _refused(crate, str(error)) from error


def _restore(ledger: Ledger, hunt: _Hunt, lost: list[str]) -> None:
    """Enter the runs, which of them have no artifact, and the hunt: all at once or nothing."""
    record, rows, _, places = hunt
    if places is None:
        reason = f"Imported; it was {record['state']}: resume it for its places."
        record = {**record, "state": "stopped", "reason": reason}
    with ledger.together():
        for run, why in ledger.restore_runs(rows).items():
            raise ValueError(f"run {run}: {why}")
        ledger.mark_evicted(lost)
        ledger.mark_restored({row.config.config_hash for row in rows} - set(lost))
        ledger.restore_hunt(record, places or ())


def _enter(place: Workspace, staged: Workspace, hunt: _Hunt) -> dict[str, Any]:
    hunt_id = hunt.record["hunt_id"]
    if _has_hunt(place, hunt_id):
        raise WorkspaceError(
            f"hunt {hunt_id}: in the ledger already, expected a workspace without it; import it "
            "with another --workspace."
        )
    new = _new_files(place, staged)
    named: list[Path] = []
    with Ledger(place.ledger_path) as ledger:
        try:
            # Audits last: what watches for them finds everything else there.
            for path, target in sorted(new, key=lambda pair: _is_audit(pair[1])):
                give_name(path, target)
                named.append(target)
            for where in {target.parent for target in named}:
                flush(where)
            gone = [name for name in hunt.lost if not place.artifact_path(name).is_file()]
            _restore(ledger, hunt, gone)
        except BaseException:
            with contextlib.suppress(OSError, EngineError):  # the first error is the one to tell
                if not _has_hunt(place, hunt_id):
                    for target in named:
                        target.unlink()
            raise
    came = {"runs": len(hunt.rows), "files": len(new), "places": hunt.places is not None}
    return {"hunt_id": hunt_id, **came}


def _has_hunt(place: Workspace, hunt_id: str) -> bool:
    return any(hunt["hunt_id"] == hunt_id for hunt in LedgerReader(place.ledger_path).hunts())


def _new_files(place: Workspace, staged: Workspace) -> list[tuple[Path, Path]]:
    """What is not there yet: each file as it was unpacked, and its name to be."""
    new, disk = [], staged.root.stat().st_dev
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
    for folder in {target.parent for _, target in new}:
        if folder.stat().st_dev != disk:
            raise WorkspaceError(
                f"{folder}: on another disk than {place.root}, expected one disk; import the "
                "crate with another --workspace."
            )
    return new


def _is_audit(path: Path) -> bool:
    return path.parent.name == "provenance_reports"


def _refused(crate: str, got: str) -> SettingsError:
    return SettingsError(
        f"{printable(crate)}: got {printable(' '.join(got.split()))[:300]}, expected a crate as "
        "`irer export HUNT --to ro-crate` writes it; ask for it again.",
        field="crate",
    )

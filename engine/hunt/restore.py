"""What `irer restore` does: the artifact of an evicted run made again, the same to the last byte.

The ledger keeps the SHA-256 of every artifact that was audited, and a run's config determines its
artifact on the same kind of device with the same software. What comes out otherwise is not what was
audited, so it is not put in the place of it.
"""

import importlib.metadata
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine import __version__
from engine.errors import SettingsError, WorkspaceError
from engine.hunt.runs import artifact_bytes, compute_batch
from engine.settings import HuntSettings, RunConfig
from engine.store.artifact import open_artifact, sha256_file
from engine.store.initial_state import initial_state_of
from engine.store.ledger import Ledger
from engine.store.leftovers import sweep_leftovers
from engine.store.lock import WorkspaceLock
from engine.store.provenance import read_provenance
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace, checked_id, move_into_place

OTHER_DEVICE, OTHER_SOFTWARE, NOT_REPRODUCED = "other_device", "other_software", "not_reproduced"
"""Classes of why a run's artifact could not be had again."""


def restore(config_hash: str, workspace: str | None) -> dict[str, Any]:
    """Make a run's artifact again from its config, and put it in its place if it is the same.

    Args:
        config_hash: a run of the workspace.
        workspace: its folder; None for the default.

    Returns:
        `restored`, `computed` (False where the right file was there already), `artifact`, `reason`
        (a class above, empty where all is well) and a `conclusion`.

    Raises:
        SettingsError: no such run, one that never had an artifact, or a start that is missing.
        WorkspaceError: no room for the artifact, another file in its place, or another process
            computes here.
    """
    place = Workspace.open(workspace)
    reader = LedgerReader(place.ledger_path)
    row = _row(reader, config_hash)
    path = place.artifact_path(config_hash)
    with WorkspaceLock(place.root).acquire("restore"):
        sweep_leftovers(place.root)
        computed, reason, words = False, "", "it was there already."
        if not _holds(path, row["artifact_sha256"]):
            if path.exists():
                raise WorkspaceError(
                    f"{path}: got other bytes than were audited, expected those or no file; "
                    "look at it with `irer validate`, and move it away."
                )
            computed = True
            reason, words = _repeat(row, place, reader)
        if not reason:
            # The file comes first: the ledger never promises what is not there.
            with Ledger(place.ledger_path) as ledger:
                ledger.mark_restored([config_hash])
    return {
        "config_hash": config_hash,
        "restored": not reason,
        "computed": computed,
        "artifact": str(path),
        "reason": reason,
        "conclusion": f"{'Not restored' if reason else 'Restored'}: {words}",
    }


def frame_counts(row: Mapping[str, Any], reader: LedgerReader) -> Iterator[int]:
    """How many snapshots a run's artifact may have had, likeliest first, each once.

    Its first hunt made it, most likely; a run of no hunt has the default.
    """
    config = RunConfig.from_mapping(row["config"], complete=True)
    places = list(dict.fromkeys(place["hunt_id"] for place in row["places"]))
    hunts = {}
    if places:
        hunts = {hunt["hunt_id"]: hunt["settings"] for hunt in reader.hunts()}
    settings = [HuntSettings.from_mapping(hunts[name]) for name in places]
    yield from dict.fromkeys(each.frames_of(config) for each in (*settings, HuntSettings()))


def _row(reader: LedgerReader, config_hash: str) -> dict[str, Any]:
    row = reader.run(checked_id(config_hash))
    if row is None:
        raise SettingsError(
            f"ID: got {config_hash}, expected a run of this workspace; look it up in the run list."
        )
    if row["artifact_sha256"] is None:
        raise SettingsError(
            f"ID: {config_hash} is {row['status']} and no artifact of it was audited, expected a "
            "run that had one; compute it with `irer run`."
        )
    return row


def _holds(path: Path, sha256: str) -> bool:
    return path.is_file() and sha256_file(path) == sha256


def _repeat(row: Mapping[str, Any], place: Workspace, reader: LedgerReader) -> tuple[str, str]:
    """Compute the run aside, and move its artifact into place if it is the one.

    Returns:
        The class of why not, empty if it was; and what to say.
    """
    config = RunConfig.from_mapping(row["config"], complete=True)
    name, wanted = config.config_hash, row["artifact_sha256"]
    initial = initial_state_of(config, place)
    device = ""
    for frames in frame_counts(row, reader):
        place.require_free(artifact_bytes(config, frames), "the artifact")
        with tempfile.TemporaryDirectory(dir=place.root, prefix=".restore-") as folder:
            beside = Workspace.open(folder)
            compute_batch([config], beside, initial=initial, history_frames=frames)
            made = beside.artifact_path(name)
            if _holds(made, wanted):
                move_into_place(made, place.artifact_path(name))
                return "", "the same bytes as were audited."
            with open_artifact(made, name) as artifact:
                device = artifact.device_kind
    reason, words = _why(read_provenance(place.provenance_path(name)), device)
    return reason, (
        f"got other bytes than SHA-256 {wanted}, {words} Nothing was put in place; compute it in "
        f"another --workspace with `irer run` on {place.config_path(name)}."
    )


def _why(provenance: Mapping[str, Any], device: str) -> tuple[str, str]:
    """The class of a difference, and its reason in words, from what the audit noted."""
    then = provenance["artifact"].get("device_kind")
    if then and then != device:
        return OTHER_DEVICE, f"for {then} made it and {device} computes here."
    noted = provenance["software"]
    changed = [
        f"{name} {noted[name]} is {here} here"
        for name, here in _versions().items()
        if name in noted and noted[name] != here
    ]
    if changed:
        return OTHER_SOFTWARE, f"for other software made it: {', '.join(changed)}."
    if not then:
        return NOT_REPRODUCED, "and what made it was not noted."
    return NOT_REPRODUCED, (
        f"though the same software on {device} made it: another processor, or another batch."
    )


def _versions() -> dict[str, str]:
    """Software on which an artifact's bytes depend, as the auditor notes it."""
    return {
        "irer": __version__,
        "jaxlib": importlib.metadata.version("jaxlib"),
        "h5py": importlib.metadata.version("h5py"),
    }

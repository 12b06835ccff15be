"""What `irer reproduce` does: a run computed again from its config, dataset by dataset the same."""

import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from engine.hunt.runs import artifact_bytes, compute_batch
from engine.store.artifact import Artifact, open_artifact
from engine.store.eviction import check_not_evicted
from engine.store.initial_state import initial_state_of
from engine.store.leftovers import sweep_leftovers
from engine.store.lock import WorkspaceLock
from engine.store.workspace import Workspace

TOLERANCES = {"float32": 1e-3, "float64": 1e-8}
"""Relative difference ‖a − b‖/‖a‖ that another kind of device may make."""


@dataclass(frozen=True)
class Comparison:
    """One dataset against its repetition.

    Attributes:
        name: of the dataset.
        equal: bit for bit, with shape and type.
        difference: ‖a − b‖/‖a‖; None where the shapes differ or it is not finite.
    """

    name: str
    equal: bool
    difference: float | None


def reproduce(config_hash: str, workspace: str | None) -> dict[str, Any]:
    """Compute a run again beside its artifact, and compare every dataset.

    On the kind of device that made the artifact they must be equal bit for bit; on another, within
    a tolerance. The repetition is thrown away.

    Args:
        config_hash: a run of the workspace.
        workspace: its folder; None for the default.

    Returns:
        `reproduced`, `same_device`, `tolerance` (0 for bit for bit), the `datasets` with their
        comparison, `first_difference` (a name, or None) and a `conclusion`.

    Raises:
        ArtifactError: there is no readable artifact.
        WorkspaceError: no room for the repetition.
    """
    place = Workspace.open(workspace)
    check_not_evicted(place, config_hash)
    with open_artifact(place.artifact_path(config_hash), config_hash) as artifact:
        config, frames = artifact.config, artifact.read("history/t").size
        with WorkspaceLock(place.root).acquire("reproduce"):
            sweep_leftovers(place.root)
            place.require_free(artifact_bytes(config, frames), "the repetition")
            with tempfile.TemporaryDirectory(dir=place.root, prefix=".reproduce-") as folder:
                beside = Workspace.open(folder)
                initial = initial_state_of(config, place)
                compute_batch([config], beside, initial=initial, history_frames=frames)
                with open_artifact(beside.artifact_path(config_hash), config_hash) as again:
                    found = compare(artifact, again)
                    same = artifact.device_kind == again.device_kind
    return judge(config_hash, found, 0.0 if same else TOLERANCES[config.precision])


def compare(artifact: Artifact, again: Artifact) -> list[Comparison]:
    """Every dataset that either of two artifacts has."""
    names = sorted({*artifact.names, *again.names})
    found = []
    for name in names:
        if name not in artifact.names or name not in again.names:
            found.append(Comparison(name, False, None))
            continue
        one, two = artifact.read(name), again.read(name)
        same_form = one.shape == two.shape and one.dtype == two.dtype
        equal = same_form and one.tobytes() == two.tobytes()
        found.append(Comparison(name, equal, 0.0 if equal else _difference(one, two)))
    return found


def judge(config_hash: str, found: Sequence[Comparison], tolerance: float) -> dict[str, Any]:
    """The verdict on the comparisons; a tolerance of 0 asks for equal bytes."""
    off = [
        each
        for each in found
        if not each.equal
        and not (tolerance and each.difference is not None and each.difference <= tolerance)
    ]
    asked = f"within {tolerance:g}, on another kind of device" if tolerance else "bit for bit"
    if off:
        size = "" if off[0].difference is None else f" by {off[0].difference:.3g}"
        words = (
            f"Not reproduced: {off[0].name} differs{size}, and {len(off)} of {len(found)} datasets "
            f"in all, where the same was expected {asked}. Either the artifact was altered, or "
            "other software computed it; `irer validate` looks at the artifact alone."
        )
    else:
        words = f"Reproduced: {len(found)} datasets, {asked}."
    return {
        "config_hash": config_hash,
        "reproduced": not off,
        "same_device": tolerance == 0,
        "tolerance": tolerance,
        "datasets": [asdict(each) for each in found],
        "first_difference": off[0].name if off else None,
        "conclusion": words,
    }


def _difference(one: np.ndarray, two: np.ndarray) -> float | None:
    if one.shape != two.shape or not one.size:
        return None
    wide = np.result_type(one.dtype, np.float64)
    with np.errstate(all="ignore"):
        norm = np.linalg.norm(one.astype(wide).ravel())
        found = np.linalg.norm((one.astype(wide) - two.astype(wide)).ravel()) / (norm or 1.0)
    return float(found) if np.isfinite(found) else None

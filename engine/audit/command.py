"""What `irer validate` does."""

import re
from pathlib import Path
from typing import Any

from engine.audit.nulls import draws_behind
from engine.audit.report import audit_artifact
from engine.errors import SettingsError, WorkspaceError
from engine.settings import HuntSettings
from engine.store.eviction import check_not_evicted
from engine.store.provenance import read_provenance
from engine.store.workspace import Workspace

_ID = re.compile(r"[0-9a-f]{40}")
_FILE = re.compile(r"rho_history_([0-9a-f]{40})\.h5")


def validate(target: str, workspace: str | None) -> dict[str, Any]:
    """Audit an artifact and write nothing.

    A run of the workspace gets as many draws as its kept audit had, so that sound files give the
    same figures again.

    Args:
        target: the id of a run in the workspace, or the path of an artifact whose name holds it.
        workspace: its folder; None for the default.

    Raises:
        SettingsError: neither an id nor such a path.
        ArtifactError: the run's artifact was evicted.
    """
    draws = HuntSettings().null_draws
    if _ID.fullmatch(target):
        place = Workspace.open(workspace)
        check_not_evicted(place, target)
        path, name = place.artifact_path(target), target
        draws = _draws_of(place, name) or draws
    else:
        path = Path(target)
        found = _FILE.fullmatch(path.name)
        if not found:
            raise SettingsError(
                f"ID|FILE: got {target!r}, expected 40 hex digits or a file named "
                "rho_history_<id>.h5; look the id up in the run list."
            )
        name = found[1]
    return audit_artifact(path, name, draws=draws)


def _draws_of(workspace: Workspace, config_hash: str) -> int | None:
    """What the kept audit of a run asked for; None where it drew none, or is not there."""
    try:
        found = read_provenance(workspace.provenance_path(config_hash))["spectral_fidelity"]
        return draws_behind(found["null_phase_scramble"], found["p_phase_scramble"])
    except (WorkspaceError, KeyError, TypeError, ValueError, ZeroDivisionError):
        return None

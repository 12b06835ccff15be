"""What `irer validate` does."""

import re
from pathlib import Path
from typing import Any

from engine.audit.report import audit_artifact
from engine.errors import SettingsError
from engine.settings import HuntSettings
from engine.store.eviction import check_not_evicted
from engine.store.workspace import Workspace

_ID = re.compile(r"[0-9a-f]{40}")
_FILE = re.compile(r"rho_history_([0-9a-f]{40})\.h5")


def validate(target: str, workspace: str | None) -> dict[str, Any]:
    """Audit an artifact and write nothing.

    Args:
        target: the id of a run in the workspace, or the path of an artifact whose name holds it.
        workspace: its folder; None for the default.

    Raises:
        SettingsError: neither an id nor such a path.
        ArtifactError: the run's artifact was evicted.
    """
    if _ID.fullmatch(target):
        place = Workspace.open(workspace)
        check_not_evicted(place, target)
        path, name = place.artifact_path(target), target
    else:
        path = Path(target)
        found = _FILE.fullmatch(path.name)
        if not found:
            raise SettingsError(
                f"ID|FILE: got {target!r}, expected 40 hex digits or a file named "
                "rho_history_<id>.h5; look the id up in the run list."
            )
        name = found[1]
    return audit_artifact(path, name, draws=HuntSettings().null_draws)

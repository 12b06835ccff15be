"""When reports, components and trust last changed: what a look has to stat, not to read."""

import contextlib
import os
from pathlib import Path
from typing import NamedTuple

from engine.layer2.discovery import FOLDER
from engine.layer2.manifest import FILE_NAME as MANIFEST
from engine.layer2.trust import FILE_NAME as TRUSTED
from engine.store.workspace import Workspace


class Stamps(NamedTuple):
    """Times of last change, in ns; 0 for what is not there.

    Attributes:
        reports: of the folder that every new report is renamed into.
        components: of the workspace's components, their manifests, and the list of trusted ones.
    """

    reports: int = 0
    components: tuple[int, ...] = ()


def stamps_of(workspace: Workspace) -> Stamps:
    """Look at the files' times; what is written in place within a folder is not seen."""
    folder = workspace.root / FOLDER
    names: list[str] = []
    with contextlib.suppress(OSError):
        names = sorted(os.listdir(folder))
    seen = (workspace.root / TRUSTED, folder, *(folder / name for name in names),
            *(folder / name / MANIFEST for name in names))  # fmt: skip
    return Stamps(_changed(workspace.root / "analysis_reports"), tuple(map(_changed, seen)))


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0

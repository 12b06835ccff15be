"""What a component is given: files of a run, the export of a hunt, or the name of a job."""

import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import SettingsError
from engine.layer2.manifest import HUNT, JOB, RUN
from engine.layer2.reports import checked_subject
from engine.store.artifact import sha256_file
from engine.store.eviction import check_not_evicted
from engine.store.export import export_csv
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace

_NAMESPACE = uuid.UUID("0b1d3a52-7c1f-5f0e-9c1c-6d2b8e4fa7a1")
"""Of the UUIDs that runs and hunts have as jobs."""


@dataclass(frozen=True)
class Input:
    """One input of a component.

    Attributes:
        name: as the manifest has it.
        value: what the script is given.
        sha256: of the file, or of the text that is no file.
        source: the file's path within the workspace; the text itself where it is none.
        stamp: what changes when somebody touches the file; empty for no file.
    """

    name: str
    value: str
    sha256: str
    source: str
    stamp: tuple[int, ...] = ()

    def is_untouched(self) -> bool:
        """Whether the file is still as it was when its checksum was taken."""
        try:
            return not self.stamp or _stamp(Path(self.value)) == self.stamp
        except OSError:
            return False

    def to_dict(self) -> dict[str, Any]:
        """For a report."""
        return {"source": self.source, "sha256": self.sha256}


def gather(
    workspace: Workspace, subject: str, name: str, wanted: Sequence[str], folder: Path
) -> list[Input]:
    """The inputs of a component.

    Args:
        workspace: where the subject lies.
        subject: `RUN`, `HUNT` or `JOB`.
        name: its id.
        wanted: names among `manifest.INPUTS`.
        folder: where an export is written.

    Raises:
        SettingsError: no such run or hunt.
        ArtifactError: the run's artifact was evicted.
    """
    checked_subject(subject, name)
    if subject == HUNT and all(
        hunt["hunt_id"] != name for hunt in LedgerReader(workspace.ledger_path).hunts()
    ):
        raise _unknown(name, "hunt")
    return [_input(workspace, subject, name, each, folder) for each in wanted]


def job_uuid(subject: str, name: str) -> str:
    """The UUID that stands for a run, a hunt or a job."""
    return name if subject == JOB else str(uuid.uuid5(_NAMESPACE, f"{subject}:{name}"))


def _input(workspace: Workspace, subject: str, name: str, wanted: str, folder: Path) -> Input:
    if wanted == "job_uuid":
        text = job_uuid(subject, name)
        return Input(wanted, text, text, text)
    if wanted == "final_ledger":
        path = folder / "final_ledger.csv"
        export_csv(LedgerReader(workspace.ledger_path), path, name)
        return Input(wanted, str(path), sha256_file(path), f"hunt {name}", _stamp(path))
    if wanted == "artifact":
        path = workspace.artifact_path(name)
        check_not_evicted(workspace, name)
    else:
        path = workspace.provenance_path(name)
    if path.is_symlink() or not path.is_file():
        raise _unknown(name, RUN)
    stamp = _stamp(path)
    source = path.relative_to(workspace.root).as_posix()
    return Input(wanted, str(path), sha256_file(path), source, stamp)


def _stamp(path: Path) -> tuple[int, ...]:
    # The time of change cannot be set back, other than that of the contents.
    status = os.lstat(path)
    return (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _unknown(name: str, kind: str) -> SettingsError:
    return SettingsError(
        f"ID: got {name}, expected a {kind} of this workspace whose files are there; look it up in "
        "the page.",
        field="ID",
    )

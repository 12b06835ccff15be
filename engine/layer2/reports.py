"""Where a component's outputs are kept, and what vouches for them.

`analysis_reports/<component>_<id>/<key>/` holds the outputs and `report.json`, and appears whole:
`key` is the checksum of the code, the inputs and the tunables, so that the same asked twice is the
same report, and another never takes its place. A failure is kept beside them as
`failed-<n>/report.json`. `analysis_reports/<component>_<id>.json` is a copy of the one that was
asked for last.
"""

import contextlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import SettingsError, WorkspaceError
from engine.layer2.manifest import HUNT, JOB, RUN
from engine.store import strict_json
from engine.store.artifact import sha256_file
from engine.store.workspace import Workspace, atomic_write_bytes

REPORT = "report.json"
MAX_BYTES = 16 * 2**20
KEY_LENGTH = 16
_IDS = {
    RUN: (r"[0-9a-f]{40}", "40 hex digits"),
    HUNT: (r"\d{4}-\d\d-\d\d-\d{3,9}", "a hunt's id, such as 2026-11-21-001"),
    JOB: (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "a UUID in small letters"),
}


def checked_subject(subject: str, name: str) -> str:
    """The id itself, if it is one of its kind; checked before it becomes part of a path.

    Raises:
        SettingsError: it is none.
    """
    pattern, expected = _IDS[subject]
    if not re.fullmatch(pattern, name):
        raise SettingsError(
            f"ID: got {name[:80]!r}, expected {expected}: this component works on a {subject}; "
            "look it up in the page.",
            field="ID",
        )
    return name


def folder_of(workspace: Workspace, component: str, name: str) -> Path:
    """Where the reports of a component on a run, hunt or job lie; both are checked."""
    return workspace.root / "analysis_reports" / f"{component}_{name}"


def newest_path(workspace: Workspace, component: str, name: str) -> Path:
    """The copy of the report that was asked for last."""
    return workspace.root / "analysis_reports" / f"{component}_{name}.json"


def read_newest(workspace: Workspace, component: str, name: str) -> dict[str, Any] | None:
    """The report that was asked for last of a component on something; None before there is one.

    Raises:
        WorkspaceError: it is there and cannot be read.
    """
    return _read(newest_path(workspace, component, name))


def read_kept(folder: Path, key: str) -> dict[str, Any] | None:
    """The report of a key, if it is there and its outputs are what it says; None for none.

    Raises:
        WorkspaceError: it is there and cannot be read, or an output is gone or was changed.
    """
    report = _read(folder / key / REPORT)
    for output in (report or {}).get("outputs", []):
        path = folder / key / output["file"]
        if path.is_symlink() or not path.is_file() or sha256_file(path) != output["sha256"]:
            raise WorkspaceError(
                f"{path}: got no file or another than was written, expected the output of "
                f"{report and report['component']}; move {path.parent} away, and analyze again."
            )
    return report


def keep(workspace: Workspace, made: Path, report: Mapping[str, Any]) -> dict[str, Any]:
    """Put a folder of outputs in its place, under the report's key, with the report.

    Args:
        workspace: whose.
        made: a folder on the same disk, which holds the outputs alone.
        report: what is to be said of them.

    Returns:
        The report that is now there: another's, if it was there first.
    """
    text = _text(report)
    folder = folder_of(workspace, report["component"], report["id"])
    folder.mkdir(exist_ok=True)
    atomic_write_bytes(made / REPORT, text)
    try:
        made.rename(folder / report["key"])
    except OSError as error:
        # Another process was first: one report a key.
        kept = read_kept(folder, report["key"])
        if kept is None:
            raise WorkspaceError(
                f"{folder / report['key']}: {error.strerror}, expected to make this folder; check "
                "the disk."
            ) from error
        return kept
    _fsync(folder)
    atomic_write_bytes(newest_path(workspace, report["component"], report["id"]), text)
    return dict(report)


def keep_failure(workspace: Workspace, report: Mapping[str, Any]) -> Path:
    """Keep the report of what failed, under a number of its own; returns where it lies."""
    folder = folder_of(workspace, report["component"], report["id"])
    folder.mkdir(exist_ok=True)
    number = 1
    while True:
        place = folder / f"failed-{number}"
        with contextlib.suppress(FileExistsError):
            place.mkdir()
            break
        number += 1
    text = _text(report)
    atomic_write_bytes(place / REPORT, text)
    atomic_write_bytes(newest_path(workspace, report["component"], report["id"]), text)
    return place / REPORT


def put_first(workspace: Workspace, report: Mapping[str, Any]) -> None:
    """Show a report that is kept as the one that was asked for last."""
    path, text = newest_path(workspace, report["component"], report["id"]), _text(report)
    if not path.is_file() or path.read_bytes() != text:
        atomic_write_bytes(path, text)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise WorkspaceError(f"{path}: expected at most {MAX_BYTES} bytes; move it away.")
        return strict_json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except WorkspaceError:
        raise
    except (OSError, ValueError) as error:
        raise WorkspaceError(
            f"{path}: {error}, expected a report; move it away, and analyze again."
        ) from error


def _text(report: Mapping[str, Any]) -> bytes:
    return strict_json.dumps(report, indent=1).encode() + b"\n"


def _fsync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""A hunt's record: what the ledger knows of it, in a file that outlives the ledger.

`analysis_reports/hunt_<hunt_id>.json` holds hunt_id, created, settings, state, reason and ended.
The settings and the strategy's determinism suffice to find every place of the hunt again: resuming
it asks for the same runs in the same order, and those are known. For a hunt that is over, the file
of `places_file` saves even that.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.errors import SettingsError, WorkspaceError
from engine.settings import HuntSettings
from engine.store import strict_json
from engine.store.tables import HUNT_STATES
from engine.store.workspace import Workspace, atomic_write_bytes

FIELDS = ("hunt_id", "created", "settings", "state", "reason", "ended")
MAX_BYTES = 2**20
_NAME = re.compile(r"hunt_(\d{4}-\d\d-\d\d)-(\d{3,9})\.json")


def write_hunt_record(workspace: Workspace, hunt: Mapping[str, Any]) -> Path:
    """Keep what is known of a hunt; at its start, and again at its end.

    Args:
        workspace: where it hunts.
        hunt: a row as `LedgerReader.hunts` gives it.

    Raises:
        WorkspaceError: an id that is none, or the file cannot be written.
    """
    path = workspace.root / "analysis_reports" / f"hunt_{hunt['hunt_id']}.json"
    if not _NAME.fullmatch(path.name):
        raise WorkspaceError(
            f"hunt id: got {hunt['hunt_id']!r}, expected a date and a number, such as "
            "2026-11-21-001; report this."
        )
    atomic_write_bytes(path, record_bytes(hunt))
    return path


def record_bytes(hunt: Mapping[str, Any]) -> bytes:
    """What a hunt's record holds."""
    text = strict_json.dumps({name: hunt[name] for name in FIELDS}, indent=1)
    return text.encode() + b"\n"


def read_hunt_records(workspace: Workspace) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The records of a workspace in the order of the hunts, and why others cannot be read."""
    folder = workspace.root / "analysis_reports"
    names = [match for path in folder.iterdir() if (match := _NAME.fullmatch(path.name))]
    records, damaged = [], {}
    for match in sorted(names, key=lambda name: (name[1], int(name[2]))):
        try:
            records.append(read_hunt_record(folder / match[0], f"{match[1]}-{match[2]}"))
        except (OSError, ValueError) as error:  # EngineError's children among them
            damaged[match[0]] = str(error)
    return records, damaged


def read_hunt_record(path: Path, hunt_id: str) -> dict[str, Any]:
    """The record of a hunt.

    Raises:
        WorkspaceError: too long, or another hunt's.
        SettingsError: settings that cannot be.
        OSError, ValueError: it cannot be read, or is not strict JSON.
    """
    if path.stat().st_size > MAX_BYTES:
        raise WorkspaceError(f"{path.name}: expected at most {MAX_BYTES} bytes; remove it.")
    record = strict_json.loads(path.read_bytes())
    missing = [name for name in FIELDS if name not in record]
    if missing or record["hunt_id"] != hunt_id:
        raise WorkspaceError(
            f"{path.name}: got {missing[0] + ' missing' if missing else record['hunt_id']!r}, "
            f"expected the record of hunt {hunt_id}; restore the file from a copy."
        )
    if not isinstance(record["settings"], dict):
        raise SettingsError(f"{path.name}: settings are no object; restore the file from a copy.")
    HuntSettings.from_mapping(record["settings"])
    datetime.fromisoformat(str(record["created"]))
    running = record["state"] == "running"
    if record["state"] not in HUNT_STATES or running is not (record["ended"] is None):
        raise WorkspaceError(
            f"{path.name}: got state {record['state']!r} and end {record['ended']!r}, expected one "
            f"of {', '.join(HUNT_STATES)}, and when it ended; restore the file from a copy."
        )
    datetime.fromisoformat(str(record["ended"] or record["created"]))
    if not isinstance(record["reason"], str):
        raise WorkspaceError(f"{path.name}: reason is no text; restore the file from a copy.")
    return record

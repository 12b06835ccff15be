"""Provenance: the audit's verdict on one run, as strict JSON under the run's id."""

import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import WorkspaceError
from engine.store import strict_json
from engine.store.workspace import atomic_write_bytes

MAX_BYTES = 16 * 2**20
"""No honest provenance comes near this; a longer file is not read into memory."""

_NAME = re.compile(r"provenance_([0-9a-f]{40})\.json")


def write_provenance(path: Path, provenance: Mapping[str, Any]) -> None:
    """Write a verdict, whole or not at all.

    Args:
        path: `Workspace.provenance_path(id)`.
        provenance: JSON values under DESIGN's keys; `config_hash` must be the id in the name.

    Raises:
        WorkspaceError: another run's verdict, a number that is not finite, or a full disk.
    """
    _check_identity(path, provenance)
    try:
        text = strict_json.dumps(provenance, indent=1)
    except ValueError as error:
        raise WorkspaceError(f"{path.name}: {error}; nothing was written.") from error
    atomic_write_bytes(path, text.encode() + b"\n")


def read_provenance(path: Path) -> dict[str, Any]:
    """Read a verdict and check that it is the one its name promises.

    Raises:
        WorkspaceError: missing, too large, not strict JSON, or another run's verdict.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise WorkspaceError(
                f"{path}: not a file, expected a provenance report; move it out of the way."
            )
        if status.st_size > MAX_BYTES:
            raise WorkspaceError(
                f"{path.name}: {status.st_size} bytes, expected at most {MAX_BYTES}; audit the "
                "run again with `irer validate`."
            )
        provenance = strict_json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise WorkspaceError(
            f"{path}: not there, expected a provenance report; audit the run with `irer validate`."
        ) from error
    except WorkspaceError:
        raise
    except OSError as error:
        raise WorkspaceError(
            f"{path}: {error.strerror or error}, expected a readable report; check the disk and "
            "its permissions."
        ) from error
    except ValueError as error:
        raise WorkspaceError(
            f"{path.name}: {error}; audit the run again with `irer validate`."
        ) from error
    _check_identity(path, provenance)
    return provenance


def _check_identity(path: Path, provenance: Mapping[str, Any]) -> None:
    name = _NAME.fullmatch(path.name)
    if not name:
        raise WorkspaceError(
            f"{path.name}: got this name, expected provenance_<run id>.json; use "
            "Workspace.provenance_path."
        )
    if provenance.get("config_hash") != name[1]:
        raise WorkspaceError(
            f"{path.name}: config_hash is {provenance.get('config_hash')!r}, expected the id in "
            "the name; audit the run again with `irer validate`."
        )

"""Whose code runs here: a component's, once somebody has said so, as long as no byte has changed.

`trusted_components.json` in the workspace holds, by name, the checksum of the folder that was
trusted. What ships with the engine is trusted with it.
"""

import hashlib
import os
import shlex
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from engine import __version__
from engine.errors import SettingsError, WorkspaceError
from engine.layer2.discovery import Component
from engine.store import strict_json
from engine.store.workspace import Workspace, atomic_write_bytes

FILE_NAME = "trusted_components.json"
MAX_BYTES = 64 * 2**20
MAX_FILES = 2000
MAX_DEPTH = 32


def checksum(folder: Path) -> str:
    """SHA-256 over the names and bytes of all files beneath a folder, in the order of their names.

    Raises:
        SettingsError: a link or a device among them, more than a component should be, or what
            cannot be read.
    """
    total = hashlib.sha256()
    size, path = 0, folder
    try:
        root = folder.resolve()
        for number, path in enumerate(_files(root, folder.name), 1):
            status = path.lstat()
            where = path.relative_to(root).as_posix()
            if not stat.S_ISREG(status.st_mode):
                raise SettingsError(
                    f"{folder.name}/{where}: got a link or a device, expected plain files alone: "
                    "what is elsewhere can change unseen; put a copy there.",
                    field="COMPONENT",
                )
            size += status.st_size
            if number > MAX_FILES or size > MAX_BYTES:
                raise _too_much(folder.name, f"more than {MAX_FILES} files or {MAX_BYTES} bytes")
            one = hashlib.sha256(path.read_bytes()).hexdigest()
            name = os.fsencode(where)
            total.update(f"{len(name)}:".encode() + name + f":{one}\n".encode())
    except (OSError, RuntimeError) as error:
        why = error.strerror if isinstance(error, OSError) else None
        raise SettingsError(
            f"{folder.name}/{path.name}: got {why or error}, expected what can be read; correct "
            "its mode, or try again.",
            field="COMPONENT",
        ) from error
    return total.hexdigest()


def _files(root: Path, name: str) -> Iterator[Path]:
    """All beneath a folder that are no folders: those of each in the order of their names."""
    todo, folders = [(root, 0)], 0
    while todo:
        here, depth = todo.pop()
        folders += 1
        if depth > MAX_DEPTH:
            raise _too_much(name, f"folders deeper than {MAX_DEPTH}")
        if folders > MAX_FILES:
            raise _too_much(name, f"more than {MAX_FILES} folders")
        with os.scandir(here) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        inner = []
        for each in entries:
            if each.is_dir(follow_symlinks=False):
                inner.append((Path(each.path), depth + 1))
            else:
                yield Path(each.path)
        todo += reversed(inner)


def _too_much(name: str, got: str) -> SettingsError:
    return SettingsError(
        f"{name}: got {got}, expected a component's code; keep data elsewhere.", field="COMPONENT"
    )


def checksum_of(component: Component) -> str:
    """What its code is: of what ships, that of the engine's analyses as a whole."""
    return _shipped_checksum() if component.ships else checksum(component.folder)


@cache
def _shipped_checksum() -> str:
    total = hashlib.sha256(__version__.encode())
    root = Path(__file__).parent
    for path in sorted([*root.rglob("*.py"), *root.rglob("*.json")]):
        one = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{path.relative_to(root).as_posix()}:{one}\n".encode())
    return total.hexdigest()


def trust(workspace: Workspace, component: Component) -> str:
    """Trust a component as it is now; returns its checksum.

    Raises:
        SettingsError: its folder holds what no component may.
        WorkspaceError: the workspace cannot be written.
    """
    now = checksum_of(component)
    if not component.ships:
        known = _read(workspace)
        at = datetime.now(UTC).isoformat(timespec="seconds")
        known[component.name] = {"sha256": now, "at": at, "folder": str(component.folder)}
        text = strict_json.dumps(known, indent=1)
        atomic_write_bytes(workspace.root / FILE_NAME, text.encode() + b"\n")
    return now


def is_trusted(workspace: Workspace, component: Component) -> bool:
    """Whether its code may run.

    Raises:
        SettingsError: its folder holds what no component may.
        WorkspaceError: what was trusted cannot be read.
    """
    if component.ships:
        return True
    entry = _read(workspace).get(component.name)
    return isinstance(entry, dict) and entry.get("sha256") == checksum_of(component)


def trust_command(workspace: Workspace, component: Component) -> str:
    """What to type in order to trust a component, wherever one is."""
    where = shlex.quote(str(workspace.root.resolve()))
    return f"irer components trust {component.name} --workspace {where}"


def require_trust(workspace: Workspace, component: Component, sha256: str) -> None:
    """Refuse code that nobody vouched for.

    Args:
        workspace: where it shall run.
        component: whose code.
        sha256: the checksum of the very copy that would run.

    Raises:
        SettingsError: it was never trusted, or has changed since.
    """
    if component.ships:
        return
    entry = _read(workspace).get(component.name)
    if not isinstance(entry, dict) or entry.get("sha256") != sha256:
        got = "files that nobody trusted yet" if entry is None else "files changed since the trust"
        raise SettingsError(
            f"{component.name}: got {got}, expected those of a trusted component: its code runs "
            f"with your rights; read {component.folder}, then "
            f"`{trust_command(workspace, component)}`.",
            field="COMPONENT",
        )


def _read(workspace: Workspace) -> dict[str, Any]:
    path = workspace.root / FILE_NAME
    try:
        return strict_json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise WorkspaceError(
            f"{path}: {error}, expected the list of trusted components; remove it, and trust them "
            "again."
        ) from error

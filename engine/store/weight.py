"""How much disk space a workspace takes, folder by folder."""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from engine.errors import WorkspaceError
from engine.store.workspace import FOLDERS, Workspace

ROOT = ""
"""In place of a folder's name: the ledger and all else that lies at the root."""


@dataclass(frozen=True)
class Weight:
    """What one folder holds: number and bytes of its files."""

    files: int
    bytes: int


def weigh(workspace: Workspace) -> dict[str, Weight]:
    """The weight of each folder of a workspace, `ROOT` for the files beside them.

    One look at each file, none inside: folders of ours have no folders in them.

    Raises:
        WorkspaceError: a folder cannot be read.
    """
    return {ROOT: _weigh(workspace.root), **{n: _weigh(workspace.root / n) for n in FOLDERS}}


def _weigh(folder: Path) -> Weight:
    files = total = 0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                # A file may go while it is being looked at, such as a temporary one.
                with contextlib.suppress(FileNotFoundError):
                    if entry.is_file(follow_symlinks=False):
                        total += entry.stat(follow_symlinks=False).st_size
                        files += 1
    except FileNotFoundError:
        return Weight(0, 0)
    except OSError as error:
        raise WorkspaceError(
            f"{folder}: {error.strerror or error}, expected a folder that can be read; check its "
            "permissions."
        ) from error
    return Weight(files, total)

"""How much the workspace holds and what its disk has left; looked up seldom, for all pages."""

import shutil
import threading
import time
from dataclasses import dataclass

from engine.errors import WorkspaceError
from engine.store.weight import weigh
from engine.store.workspace import Workspace

FRESH = 10.0
"""Seconds for which a look is good enough."""


@dataclass(frozen=True)
class Room:
    """Bytes that a workspace holds, and that its disk has free."""

    held: int
    free: int


_known: dict[Workspace, tuple[float, Room]] = {}
_lock = threading.Lock()


def room_of(workspace: Workspace) -> Room:
    """The room of a workspace, at most `FRESH` seconds old.

    Looks at every file: call it off the event loop.

    Raises:
        WorkspaceError: a folder cannot be read.
    """
    with _lock:
        looked, room = _known.get(workspace, (0.0, None))
        if room is None or time.monotonic() - looked > FRESH:
            held = sum(each.bytes for each in weigh(workspace).values())
            try:
                room = Room(held, shutil.disk_usage(workspace.root).free)
            except OSError as error:
                raise WorkspaceError(
                    f"{workspace.root}: {error.strerror or error}, expected a folder on a disk; "
                    "check that it is there."
                ) from error
            _known[workspace] = time.monotonic(), room
        return room

"""How much the workspace holds and what its disk has left; looked up seldom, for all pages."""

import logging
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


_log = logging.getLogger(__name__)

_known: dict[Workspace, tuple[float, Room]] = {}
_looking: set[Workspace] = set()
_lock = threading.Lock()


def room_of(workspace: Workspace) -> Room:
    """The room of a workspace as it was known last; asking has it looked up anew in time.

    The first time it looks at every file: call it off the event loop.

    Raises:
        WorkspaceError: a folder cannot be read.
    """
    with _lock:
        if workspace not in _known:
            _known[workspace] = time.monotonic(), _look(workspace)
        looked, room = _known[workspace]
        if time.monotonic() - looked > FRESH and workspace not in _looking:
            _looking.add(workspace)
            # A thread that ends with its look: no page waits for it, and none is kept.
            threading.Thread(
                target=_renew, args=(workspace,), name="irer-room", daemon=True
            ).start()
        return room


def _renew(workspace: Workspace) -> None:
    try:
        room = _look(workspace)
    except WorkspaceError as error:
        _log.warning("%s", error)
        room = None
    with _lock:
        _looking.discard(workspace)
        if room is None:
            del _known[workspace]  # whoever asks next is told why
        else:
            _known[workspace] = time.monotonic(), room


def _look(workspace: Workspace) -> Room:
    held = sum(each.bytes for each in weigh(workspace).values())
    try:
        return Room(held, shutil.disk_usage(workspace.root).free)
    except OSError as error:
        raise WorkspaceError(
            f"{workspace.root}: {error.strerror or error}, expected a folder on a disk; "
            "check that it is there."
        ) from error

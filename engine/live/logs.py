"""The workspace's rotating logs: everything in control_hub.log, the hunt in its own file too."""

import logging
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path

from engine.store.workspace import Workspace

MAX_BYTES = 5 * 2**20
KEPT = 3


def log_to(workspace: Workspace) -> Callable[[], None]:
    """Send the engine's log records of this process to the workspace's files.

    Returns:
        A function that ends it and closes the files.
    """
    pairs = [
        (logging.getLogger("engine"), _handler(workspace.hub_log_path)),
        (logging.getLogger("engine.hunt"), _handler(workspace.hunt_log_path)),
    ]
    for logger, handler in pairs:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)

    def undo() -> None:
        for logger, handler in pairs:
            logger.removeHandler(handler)
            handler.close()

    return undo


class _Quiet(RotatingFileHandler):
    """A full disk is told once, by the hunt that it ends, and not by each line it swallows."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Say nothing."""


def _handler(path: Path) -> logging.Handler:
    handler = _Quiet(path, maxBytes=MAX_BYTES, backupCount=KEPT, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    return handler

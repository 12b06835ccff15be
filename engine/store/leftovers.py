"""Folders in which a command made something aside, and that its death left behind.

Each may hold an artifact of gigabytes. All their makers hold the workspace's lock while the folder
is there, so whoever holds it knows that those of others have no maker any more.
"""

import re
import shutil
from pathlib import Path

_NAME = re.compile(r"\.(import|rebuild|reproduce|restore)-[a-z0-9_]{8}")
"""What the `tempfile.TemporaryDirectory` of these commands is called."""


def sweep_leftovers(root: Path) -> None:
    """Remove what killed commands left in a workspace; the caller holds its lock.

    What cannot be removed stays until the next time: it costs disk space alone.
    """
    for path in root.iterdir():
        if _NAME.fullmatch(path.name):
            shutil.rmtree(path, ignore_errors=True)

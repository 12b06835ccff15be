"""Where Numba keeps what it has compiled, on machines that let it keep it nowhere.

Datashader's kernels ask Numba to keep them beside their source or in the user's cache, and are
refused, with every picture, where neither can be written: under systemd with a protected home.
"""

import os
import tempfile
from importlib.util import find_spec
from pathlib import Path

_own: tempfile.TemporaryDirectory[str] | None = None
"""Removed when the process ends."""


def have_numba_cache() -> None:
    """Give Numba a folder of this process' own where it has none; before it is imported.

    Of its own: what is kept there is run, and must be nobody else's to write.
    """
    if "NUMBA_CACHE_DIR" not in os.environ and not any(map(_can_be_written, _places())):
        global _own
        _own = tempfile.TemporaryDirectory(prefix="irer-numba-")
        os.environ["NUMBA_CACHE_DIR"] = _own.name


def _places() -> tuple[Path, ...]:
    """Where Numba looks, in order: beside the source, and in the user's cache."""
    source = find_spec("datashader")
    beside = [] if source is None or source.origin is None else [Path(source.origin).parent]
    users = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return (*beside, Path(users) / "numba")


def _can_be_written(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False

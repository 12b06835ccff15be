"""Full garbage collections: after a page was closed instead of at any time.

Each of them stops all threads while it walks every object of every page: for half a second with ten
pages open. What a running hunt leaves is young and small; only a closed page leaves much that is
old.
"""

import gc
import threading

RARELY = 1000
"""Collections of the middle generation to one of the old; Python's own is 10."""

DELAY = 5.0
"""Seconds from a page's end to the collection: a page that is reloaded has no part in it."""

_lock = threading.Lock()
_waits = _again = False


def settle() -> None:
    """Never look again at what is loaded by now, and rarely at all that has become old."""
    gc.collect()
    gc.freeze()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, RARELY)


def sweep_soon(*_: object) -> None:
    """Ask for a full collection, from any thread.

    All who ask until it happens have one more after it in common: what is closed just before it is
    not let go of at once.

    Args:
        _: of whom it is a callback, such as the session that ended.
    """
    global _waits, _again
    with _lock:
        _waits, _again, waited = True, _waits, _waits
    if not waited:
        _later()


def _sweep() -> None:
    global _waits, _again
    gc.collect()
    with _lock:
        again = _waits = _again
        _again = False
    if again:
        _later()


def _later() -> None:
    timer = threading.Timer(DELAY, _sweep)
    timer.daemon = True
    timer.start()

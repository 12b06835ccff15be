"""How many cores this process may use, and who goes first on them."""

import os
import sys
import threading

STEP_ASIDE = 10
"""By how much work is nicer that nobody waits for by the millisecond."""


def usable_cores() -> int:
    """Cores that the scheduler grants; all of the machine's where it cannot be asked (macOS)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def step_aside() -> None:
    """Let this thread, and those that it starts, compute only where nothing quicker has to be done.

    A page on the same machine then answers at once, and the work loses next to nothing. Elsewhere
    than on Linux a priority is a whole process's, and nothing is done.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        nice = os.getpriority(os.PRIO_PROCESS, thread) + STEP_ASIDE
        os.setpriority(os.PRIO_PROCESS, thread, nice)

"""How many files and sockets this process may hold open."""

import contextlib
import resource

from irer_panel.api.limits import DESCRIPTORS, LISTENERS


def ask_for_descriptors() -> None:
    """Raise the limit to `DESCRIPTORS`, or as near to it as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):  # some systems allow less than they say
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def most_listeners() -> int:
    """Readers of the events that find room: half of the limit is left to all else."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return LISTENERS if soft == resource.RLIM_INFINITY else min(LISTENERS, soft // 2)

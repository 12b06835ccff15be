"""How far a component may go, and what of that the kernel enforces here."""

from dataclasses import dataclass, replace

from engine.errors import SettingsError
from engine.layer2.manifest import JOB

GIB = 2**30


@dataclass(frozen=True)
class Limits:
    """Bounds of one run of a component; 0 stands for none.

    Attributes:
        seconds: wall-clock time.
        cpu_seconds: processor time of each of its processes.
        memory_bytes: address space of each of its processes.
        file_bytes: length of each file.
        output_bytes: everything that it keeps in its folder at a time.
        said_bytes: what it prints.
        idle: whether it computes only when the cores have nothing else to do.
    """

    seconds: float = 600.0
    cpu_seconds: int = 0
    memory_bytes: int = 8 * GIB
    file_bytes: int = GIB
    output_bytes: int = 2 * GIB
    said_bytes: int = 16 * 2**20
    idle: bool = False


BEHIND = Limits(seconds=6 * 3600.0, cpu_seconds=3600, idle=True)
"""Of what only gets what a hunt leaves over: it is bound by what it computes, and waits long."""

_OF_JOBS = Limits(seconds=0, memory_bytes=0, file_bytes=0, output_bytes=0)
"""A job that ships, such as a hunt, takes what it takes."""


def limits_for(
    subject: str, seconds: float | None = None, memory_gib: float | None = None
) -> Limits:
    """The usual limits of a component on a run, a hunt or a job, or what a user says instead.

    Raises:
        SettingsError: a limit that is not above 0.
    """
    for name, value in (("--time-limit", seconds), ("--memory-limit", memory_gib)):
        if value is not None and not 0 < value < 1e6:
            raise SettingsError(f"{name}: got {value:g}, expected above 0; correct it.", field=name)
    usual = _OF_JOBS if subject == JOB else Limits()
    return replace(
        usual,
        seconds=usual.seconds if seconds is None else seconds,
        memory_bytes=usual.memory_bytes if memory_gib is None else int(memory_gib * GIB),
    )

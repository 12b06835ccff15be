"""The process between the orchestrator and a component's script: sets its bounds, outlives it.

Run as a script of its own with `python -I -S` and few imports, so that it costs next to nothing to
start: json, typing and contextlib would take as long as all else. It starts the component's command
in a session of its own under these bounds, waits for it, kills whatever it left behind, and reports
through a pipe that the component does not have:

- no more address space than `memory_bytes`, no file longer than `file_bytes`, no core dump, no
  more processor time of a process than `cpu_seconds`;
- a lower priority than whatever a person waits for, or none at all while anything else computes;
- with Landlock (Linux 5.13 and later), writing only beneath `writable`, and from 6.12 on no
  signals to processes outside.

It ends with its parent. Source of the Landlock interface: the kernel's
Documentation/userspace-api/landlock.rst.
"""

import ctypes
import os
import resource
import struct
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from typing import Any, NoReturn
else:
    import _signal as signal  # the same without its enumerations, which take as long as all else

NUMBERS = ("parent", "report", "landlock", "memory_bytes", "file_bytes", "cpu_seconds", "idle",
           "writable")  # fmt: skip
"""What the command line begins with, all whole numbers."""

_NICER, _LAST = 10, 19
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION, _PATH_BENEATH = 1, 1
_WRITE_FILE, _TRUNCATE = 1 << 1, 1 << 14
_OF_FOLDERS = sum(1 << bit for bit in range(4, 13)) | 1 << 13
"""Removing and making of every kind, and moving from one folder to another (`REFER`)."""
_SCOPES = 0b11
"""Abstract sockets, and signals."""
_PDEATHSIG, _NO_NEW_PRIVILEGES, _SUBREAPER = 1, 38, 36


def main() -> None:
    """Run the command that follows the bounds, and report how it ended.

    The bounds come as `NUMBERS` has them, then how many folders may be written in, these, and the
    command; the report is exit code, processor seconds, bytes of memory, and 1 where somebody
    told this process to end.
    """
    bounds = dict(zip(NUMBERS, map(int, sys.argv[1:]), strict=False))
    first = 1 + len(NUMBERS)
    writable = sys.argv[first : first + bounds["writable"]]
    command = sys.argv[first + bounds["writable"] :]
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    if libc is not None:
        libc.prctl(_SUBREAPER, 1, 0, 0, 0)
        libc.prctl(_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != bounds["parent"]:  # it went before it could be followed
        return
    child, is_over, told = 0, False, 0

    def end(number: int = 0, _: object = None) -> None:
        nonlocal told
        told = told or int(number != 0)
        # Its group is there once it has a session; until then it is killed by its own number,
        # which is nobody else's before it was waited for.
        for kill, ours in ((os.killpg, child), (os.kill, not is_over and child)):
            if ours:
                try:  # noqa: SIM105  (contextlib takes as long to import as all else)
                    kill(ours, signal.SIGKILL)
                except ProcessLookupError:
                    pass  # it ended by itself

    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    child = os.fork()
    if child == 0:
        _become(libc, bounds, writable, command)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    status = _wait_for(child)
    is_over = True
    end()
    _end_the_rest()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    memory = used.ru_maxrss * (1024 if sys.platform == "linux" else 1)
    code = os.waitstatus_to_exitcode(status)
    seconds = used.ru_utime + used.ru_stime
    os.write(bounds["report"], f"{code} {seconds} {memory} {told}".encode())
    os._exit(0)  # what is to be freed takes the kernel less time


def _become(
    libc: "Any", bounds: dict[str, int], writable: list[str], command: list[str]
) -> "NoReturn":
    """In the child: set the bounds and become the command; exit code 126 where that fails."""
    try:
        os.setsid()
        if libc is not None:
            libc.prctl(_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        os.set_inheritable(bounds["report"], False)
        os.nice(_NICER)
        if sys.platform == "linux":
            _step_behind(_LAST if bounds["idle"] else _NICER)
            if bounds["idle"]:
                os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, set())
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        for name, kind in (
            ("memory_bytes", resource.RLIMIT_AS),
            ("file_bytes", resource.RLIMIT_FSIZE),
        ):
            if bounds[name]:
                resource.setrlimit(kind, (bounds[name], bounds[name]))
        if seconds := bounds["cpu_seconds"]:  # told first, killed where it does not hear
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        if bounds["landlock"]:
            restrict_writing(libc, bounds["landlock"], writable)
        os.execv(command[0], command)
    except BaseException as error:
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
    os._exit(126)


def _step_behind(nice: int) -> None:
    """Put this session behind the others, where the kernel makes each a group of its own.

    There, a process's own priority counts among those of its session alone.
    """
    try:
        with open("/proc/self/autogroup", "w") as stream:
            stream.write(str(nice))
    except OSError:
        pass  # no such groups, or more wishes at a time than the kernel takes


def landlock_version() -> int:
    """Version of the kernel's Landlock; 0 where there is none or it is turned off."""
    if sys.platform != "linux":
        return 0
    libc = ctypes.CDLL(None, use_errno=True)
    return max(0, int(libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)))


def restrict_writing(libc: "Any", version: int, writable: list[str]) -> None:
    """Let this process, and those that it starts, write beneath some folders and nowhere else.

    Raises:
        OSError: the kernel refuses.
    """
    folders = _OF_FOLDERS if version >= 2 else _OF_FOLDERS & ~(1 << 13)
    files = _WRITE_FILE | _TRUNCATE if version >= 3 else _WRITE_FILE
    scopes = _SCOPES if version >= 6 else 0
    handled = struct.pack("=QQQ", folders | files, 0, scopes)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    rules = _checked(libc.syscall(_CREATE_RULESET, handled, ctypes.c_size_t(size), 0))
    for path, access in (*((each, folders | files) for each in writable), (os.devnull, files)):
        there = os.open(path, os.O_PATH | os.O_CLOEXEC)
        rule = struct.pack("=Qi", access, there)
        _checked(libc.syscall(_ADD_RULE, rules, _PATH_BENEATH, rule, 0))
        os.close(there)
    _checked(libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    _checked(libc.syscall(_RESTRICT_SELF, rules, 0))
    os.close(rules)


def _checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), "Landlock: " + os.strerror(ctypes.get_errno()))
    return result


def _wait_for(child: int) -> int:
    while True:
        found, status = os.wait()
        if found == child:
            return status


def _end_the_rest() -> None:
    """Kill what the command left running, whatever session it fled into: it is our child now."""
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0]:
                continue
        except ChildProcessError:
            return
        for name in os.listdir("/proc"):
            try:
                with open(f"/proc/{int(name)}/stat", "rb") as stream:
                    parent = int(stream.read().rpartition(b")")[2].split()[1])
                if parent == os.getpid():
                    os.kill(int(name), signal.SIGKILL)
            except (OSError, ValueError, IndexError):
                pass  # no process, or one that is gone
        os.wait()


if __name__ == "__main__":
    main()

"""A component's script in a process of its own: started, watched, ended, and reported on."""

import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import engine
from engine.layer2 import confine
from engine.layer2.limits import Limits
from engine.layer2.tree import excess

TAIL_BYTES = 8192
"""So much of what a component printed last is kept."""

_STOPPED = "it was stopped"
_LOOK_MS = 250
_PATIENCE = 5.0
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "SYSTEMROOT")
"""Variables of our environment that a component sees: none that holds a secret."""


@dataclass(frozen=True)
class Outcome:
    """How a component's process ended.

    Attributes:
        reason: why it counts as failed, with what helps; empty if it ended by itself with exit
            code 0.
        said: the end of what it printed.
        cpu_s: processor time, of its children too.
        memory_bytes: the most resident memory that one of its processes had.
        seconds: wall-clock time from start to end.
        stopped: whether somebody ended it who found no fault with it.
    """

    reason: str
    said: str
    cpu_s: float | None
    memory_bytes: int | None
    seconds: float
    stopped: bool = False


def environment(home: Path) -> dict[str, str]:
    """The environment of a component: a few harmless variables, and a home of its own.

    Args:
        home: for its caches and temporary files.
    """
    ours = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return ours | {
        "JAX_PLATFORMS": "cpu",
        "HOME": str(home),
        "TMPDIR": str(home),
        "MPLBACKEND": "agg",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": str(Path(engine.__file__).parents[1]),
    }


def environment_of_job(workspace: Path) -> dict[str, str]:
    """The environment of a job that ships: ours, since it computes as `irer hunt` would."""
    places = [str(Path(engine.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        "IRER_WORKSPACE": str(workspace),
        "PYTHONPATH": os.pathsep.join(filter(None, places)),
    }


def run_script(
    script: Path,
    arguments: Sequence[str],
    folder: Path,
    variables: Mapping[str, str],
    limits: Limits,
    *,
    writable: Sequence[Path],
    should_stop: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Run `python SCRIPT ARGUMENTS…` to its end, or to the end of its limits.

    Args:
        script: what to run.
        arguments: its command line.
        folder: where it starts.
        variables: its whole environment.
        limits: how far it may go.
        writable: where it may write, where the kernel can enforce that; empty for no such bound.
        should_stop: asked four times a second; what it says ends the component.
    """
    told, report = os.pipe()
    bounds = {
        "parent": os.getpid(),
        "report": report,
        "landlock": confine.landlock_version() if writable else 0,
        "memory_bytes": limits.memory_bytes,
        "file_bytes": limits.file_bytes,
        "cpu_seconds": limits.cpu_seconds,
        "idle": int(limits.idle),
        "writable": len(writable),
    }
    supervisor = [sys.executable, "-I", "-S", str(Path(confine.__file__))]
    numbers = [str(bounds[name]) for name in confine.NUMBERS]
    began = time.monotonic()
    try:
        process = subprocess.Popen(
            [*supervisor, *numbers, *map(str, writable), sys.executable, str(script), *arguments],
            cwd=folder,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(report,),
            start_new_session=True,
        )
    except BaseException:
        os.close(told)
        raise
    finally:
        os.close(report)
    ear = _Ear(process)
    with open(told, "rb") as ending:
        try:
            reason = _watch(process, told, ear, folder, limits, began, should_stop)
        except BaseException:  # Ctrl-C, which the component does not hear
            _end(process)
            raise
        report_bytes = ending.read()  # at its end also where the process was killed
    ear.join(_PATIENCE)
    seconds = time.monotonic() - began
    code, cpu_s, memory_bytes, told = _figures(report_bytes)
    if not reason and code != 0:
        # A service manager tells all processes of a service at once, and who asks us may lag.
        reason = _STOPPED if told or should_stop() else _ending(code, ear.said, limits)
    return Outcome(reason, ear.said, cpu_s, memory_bytes, seconds, reason == _STOPPED)


class _Ear(threading.Thread):
    """Hears what a process prints, so that it never waits, and keeps the end of it."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        super().__init__(name="irer-component-ear", daemon=True)
        assert process.stdout is not None
        self._stream = process.stdout
        self._tail = b""
        self.heard = 0
        self.start()

    @property
    def said(self) -> str:
        """The end of it, as text that can be shown."""
        text = self._tail.decode(errors="replace")
        return "".join(c for c in text if c.isprintable() or c in "\n\t").strip()

    def run(self) -> None:
        """Hear until everything that holds the pipe has ended."""
        with self._stream:
            while piece := os.read(self._stream.fileno(), 65536):
                self.heard += len(piece)
                self._tail = (self._tail + piece)[-TAIL_BYTES:]


def _watch(
    process: "subprocess.Popen[bytes]",
    told: int,
    ear: _Ear,
    folder: Path,
    limits: Limits,
    began: float,
    should_stop: Callable[[], bool],
) -> str:
    """Wait for the end, or bring it about; why, in words."""
    pipe = select.poll()  # `select` would refuse a server's thousandth descriptor
    pipe.register(told, select.POLLIN)
    while True:
        # The pipe is readable as soon as the supervisor reports, or is no more.
        if pipe.poll(_LOOK_MS):
            process.wait()
            return excess(folder, limits.output_bytes) if limits.output_bytes else ""
        reason = ""
        if limits.seconds and time.monotonic() - began > limits.seconds:
            reason = (
                f"it took more than {limits.seconds:g} s; `irer analyze --time-limit S` allows more"
            )
        elif limits.said_bytes and ear.heard > limits.said_bytes:
            reason = f"it printed more than {limits.said_bytes // 2**20} MiB; print less"
        elif should_stop():
            reason = _STOPPED
        elif limits.output_bytes:
            reason = excess(folder, limits.output_bytes)
        if reason:
            _end(process)
            return reason


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()  # it kills the component and all that the component started
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _figures(report: bytes) -> tuple[int | None, float | None, int | None, bool]:
    """Exit code, processor seconds, memory, and whether its end was asked for from outside.

    None where the supervisor was killed.
    """
    if not report:
        return None, None, None, False
    code, cpu_s, memory_bytes, told = report.split()
    return int(code), float(cpu_s), int(memory_bytes), told == b"1"


def _ending(code: int | None, said: str, limits: Limits) -> str:
    last = said.splitlines()[-1][:300].rstrip(".") if said else "it said nothing"
    if code is None:
        return f"its process was killed from outside: {last}; analyze again"
    if limits.cpu_seconds and code == -signal.SIGXCPU:
        return f"it computed for more than {limits.cpu_seconds} s; compute less"
    if code < 0:
        return f"signal {-code} ended it, perhaps for want of memory: {last}; correct the script"
    return f"it ended with exit code {code}: {last}; correct the script"

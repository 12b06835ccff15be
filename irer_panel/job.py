"""Work on one run beside the hunts, such as its promotion: one at a time, seen by every page."""

import logging
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from engine.cores import step_aside
from engine.errors import EngineError
from engine.hunt.engine import Engine

_log = logging.getLogger(__name__)

PROMOTE, RESTORE, VALIDATE, REPRODUCE = "promote", "restore", "validate", "reproduce"


class Finding(NamedTuple):
    """The conclusion of a job that asks whether something holds."""

    words: str
    holds: bool


@dataclass(frozen=True)
class Job:
    """What is done, or was done last.

    Attributes:
        kind: `promote`, `restore`, `validate` or `reproduce`; empty before the first.
        run: id of the run.
        began: when, Unix time.
        active: whether it is under way.
        conclusion: what it found, in words.
        holds: whether what it looked into is so; None where that was no question.
        problem: why it failed.
    """

    kind: str = ""
    run: str = ""
    began: float = 0.0
    active: bool = False
    conclusion: str = ""
    holds: bool | None = None
    problem: str = ""


class Desk:
    """Where the jobs of an engine's process are done, in a thread of their own."""

    def __init__(self, engine: Engine) -> None:
        self._ring = engine.bus.ring
        self._lock = threading.Lock()
        self._job = Job()
        self._done: dict[tuple[str, str], Job] = {}

    @property
    def job(self) -> Job:
        """The newest job."""
        return self._job

    def outcome(self, kind: str, run: str) -> Job | None:
        """The newest job of a kind on a run that is over; None before there is one."""
        return self._done.get((kind, run))

    def take(self, kind: str, run: str, work: Callable[[], str | Finding]) -> bool:
        """Begin a job.

        Args:
            kind: of `Job.kind`.
            run: id of the run.
            work: does it, and returns its conclusion.

        Returns:
            Whether it began: False while another is under way.
        """
        with self._lock:
            if self._job.active:
                return False
            self._job = Job(kind, run, time.time(), active=True)
        # A daemon: whoever ends the server does not wait for it, and what it writes is whole.
        threading.Thread(target=self._do, args=(work,), name="irer-job", daemon=True).start()
        self._ring()
        return True

    def _do(self, work: Callable[[], str | Finding]) -> None:
        step_aside()
        try:
            found = work()
            words, holds = found if isinstance(found, Finding) else (found, None)
            done = replace(self._job, active=False, conclusion=words, holds=holds)
        except EngineError as error:
            done = replace(self._job, active=False, problem=str(error))
        except Exception as error:
            _log.exception("%s of run %s failed.", self._job.kind, self._job.run)
            problem = f"{type(error).__name__}: {error}; see the server's log."
            done = replace(self._job, active=False, problem=problem)
        self._done[done.kind, done.run] = done
        self._job = done
        self._ring()


_desks: weakref.WeakKeyDictionary[Engine, Desk] = weakref.WeakKeyDictionary()
_making = threading.Lock()


def desk_of(engine: Engine) -> Desk:
    """The desk of an engine, the same for every page."""
    with _making:
        if engine not in _desks:
            _desks[engine] = Desk(engine)
        return _desks[engine]


def promoted(run: str, workspace: str) -> str:
    """Compute a run again on a finer grid; what came out, in words."""
    from engine.hunt.promote import promote

    return str(promote(run, workspace)["conclusion"])


def restored(run: str, workspace: str) -> str:
    """Make the artifact of an evicted run again; what came out, in words."""
    from engine.hunt.restore import restore

    return str(restore(run, workspace)["conclusion"])

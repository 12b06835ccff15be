"""Work on one run beside the hunts, such as its promotion: one at a time, seen by every page."""

import logging
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, replace

from engine.cores import step_aside
from engine.errors import EngineError
from engine.hunt.engine import Engine

_log = logging.getLogger(__name__)

PROMOTE, RESTORE = "promote", "restore"


@dataclass(frozen=True)
class Job:
    """What is done, or was done last.

    Attributes:
        kind: `promote` or `restore`; empty before the first.
        run: id of the run.
        began: when, Unix time.
        active: whether it is under way.
        conclusion: what it found, in words.
        problem: why it failed.
    """

    kind: str = ""
    run: str = ""
    began: float = 0.0
    active: bool = False
    conclusion: str = ""
    problem: str = ""


class Desk:
    """Where the jobs of an engine's process are done, in a thread of their own."""

    def __init__(self, engine: Engine) -> None:
        self._ring = engine.bus.ring
        self._lock = threading.Lock()
        self._job = Job()

    @property
    def job(self) -> Job:
        """The newest job."""
        return self._job

    def take(self, kind: str, run: str, work: Callable[[], str]) -> bool:
        """Begin a job.

        Args:
            kind: `promote` or `restore`.
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

    def _do(self, work: Callable[[], str]) -> None:
        step_aside()
        try:
            done = replace(self._job, active=False, conclusion=work())
        except EngineError as error:
            done = replace(self._job, active=False, problem=str(error))
        except Exception as error:
            _log.exception("%s of run %s failed.", self._job.kind, self._job.run)
            problem = f"{type(error).__name__}: {error}; see the server's log."
            done = replace(self._job, active=False, problem=problem)
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

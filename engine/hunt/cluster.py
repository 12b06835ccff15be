"""A Dask cluster as the device: batches are tasks, artifacts appear in a shared folder.

The scheduler repeats a task whose worker dies. Pause and stop reach the workers through events of
the cluster, progress comes back through its log. A worker leaves a batch that nobody waits for any
more. The audits stay with the process that hunts.
"""

import contextlib
import dataclasses
import math
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import engine
from engine.errors import ClusterError
from engine.hunt.batch import Batch, Computed, Question
from engine.hunt.devices import plan_of
from engine.hunt.gate import Gate
from engine.hunt.runs import Report
from engine.settings import HuntSettings
from engine.store.workspace import Workspace

if TYPE_CHECKING:
    from distributed import Client

    from engine.physics.memory import BatchPlan

_CONNECT_S = 10.0
_PERIOD = 0.25
_TOPIC = "irer-progress"


class Cluster:
    """Submits batches to the workers of a scheduler.

    Attributes:
        plan: runs a batch, batches at a time, and what the devices are.
    """

    def __init__(self, client: "Client", settings: HuntSettings, workspace: Workspace) -> None:
        """Look at the workers.

        Raises:
            ClusterError: there is none, or one has another version or does not see the workspace.
            DeviceMemoryError: not even one run fits into a worker's device.
        """
        self._client, self._address = client, settings.scheduler
        self._waiting: dict[str, Report] = {}
        workers = _checked_workers(client, workspace)
        self.plan = _plan_for(client, settings, workers)
        client.subscribe_topic(_TOPIC, self._hear)

    def submit(
        self, batch: Batch, report: Report, gate: Gate, is_over: Question
    ) -> "Future[Computed]":
        """A batch as a task; it is told of a pause and of a stop while it waits or runs."""
        name = uuid.uuid4().hex
        self._waiting[name] = report
        task = self._client.submit(_compute, batch, name, pure=False, key=f"irer-batch-{name}")
        future: Future[Computed] = Future()
        follower = threading.Thread(
            target=self._follow, args=(name, task, gate, is_over, future), daemon=True
        )
        follower.start()
        return future

    def _follow(
        self, name: str, task: Any, gate: Gate, is_over: Question, future: "Future[Computed]"
    ) -> None:
        """Pass on what is asked of a task until it is done; never waits at the gate itself."""
        from distributed import Event
        from distributed.comm import CommClosedError

        held = told = False
        try:
            pause = Event(f"irer-pause-{name}", client=self._client)
            stop = Event(f"irer-stop-{name}", client=self._client)
            while not task.done():
                if gate.paused != held:
                    held = not held
                    (pause.set if held else pause.clear)()
                if not told and is_over():
                    stop.set()
                    told = True
                time.sleep(_PERIOD)
            if held:
                pause.clear()  # the scheduler keeps what is set
            future.set_result(task.result())
        except BaseException as error:
            gone = isinstance(error, CancelledError | CommClosedError)
            future.set_exception(self._lost() if gone or self._is_cut_off() else error)
        finally:
            self._waiting.pop(name, None)

    def _is_cut_off(self) -> bool:
        """Whether an error may be the scheduler's end rather than the batch's own."""
        return bool(self._client.status != "running")

    def _lost(self) -> ClusterError:
        return ClusterError(
            f"scheduler: lost {self._address} with a batch under way, expected it to live as long "
            "as the hunt; start it again and go on with `irer hunt --resume`."
        )

    def _hear(self, event: tuple[Any, Any]) -> None:
        told = event[1]
        report = self._waiting.get(told["batch"])
        if report is not None:
            report(told["share"], None)


@contextlib.contextmanager
def connected(address: str) -> Iterator["Client"]:
    """A client of a scheduler.

    Raises:
        ClusterError: nobody answers there.
    """
    from distributed import Client

    try:
        client = Client(address, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterError(
            f"scheduler: got {address}, where nobody answers ({error}); expected a running Dask "
            "scheduler: start one with `dask scheduler`, or leave it out."
        ) from error
    with client:
        yield client


def _compute(batch: Batch, name: str) -> Computed:
    """On a worker."""
    from distributed import Event, get_worker

    worker = get_worker()
    key = worker.get_current_task()
    pause, stop = Event(f"irer-pause-{name}"), Event(f"irer-stop-{name}")
    asked = told = 0.0
    answer = False

    def is_over() -> bool:
        task = worker.state.tasks.get(key)
        # A hunt that died, perhaps while it was paused, can neither stop nor resume its batches.
        return task is None or task.state == "cancelled" or stop.is_set()

    def should_stop() -> bool:
        nonlocal asked, answer
        if not answer and time.monotonic() - asked > _PERIOD:
            answer = is_over()
            while not answer and pause.is_set():
                time.sleep(_PERIOD)
                answer = is_over()
            asked = time.monotonic()
        return answer

    def report(share: float, _: np.ndarray | None) -> None:
        nonlocal told
        if time.monotonic() - told > _PERIOD:
            worker.log_event(_TOPIC, {"batch": name, "share": share})
            told = time.monotonic()

    return batch.compute(report, should_stop)


def _checked_workers(client: "Client", workspace: Workspace) -> int:
    """How many workers there are, each of this version and with the workspace in sight."""
    token = uuid.uuid4().hex
    mark = workspace.root / f".irer-{token}"
    mark.write_text(token)
    try:
        found: dict[str, tuple[str, bool]] = client.run(_look, str(mark))
    finally:
        mark.unlink(missing_ok=True)
    if not found:
        raise ClusterError(
            "scheduler: got no workers, expected at least one; start one with "
            "`dask worker ADDRESS`."
        )
    for address, (version, sees) in found.items():
        if version != engine.__version__:
            raise ClusterError(
                f"worker {address}: got irer {version}, expected {engine.__version__}; install "
                "the same version everywhere."
            )
        if not sees:
            raise ClusterError(
                f"worker {address}: does not see {workspace.root}, expected a folder that all "
                "share; choose a --workspace on the shared file system."
            )
    return len(found)


def _look(mark: str) -> tuple[str, bool]:
    return engine.__version__, Path(mark).is_file()


def _plan_for(client: "Client", settings: HuntSettings, workers: int) -> "BatchPlan":
    plan = client.submit(plan_of, settings, pure=False).result()
    share = math.ceil(settings.population_size * settings.replicates / workers)
    device = f"{workers} Dask workers, {plan.device}"
    return dataclasses.replace(plan, runs=min(plan.runs, share), device=device)

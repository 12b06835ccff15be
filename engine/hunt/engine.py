"""The engine of one process: it starts, stops and reports the one hunt of its workspace."""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Collection, Mapping
from concurrent.futures import Future
from typing import Any

from engine.errors import EngineError, HuntBusyError, StopRequested
from engine.hunt.auditors import Auditors
from engine.hunt.continuation import continuation
from engine.hunt.devices import Device, opened
from engine.hunt.gate import Gate
from engine.hunt.gradients import check_smooth
from engine.hunt.keeping import Keeping
from engine.hunt.logbook import Logbook
from engine.hunt.loop import run_hunt
from engine.hunt.outcome import record, report
from engine.hunt.retention import hunt_bytes, sweep_evicted
from engine.hunt.site import Site
from engine.hunt.strategies import make_strategy
from engine.live.arrivals import Arrivals
from engine.live.bus import Bus
from engine.live.condition import LinkState
from engine.live.link import open_link
from engine.live.logs import log_to
from engine.live.status import ACTIVE, HuntStatus, LivePicture, StatusBoard
from engine.settings import HuntSettings
from engine.store.event_kinds import HUNT_PAUSED, HUNT_RESUMED
from engine.store.ledger import Ledger, bring_up_to_date
from engine.store.leftovers import sweep_leftovers
from engine.store.lock import WorkspaceLock, holder
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace

_log = logging.getLogger(__name__)


class Engine:
    """One a process. Thread-safe; pages, scripts and the command line share it.

    Attributes:
        workspace: where everything is kept.
        bus: rings at every change of the status.
        reader: read-only view of the ledger.
        follows: whether it only watches.
    """

    def __init__(self, workspace: Workspace, *, follows: bool = False) -> None:
        """Look after a workspace.

        Args:
            workspace: where everything is kept.
            follows: only watch what other processes do there: nothing is started or written.

        Raises:
            SettingsError: `$IRER_REDIS_URL` is not the URL of a Redis.
            LedgerError: the ledger there is none of ours.
        """
        self.workspace, self.follows = workspace, follows
        self.bus = Bus()
        if not follows:
            bring_up_to_date(workspace)
        self.reader = LedgerReader(workspace.ledger_path)
        self._board = StatusBoard(workspace, self.bus)
        self._door = threading.Lock()
        self._lock = WorkspaceLock(workspace.root)
        self._turn = threading.Lock()
        self._gate = Gate()
        self._over = threading.Event()
        self._over.set()
        self._auditors = Auditors()
        self._logbook = Logbook(workspace, self._lock, self._door, self._turn)
        self._link = open_link(self.reader, self.bus, publishes=not follows)
        self._undo_logs = (lambda: None) if follows else log_to(workspace)
        self._arrivals = None if follows else Arrivals(workspace, self.reader, self._announce)

    def status(self) -> HuntStatus:
        """The newest status; cheap."""
        return self._board.snapshot()

    def picture(self) -> LivePicture | None:
        """How the runs under way look; None where nobody has looked yet, as on a cluster."""
        return self._board.picture()

    def link(self) -> LinkState | None:
        """How the link to Redis stands; None where none is asked for."""
        return self._link.state() if self._link else None

    def start_hunt(self, settings: HuntSettings) -> str:
        """Start a hunt in the background.

        Returns:
            Its hunt_id.

        Raises:
            SettingsError: no such strategy, or one that cannot do what is asked.
            HuntBusyError: a hunt is under way in this process, or it only follows.
            WorkspaceBusyError: another process hunts in this workspace.
            WorkspaceError: too little free disk, or the workspace cannot be written.
            DeviceMemoryError: not even one run fits into the device's memory.
            LedgerError: the ledger cannot be written.
        """
        return self._start(settings, None)

    def continue_hunt(self, hunt_id: str = "", scheduler: str | None = None) -> str:
        """Go on with a hunt that was stopped, failed or interrupted, where it was.

        Args:
            hunt_id: which; empty for the newest.
            scheduler: where its runs are computed now; None for where they were.

        Returns:
            Its hunt_id.

        Raises:
            SettingsError: no such hunt, or it was completed.
            EngineError: whatever `start_hunt` raises.
        """
        settings, found = continuation(self.reader, hunt_id, scheduler)
        return self._start(settings, found)

    def unfinished(self) -> dict[str, Any] | None:
        """The newest hunt, when its process ended before it and nobody goes on with it."""
        latest = self.reader.latest_hunt()
        if latest is None or latest["state"] != "running" or self.status().active:
            return None
        return None if self.busy_elsewhere() else latest

    def pause_hunt(self) -> bool:
        """Hold the running hunt at its next chunk; audits under way finish.

        Returns:
            Whether there was one to pause.
        """
        with self._door:
            if not self._board.turn(("running",), state="paused", last_event="Paused."):
                return False
            self._gate.pause()
            self._logbook.tell(HUNT_PAUSED, self.status().hunt_id)
            return True

    def resume_hunt(self) -> bool:
        """Let a paused hunt go on.

        Returns:
            Whether there was one.
        """
        with self._door:
            if not self._board.turn(("paused",), state="running", last_event="Resumed."):
                return False
            self._gate.resume()
            self._logbook.tell(HUNT_RESUMED, self.status().hunt_id)
            return True

    def stop_hunt(self) -> bool:
        """Ask the running hunt to stop; it does so between samples, within seconds.

        Returns:
            Whether there was one to stop.
        """
        with self._door:
            self._gate.stop()
            return self._board.turn(ACTIVE, state="stopping", last_event="Stop requested.")

    def _announce(self, reports: Mapping[str, str]) -> Collection[str]:
        waiting = self._logbook.announce(reports)
        self.bus.ring()
        return waiting

    def _start(self, settings: HuntSettings, earlier: str | None) -> str:
        if self.follows:
            raise HuntBusyError(
                f"{self.workspace.root}: this process only follows what is hunted there, expected "
                "one that may hunt; start it where the others run, or serve without --follow."
            )
        strategy = make_strategy(settings)
        if strategy.wants_gradient:
            check_smooth(settings.sought, settings.strategy)
        with self._door:
            status = self.status()
            if status.active:
                raise HuntBusyError(
                    f"hunt: {status.hunt_id or 'another one'} is {status.state} "
                    f"({status.runs_done}/{status.runs_total} runs), expected none under way; wait "
                    "for its end or stop it."
                )
            self._over.wait()  # a hunt that has just ended is still tidying up
            with contextlib.ExitStack() as opening:
                device = opening.enter_context(opened(settings, self.workspace))
                with self._turn:
                    self._lock.acquire("hunt")
                closing = opening.pop_all()
            try:
                sweep_leftovers(self.workspace.root)  # before it is asked how much is free
                left = settings.total_runs - (self.reader.count(earlier) if earlier else 0)
                size = hunt_bytes(settings).peak * left // settings.total_runs
                self.workspace.require_free(size, f"{left} runs")
                self._gate.reset()
                born: Future[str] = Future()
                thread = threading.Thread(
                    target=self._run,
                    args=(settings, device, closing, earlier, born),
                    name="irer-hunt",
                    daemon=True,
                )
                self._over.clear()
                thread.start()
            except BaseException:
                self._over.set()
                self._unlock()
                closing.close()
                raise
            return born.result()

    def wait(self, timeout: float | None = None) -> HuntStatus:
        """Wait for the hunt's end, at most `timeout` seconds."""
        # Not by joining its thread: a join that Ctrl-C interrupts takes the thread for ended.
        self._over.wait(timeout)
        return self.status()

    def busy_elsewhere(self) -> str | None:
        """Who else hunts in this workspace, in words; None when nobody does."""
        with self._turn:  # so that our own lock is seen whole, or not at all
            other = None if self._lock.held else holder(self.workspace.root)
        if other is None:
            return None
        if "pid" not in other:
            return "another process"
        return f"process {other['pid']} on {other['host']} ({other['purpose']})"

    def close(self) -> None:
        """Stop the hunt, wait for it, and free threads and processes."""
        self.stop_hunt()
        self.wait()
        if self._arrivals is not None:
            self._arrivals.close()
        self._auditors.close()
        if self._link is not None:
            self._link.close()
        self._undo_logs()

    def _unlock(self) -> None:
        with self._turn:
            self._lock.release()

    def _run(
        self,
        settings: HuntSettings,
        device: Device,
        closing: contextlib.ExitStack,
        earlier: str | None,
        born: "Future[str]",
    ) -> None:
        """The hunt's own thread."""
        try:
            with closing:
                self._lead(settings, device, earlier, born)
        finally:
            self._over.set()

    def _lead(
        self,
        settings: HuntSettings,
        device: Device,
        earlier: str | None,
        born: "Future[str]",
    ) -> None:
        """A hunt from its row in the ledger to its outcome."""
        ledger = None
        try:
            ledger = Ledger(self.workspace.ledger_path)
            for hunt in self.reader.hunts():
                if hunt["state"] == "running":  # under our lock, so its process is gone
                    ledger.finish_hunt(hunt["hunt_id"], "failed", "Its process ended before it.")
            self.workspace.sweep_temporaries()
            sweep_evicted(self.workspace, self.reader)
            if earlier is None:
                hunt_id = ledger.create_hunt(settings)
            else:
                hunt_id = earlier
                ledger.reopen_hunt(hunt_id)
            record(self.workspace, self.reader, hunt_id)
        except BaseException as error:
            if ledger is not None:
                ledger.close()
            self._unlock()
            born.set_exception(error)
            return
        self._board.reset(
            state="starting",
            hunt_id=hunt_id,
            num_generations=settings.num_generations,
            runs_total=settings.total_runs,
            stage="compiling",
            last_event=f"Hunt {hunt_id} {'continued' if earlier else 'started'}.",
            device=device.name,
            settings=settings.to_dict(),
        )
        self._logbook.open(ledger)
        born.set_result(hunt_id)
        _log.info(
            "Hunt %s %s: %d × %d runs, %s, on %s.",
            hunt_id,
            "continued" if earlier else "started",
            settings.num_generations,
            settings.population_size * settings.replicates,
            settings.strategy,
            device.name,
        )
        state, reason = "failed", ""
        try:
            state, reason = self._hunt(settings, hunt_id, ledger, device)
        finally:
            try:
                # Before the end: a hunt that has ended has its report.
                report(self.workspace, self.reader, hunt_id)
                with self._door:
                    self._logbook.close()
                    ledger.finish_hunt(hunt_id, state, reason)
                record(self.workspace, self.reader, hunt_id)
            except EngineError as error:
                _log.error("The outcome of hunt %s could not be written: %s", hunt_id, error)
                state, reason = "failed", reason or str(error)
            finally:
                ledger.close()
                self._unlock()
                done = self.status().runs_done
                ended = f"Hunt {hunt_id} {state} after {done} runs. {reason}".strip()
                _log.info("%s", ended)
                self._board.update(
                    state=state,
                    stage="",
                    under_way=0.0,
                    eta_s=None,
                    error=reason if state == "failed" else "",
                    last_event=ended,
                )

    def _hunt(
        self, settings: HuntSettings, hunt_id: str, ledger: Ledger, device: Device
    ) -> tuple[str, str]:
        """Its outcome: the final state, and the reason where there is one."""
        keeping = Keeping(self.workspace, ledger, self.reader, settings, hunt_id)
        try:
            site = Site(
                workspace=self.workspace,
                ledger=ledger,
                reader=self.reader,
                board=self._board,
                submit=device.submit,
                auditors=self._auditors,
                batch_size=device.batch_size,
                gate=self._gate,
                under_way=self._logbook.under_way,
                deadline=_deadline(settings, self.reader.seconds_spent(hunt_id)),
            )
            self._board.turn(("starting",), state="running")
            return "completed", asyncio.run(
                run_hunt(settings, hunt_id, site, keeping.after_generation)
            )
        except StopRequested:
            return "stopped", ""
        except EngineError as error:
            _log.error("Hunt %s failed: %s", hunt_id, error)
            return "failed", str(error)
        except Exception as error:
            _log.exception("Hunt %s failed.", hunt_id)
            return "failed", (
                f"{type(error).__name__}: {error}; see {self.workspace.hunt_log_path.name}"
            )
        finally:
            keeping.close()


def _deadline(settings: HuntSettings, spent: float) -> float | None:
    """When its hours are over, by the monotonic clock; earlier legs of a hunt count, s."""
    return time.monotonic() + 3600 * settings.max_hours - spent if settings.max_hours else None

"""Hunts under any sequence of start, pause, stop, death and continuation: nothing is ever wrong.

A death is an exception that no part of the engine catches, after which its ledger writes nothing
more, as that of a process that is gone; the real thing is tests/hunt/test_crash.py.
"""

import contextlib
import shutil
import tempfile
import threading
import time
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from remains import differences, ledger_faults, rows_of, torn_files

import engine.physics.simulate
from engine.errors import HuntBusyError, SettingsError, StopRequested, WorkspaceBusyError
from engine.hunt.auditors import Auditors
from engine.hunt.engine import Engine
from engine.live.status import ACTIVE
from engine.settings import HuntSettings
from engine.store.hunt_record import write_hunt_record
from engine.store.ledger import Ledger
from engine.store.rebuild import rebuild_ledger
from engine.store.workspace import Workspace

SOUND = {
    "num_generations": 3,
    "population_size": 2,
    "N_grid": 32,
    "domain_length": 128.0,
    "T_steps": 60,
    "null_draws": 19,
    "history_frames": 2,
}
PLENTY = 1000
VARIANTS = {
    "sound": SOUND,
    "diverging": {**SOUND, "epsilon": 10.0, "saturation": 0.0, "kappa_range": [0, 0], "dt": 1.0},
}
POINTS = ("start", "batch", "audit", "commit", "committed", "end")
DOOMS = st.none() | st.tuples(st.sampled_from(POINTS), st.integers(1, 3))
"""Where a process dies, and at which time that it comes by; sometimes it does not."""
BATCHES = st.sampled_from((1, 2, 3, PLENTY))
TIMEOUT = 120

_simulate = engine.physics.simulate.simulate_batch
_auditors = Auditors(2)


class Killed(BaseException):
    """The process is gone."""


class Life:
    """One process: it dies where it is doomed to, and computes as many batches as it may."""

    def __init__(self) -> None:
        self.dead = self.lost_an_auditor = False
        self.doom: tuple[str, int] | None = None
        self.batches = threading.Semaphore(0)
        self._turn = threading.Lock()

    def pass_by(self, point: str) -> None:
        with self._turn:
            if self.doom is not None and self.doom[0] == point:
                self.doom = (point, self.doom[1] - 1)
                self.dead = self.dead or self.doom[1] == 0
            if self.dead:
                raise Killed

    def simulate(self, configs, *, should_stop, **options):
        while not self.batches.acquire(timeout=0.002):
            self.pass_by("")
            if should_stop():
                raise StopRequested("no batch was computed.")
        self.pass_by("batch")
        return _simulate(configs, should_stop=should_stop, **options)


def ledger_of(life: Life) -> type[Ledger]:
    class Mortal(Ledger):
        def create_hunt(self, *values):
            hunt_id = super().create_hunt(*values)
            life.pass_by("start")
            return hunt_id

        def commit_run(self, *values, **named):
            life.pass_by("commit")
            event = super().commit_run(*values, **named)
            life.pass_by("committed")
            return event

        def reopen_hunt(self, hunt_id):
            super().reopen_hunt(hunt_id)
            life.pass_by("start")

        def finish_hunt(self, *values):
            life.pass_by("end")
            super().finish_hunt(*values)

        def append_event(self, *values, **named):
            life.pass_by("")
            return super().append_event(*values, **named)

    return Mortal


def auditors_of(life: Life) -> type:
    class Shared:
        """The auditors of all lives; real ones take a second to start."""

        def submit(self, *task):
            life.pass_by("audit")
            return _auditors.submit(*task)

        submit_alone = _auditors.submit_alone

        def close(self):
            pass

    return Shared


class Hunts(RuleBasedStateMachine):
    """One workspace, the processes that come and go in it, and the hunts that they lead."""

    @initialize(doom=DOOMS, batches=BATCHES)
    def begin(self, doom, batches):
        self.folder = Path(tempfile.mkdtemp())
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(threading, "excepthook", lambda _: None)  # of a thread that was killed
        self.hunts: dict[str, str] = {}
        self.deaths = 0
        self.be_born()
        self.start("sound", doom, batches)

    def be_born(self):
        self.life = Life()
        self.patch.setattr("engine.hunt.engine.Ledger", ledger_of(self.life))
        self.patch.setattr("engine.hunt.engine.Auditors", auditors_of(self.life))
        self.patch.setattr(engine.physics.simulate, "simulate_batch", self.life.simulate)
        self.engine = Engine(Workspace.open(self.folder))

    def die(self):
        self.life.dead = True
        self.engine.close()
        self.deaths += 1
        self.be_born()

    @property
    def active(self) -> bool:
        return self.engine.status().active

    @contextlib.contextmanager
    def mortal(self, doom=None):
        """What may end with the death of the process; then there is another."""
        self.life.doom = doom
        with contextlib.suppress(Killed):
            yield
        if self.life.dead:
            self.die()

    @rule(variant=st.sampled_from(sorted(VARIANTS)), doom=DOOMS, batches=BATCHES)
    def start(self, variant, doom, batches):
        """Also a second time: what is known is not computed again."""
        if len(self.hunts) == 3:
            return
        before, busy = self.ids(), self.active
        with self.mortal(doom):
            try:
                self.engine.start_hunt(HuntSettings.from_mapping(VARIANTS[variant]))
            except HuntBusyError:
                assert busy
            else:
                self.compute_so_many(batches)
        [*new] = self.ids() - before
        assert len(new) <= 1
        self.hunts.update(dict.fromkeys(new, variant))

    def ids(self) -> set[str]:
        return {hunt["hunt_id"] for hunt in self.engine.reader.hunts()}

    @rule(batches=BATCHES, doom=DOOMS)
    def compute(self, batches, doom):
        with self.mortal(doom):
            self.compute_so_many(batches)

    def compute_so_many(self, batches):
        """Until they are computed, their runs may be on the way to their audit or their row."""
        self.life.batches.release(batches)
        until = time.monotonic() + TIMEOUT
        while self.engine.status().state in ("starting", "running") and not self.life.dead:
            assert time.monotonic() < until, self.engine.status()
            if batches < PLENTY and not self.life.batches._value:
                break
            time.sleep(0.002)
        if not self.active:
            self.engine.wait(TIMEOUT)
        while self.life.batches.acquire(blocking=False):
            pass

    @rule()
    def pause(self):
        state = self.engine.status().state
        with self.mortal(self.life.doom):  # of a rule before, which may strike only now
            if self.engine.pause_hunt():
                assert state in ("starting", "running")
                assert self.engine.status().state == "paused" or self.life.dead
            else:
                assert state != "running" or not self.active

    @rule()
    def resume(self):
        state = self.engine.status().state
        with self.mortal(self.life.doom):
            assert self.engine.resume_hunt() == (state == "paused")

    @rule(doom=DOOMS)
    def stop(self, doom=None):
        with self.mortal(doom):
            self.engine.stop_hunt()
            assert not self.engine.wait(TIMEOUT).active

    @rule(doom=DOOMS, batches=BATCHES)
    def continue_one(self, doom, batches):
        self.go_on(doom, batches)

    def go_on(self, doom, batches):
        """With the newest hunt that is not complete, which may be under way."""
        unfinished = [h for h in self.engine.reader.hunts() if h["state"] != "completed"]
        newest = unfinished[0]["hunt_id"] if unfinished else ""
        busy = self.active
        with self.mortal(doom):
            try:
                assert self.engine.continue_hunt(newest) == newest
            except HuntBusyError:
                assert busy
            except SettingsError:
                assert not unfinished
            self.compute_so_many(batches)

    @rule(batches=BATCHES)
    def kill(self, batches):
        """At any moment, rather than at a point."""
        self.go_on(None, batches)
        self.die()

    @rule(which=st.integers(0, 1))
    def kill_an_auditor(self, which):
        """One in each life: a run whose auditors die twice has failed for good."""
        with contextlib.suppress(IndexError, psutil.Error):
            workers = psutil.Process().children()
            victim = [c for c in workers if "spawn_main" in str(c.cmdline())][which]
            if not self.life.lost_an_auditor:
                victim.kill()
                self.life.lost_an_auditor = True

    @rule()
    def rebuild(self):
        """The ledger anew from the files: hunts are stopped, and find their places again."""
        busy = self.active
        if not busy:
            for hunt in self.engine.reader.hunts():
                write_hunt_record(self.engine.workspace, hunt)
        try:
            rebuilt = rebuild_ledger(self.engine.workspace)
        except WorkspaceBusyError:
            assert busy
        else:
            assert rebuilt.damaged == {}
            assert set(rebuilt.hunts) == self.hunts.keys()
            self.die()  # a status tells of the ledger that was there

    @invariant()
    def nothing_is_wrong(self):
        if self.life.dead:
            self.die()
        for attempt in range(10):  # what is read while a hunt writes may be of two moments
            found = [*torn_files(self.folder), *ledger_faults(self.folder)]
            if not found:
                break
            assert attempt < 9, found
            time.sleep(0.02)
        status = self.engine.status()
        assert status.state in ("idle", *ACTIVE, "completed", "stopped") or self.life.dead, status
        running = [h for h in self.engine.reader.hunts() if h["state"] == "running"]
        assert len(running) <= 1
        assert status.runs_done <= len(self.engine.reader.runs(status.hunt_id or "none"))

    def teardown(self):
        if not hasattr(self, "life"):
            return
        try:
            self.life.doom = None
            if self.life.dead:
                self.die()
            if self.active:
                self.stop()
            self.life.batches.release(PLENTY)
            for hunt in self.engine.reader.hunts():
                if hunt["state"] != "completed":
                    assert self.engine.continue_hunt(hunt["hunt_id"]) == hunt["hunt_id"]
                    status = self.engine.wait(TIMEOUT)
                    assert status.state == "completed", status
            assert self.ids() == self.hunts.keys()
            for hunt_id, variant in self.hunts.items():
                rows = rows_of(self.folder, hunt_id)
                assert differences(rows, whole_of(variant)) == []
            self.nothing_is_wrong()
        finally:
            self.engine.close()
            self.patch.undo()
            shutil.rmtree(self.folder)


_wholes: dict[str, dict] = {}


def whole_of(variant: str) -> dict:
    """The rows of a hunt that nobody disturbed."""
    return _wholes[variant]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    for variant, values in VARIANTS.items():
        engine = Engine(Workspace.open(tmp_path_factory.mktemp("whole")))
        hunt_id = engine.start_hunt(HuntSettings.from_mapping(values))
        assert engine.wait(TIMEOUT).state == "completed"
        _wholes[variant] = rows_of(engine.workspace.root, hunt_id)
        engine.close()
    assert {row["status"] for row in _wholes["diverging"].values()} == {"diverged"}
    assert "ok" in {row["status"] for row in _wholes["sound"].values()}
    yield
    _auditors.close()


@pytest.mark.usefixtures("undisturbed")
class TestHunts(Hunts.TestCase):
    settings = settings(
        max_examples=20,
        stateful_step_count=10,
        deadline=None,
        derandomize=True,
        phases=(Phase.generate,),  # to shrink what a race has found takes for ever
        suppress_health_check=list(HealthCheck),
    )

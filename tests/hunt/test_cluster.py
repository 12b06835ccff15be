"""The same hunt on the workers of a real Dask cluster, one of which is killed."""

import os
import signal
import time

import numpy as np
import pytest
import small_hunts
from distributed import Event, LocalCluster
from small_hunts import rows

from engine.errors import ClusterError
from engine.hunt.batch import Batch, Computed
from engine.hunt.cluster import Cluster, connected
from engine.hunt.engine import Engine
from engine.hunt.gate import Gate
from engine.hunt.space import SearchSpace
from engine.settings import HuntSettings
from engine.store.event_kinds import BATCH_DONE
from engine.store.workspace import Workspace

SMALL = {**small_hunts.SMALL, "T_steps": 200}
TIMEOUT = 180


@pytest.fixture(scope="module")
def cluster():
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0"
    ) as cluster:
        yield cluster


@pytest.fixture
def engine(tmp_path):
    engine = Engine(Workspace.open(tmp_path / "workspace"))
    yield engine
    engine.close()


def wait_for(condition, seconds=TIMEOUT):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)


def stands(value, seconds=2.0):
    """Whether it is the same after so long."""
    before = value()
    time.sleep(seconds)
    return value() == before


@pytest.fixture(scope="module")
def in_process(tmp_path_factory):
    engine = Engine(Workspace.open(tmp_path_factory.mktemp("here")))
    hunt_id = engine.start_hunt(HuntSettings.from_mapping(SMALL))
    assert engine.wait(TIMEOUT).state == "completed"
    found = rows(engine, hunt_id)
    engine.close()
    return found


def start(engine, cluster, **changes):
    values = {**SMALL, "scheduler": cluster.scheduler_address, **changes}
    return engine.start_hunt(HuntSettings.from_mapping(values))


def test_a_worker_that_is_killed_in_mid_hunt_changes_no_row(engine, cluster, in_process):
    hunt_id = start(engine, cluster)
    assert "2 Dask workers" in engine.status().device
    wait_for(lambda: engine.status().runs_done >= 4)
    victim = next(iter(cluster.workers.values()))
    os.kill(victim.pid, signal.SIGKILL)
    status = engine.wait(TIMEOUT)
    assert (status.state, status.runs_done) == ("completed", 12), status.error
    assert rows(engine, hunt_id) == in_process


def test_a_stop_reaches_the_workers_and_the_hunt_goes_on_in_process(engine, cluster, in_process):
    hunt_id = start(engine, cluster)
    wait_for(lambda: engine.status().runs_done >= 2)
    asked = time.monotonic()
    engine.stop_hunt()
    assert engine.wait(TIMEOUT).state == "stopped"
    assert time.monotonic() - asked < 30
    assert len(rows(engine, hunt_id)) < 12
    engine.continue_hunt(hunt_id, scheduler="")
    assert engine.wait(TIMEOUT).state == "completed"
    assert rows(engine, hunt_id) == in_process


def hold(name):
    Event(f"{name}-began").set()
    Event(f"{name}-goes").wait()


def test_what_stands_in_the_queue_longer_than_a_batch_may_take_is_computed(
    engine, cluster, in_process
):
    limit = 5.0
    with cluster.get_client() as client:
        client.wait_for_workers(2)
        hunt_id = start(engine, cluster, batch_limit_s=limit)
        workers = [*client.scheduler_info()["workers"]]
        held = [client.submit(hold, w, workers=[w], pure=False, priority=1) for w in workers]
        for worker in workers:
            assert Event(f"{worker}-began", client).wait(TIMEOUT)
        done = engine.status().runs_done
        assert done < 12
        time.sleep(limit + 1)
        for worker in workers:
            Event(f"{worker}-goes", client).set()
        client.gather(held)
    assert engine.wait(TIMEOUT).state == "completed"
    assert rows(engine, hunt_id) == in_process
    events = engine.reader.events_after()
    took = [event.payload["seconds"] for event in events if event.kind == BATCH_DONE]
    assert len(took) == 12
    assert max(took) <= limit, "the time in the queue was counted"


def test_a_batch_that_takes_too_long_on_a_worker_is_its_runs_failure(engine, cluster):
    start(engine, cluster, num_generations=1, T_steps=200_000, batch_limit_s=1.0)
    status = engine.wait(TIMEOUT)
    assert (status.state, status.failures) == ("completed", {"timed_out": 4})
    assert "took more than 1 s" in engine.reader.runs()[0]["error"]


def test_a_pause_holds_the_workers_until_the_hunt_is_resumed(engine, cluster):
    shares = []
    engine.bus.subscribe(lambda: shares.append(engine.status().under_way))
    start(engine, cluster, num_generations=1, population_size=8, T_steps=8_000)
    wait_for(lambda: any(0 < share % 1 < 1 for share in shares))
    engine.pause_hunt()
    wait_for(lambda: stands(lambda: engine.status().under_way))
    artifacts = engine.workspace.root / "simulation_data"
    assert len([*artifacts.glob("*.h5")]) < 8, "the workers went on"
    engine.resume_hunt()
    status = engine.wait(TIMEOUT)
    assert (status.state, status.runs_done) == ("completed", 8)


def test_a_paused_hunt_can_be_stopped(engine, cluster):
    start(engine, cluster, num_generations=1, T_steps=200_000)
    wait_for(lambda: engine.status().under_way > 0)
    engine.pause_hunt()
    wait_for(lambda: stands(lambda: engine.status().under_way))
    engine.stop_hunt()
    assert engine.wait(TIMEOUT).state == "stopped"


class Deaf(Batch):
    def compute(self, on_progress, should_stop):
        hold("deaf")
        return Computed([], 0.0)


class Endless(Batch):
    def compute(self, on_progress, should_stop):
        while not should_stop():
            on_progress(0.5, None)
        return Computed([], 0.0)


def submitted(kind, client, cluster, engine, gate, report=lambda *_: None):
    """A batch of no runs on a worker."""
    settings = HuntSettings.from_mapping({**SMALL, "scheduler": cluster.scheduler_address})
    batch = kind((), np.empty((0, 0)), "", 0, SearchSpace.of(settings))
    device = Cluster(client, settings, engine.workspace)
    return device.submit(batch, report, gate, lambda: gate.stopped)


def test_a_batch_that_ends_during_a_pause_is_handed_back(engine, cluster):
    gate = Gate()
    gate.pause()
    with connected(cluster.scheduler_address) as client:
        future = submitted(Deaf, client, cluster, engine, gate)
        assert Event("deaf-began", client).wait(TIMEOUT)
        Event("deaf-goes", client).set()
        assert future.result(TIMEOUT).gradients == []
    assert gate.paused


def test_workers_leave_a_paused_hunt_that_died(engine, cluster):
    gate, shares = Gate(), []
    with connected(cluster.scheduler_address) as client:
        future = submitted(Endless, client, cluster, engine, gate, lambda *t: shares.append(t))
        wait_for(lambda: shares)
        gate.pause()
        wait_for(lambda: stands(lambda: len(shares)))
    with pytest.raises(ClusterError, match="scheduler: lost"):
        future.result(TIMEOUT)
    with cluster.get_client() as client:
        for worker in client.scheduler_info()["workers"]:
            assert client.submit(abs, -1, workers=[worker], pure=False).result(TIMEOUT) == 1


def test_progress_comes_back_from_the_workers(engine, cluster):
    shares = []
    engine.bus.subscribe(lambda: shares.append(engine.status().under_way))
    start(engine, cluster, num_generations=1, T_steps=20_000)
    wait_for(lambda: any(0 < share % 1 < 1 for share in shares))
    engine.stop_hunt()
    assert engine.wait(TIMEOUT).state == "stopped"


def test_a_scheduler_that_is_not_there_is_named_before_anything_starts(engine):
    values = {**SMALL, "scheduler": "tcp://127.0.0.1:1"}
    with pytest.raises(ClusterError, match=r"scheduler: got tcp://127\.0\.0\.1:1, where nobody"):
        engine.start_hunt(HuntSettings.from_mapping(values))
    assert engine.reader.hunts() == []
    assert not engine.status().active


def test_a_scheduler_that_dies_ends_the_hunt_and_its_runs_are_no_failures(engine):
    with LocalCluster(
        n_workers=1, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0"
    ) as doomed:
        hunt_id = start(engine, doomed, T_steps=2000)
        wait_for(lambda: engine.status().runs_done >= 1)
    status = engine.wait(TIMEOUT)
    assert status.state == "failed"
    assert "scheduler: lost" in status.error
    found = rows(engine, hunt_id).values()
    assert [row["error"] for row in found if row["status"] == "worker_failed"] == []

"""The same hunt on the workers of a real Dask cluster, one of which is killed."""

import os
import signal
import time

import pytest
import small_hunts
from distributed import LocalCluster
from small_hunts import rows

from engine.errors import ClusterError
from engine.hunt.engine import Engine
from engine.settings import HuntSettings
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

"""Whole hunts, small ones, through the real solver, auditors and ledger."""

import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

from engine.errors import DeviceMemoryError, HuntBusyError, WorkspaceBusyError, WorkspaceError
from engine.hunt.auditors import Auditors
from engine.hunt.engine import Engine
from engine.settings import HuntSettings, RunConfig
from engine.store.artifact import open_artifact
from engine.store.provenance import read_provenance
from engine.store.workspace import Workspace

SMALL = {
    "num_generations": 2,
    "population_size": 3,
    "N_grid": 32,
    "domain_length": 128.0,
    "T_steps": 60,
    "null_draws": 19,
    "history_frames": 3,
}
TIMEOUT = 120


def settings(**changes) -> HuntSettings:
    return HuntSettings.from_mapping({**SMALL, **changes})


@pytest.fixture
def engine(tmp_path):
    engine = Engine(Workspace.open(tmp_path / "workspace"))
    yield engine
    engine.close()


def places(engine, hunt_id):
    rows = engine.reader.runs(hunt_id)
    return {(row["generation"], row["member"]): row["config_hash"] for row in rows}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A hunt that ran to its end, and the statuses that a listener saw."""
    engine = Engine(Workspace.open(tmp_path_factory.mktemp("finished")))
    seen = []
    engine.bus.subscribe(lambda: seen.append(engine.status()))
    hunt_id = engine.start_hunt(settings())
    assert engine.wait(TIMEOUT).state == "completed", engine.status()
    yield engine, hunt_id, seen
    engine.close()


def test_every_run_has_its_files_and_its_row_and_they_agree(finished):
    engine, hunt_id, _ = finished
    rows = engine.reader.runs(hunt_id)
    assert len(rows) == 6
    for row in rows:
        name = row["config_hash"]
        config = json.loads(engine.workspace.config_path(name).read_text())
        assert RunConfig.from_mapping(config, complete=True).config_hash == name
        with open_artifact(engine.workspace.artifact_path(name), name) as artifact:
            assert artifact.config.to_dict() == config
            assert artifact.read("history/rho").shape == (3, 32, 32)
        provenance = read_provenance(engine.workspace.provenance_path(name))
        assert provenance["status"] == row["status"]
        assert provenance["artifact"]["sha256"] == row["artifact_sha256"]
        assert row["sdg_h_norm_l2"] == provenance["sdg_h_norm_l2"]
        assert row["evolution_residual"] == provenance["integrity"]["evolution_residual"]
        assert row["evolution_residual"] < 1e-4
        assert row["pcs_score"] > 0.9999


def test_the_events_of_the_log_are_the_commits(finished):
    engine, hunt_id, _ = finished
    events = engine.reader.events_after(0)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert (events[0].kind, events[-1].kind) == ("hunt_started", "hunt_completed")
    committed = [event.config_hash for event in events if event.kind == "run_committed"]
    assert sorted(committed) == sorted(places(engine, hunt_id).values())


def test_the_status_counts_every_run_and_tells_of_the_last(finished):
    engine, hunt_id, seen = finished
    final = engine.status()
    assert (final.runs_done, final.runs_total, final.generation) == (6, 6, 2)
    assert final.last_h_norm is not None
    assert (
        sum(final.failures.values())
        + len([row for row in engine.reader.runs(hunt_id) if row["status"] == "ok"])
        == 6
    )
    done = [status.runs_done for status in seen]
    assert done == sorted(done)
    progress = [status.runs_done + status.under_way for status in seen if status.runs_total]
    assert all(b >= a - 1e-9 for a, b in itertools.pairwise(progress))
    assert len(set(progress)) > 2 * 6, "parts of runs are seen too"
    assert final.under_way == 0
    assert {"starting", "running", "completed"} <= {status.state for status in seen}
    mirror = json.loads(engine.workspace.status_path.read_text())
    assert mirror["state"] == "completed"
    assert mirror["hunt_id"] == hunt_id


def test_the_best_is_the_fittest_of_the_ledger(finished):
    engine, hunt_id, _ = finished
    rows = [row for row in engine.reader.runs(hunt_id) if row["fitness"] is not None]
    assert rows, "this hunt is set up to score"
    best = max(rows, key=lambda row: row["fitness"])
    assert engine.status().best["config_hash"] == best["config_hash"]
    assert engine.status().best["log_prime_sse"] == best["log_prime_sse"]


def test_the_same_seed_gives_the_same_ids_and_computes_nothing_twice(finished, tmp_path):
    first, hunt_id, _ = finished
    ids = places(first, hunt_id)
    written = {
        p: p.stat().st_mtime_ns for p in (first.workspace.root / "simulation_data").iterdir()
    }
    again = first.start_hunt(settings())
    assert first.wait(TIMEOUT).state == "completed"
    assert places(first, again) == ids
    now = {p: p.stat().st_mtime_ns for p in (first.workspace.root / "simulation_data").iterdir()}
    assert now == written
    other = Engine(Workspace.open(tmp_path))
    try:
        elsewhere = other.start_hunt(settings())
        assert other.wait(TIMEOUT).state == "completed"
        assert places(other, elsewhere) == ids
        for name in ids.values():
            one, two = (e.workspace.artifact_path(name).read_bytes() for e in (first, other))
            assert one == two
    finally:
        other.close()


def test_a_hunt_of_ones_own_is_never_elsewhere(engine):
    seen, over = [], threading.Event()

    def watch():
        while not over.is_set():
            seen.append(engine.busy_elsewhere())

    watcher = threading.Thread(target=watch)
    watcher.start()
    engine.start_hunt(settings(num_generations=1))
    engine.wait(TIMEOUT)
    over.set()
    watcher.join()
    assert set(seen) == {None}


def test_a_second_hunt_is_refused_while_one_runs_and_stop_acts_at_once(engine):
    engine.start_hunt(settings(T_steps=100_000))
    with pytest.raises(HuntBusyError, match="wait for its end or stop it"):
        engine.start_hunt(settings())
    other = Engine(engine.workspace)
    try:
        with pytest.raises(WorkspaceBusyError, match=f"process {os.getpid()}"):
            other.start_hunt(settings())
        assert f"process {os.getpid()}" in other.busy_elsewhere()
    finally:
        other.close()
    while engine.status().under_way == 0:
        time.sleep(0.01)
    began = time.monotonic()
    assert engine.stop_hunt()
    status = engine.wait(TIMEOUT)
    assert status.state == "stopped"
    assert time.monotonic() - began < 20
    assert engine.reader.latest_hunt()["state"] == "stopped"
    assert engine.busy_elsewhere() is None
    assert not engine.stop_hunt()
    assert not list((engine.workspace.root / "simulation_data").glob("*"))
    engine.start_hunt(settings(num_generations=1))
    assert engine.wait(TIMEOUT).state == "completed"


def auditors() -> list[psutil.Process]:
    """Processes of the audit pools, those that have just died left out."""
    return [c for c in psutil.Process().children(recursive=True) if is_auditor(c)]


def is_auditor(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return "spawn_main" in str(process.cmdline())
    return False


def test_an_auditor_that_is_killed_costs_no_run(engine):
    engine.start_hunt(settings(num_generations=4))
    while engine.status().runs_done == 0:
        time.sleep(0.01)
    victim = auditors()[0]
    victim.send_signal(signal.SIGKILL)
    status = engine.wait(TIMEOUT)
    assert status.state == "completed", status
    assert status.runs_done == 12
    assert "worker_failed" not in status.failures, status.failures


# Of Python's own thread, which reads the table of workers while one is being launched.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_run_whose_auditors_all_die_is_a_class_of_its_own_and_ends_no_hunt(engine):
    engine.start_hunt(settings(num_generations=1, T_steps=20))
    while engine.status().active:
        for auditor in auditors():
            with contextlib.suppress(psutil.Error):
                auditor.send_signal(signal.SIGKILL)
        time.sleep(0.001)
    status = engine.wait(TIMEOUT)
    assert status.state == "completed", status
    assert status.failures == {"worker_failed": 3}
    for row in engine.reader.runs(status.hunt_id):
        provenance = read_provenance(engine.workspace.provenance_path(row["config_hash"]))
        assert provenance["status"] == row["status"] == "worker_failed"
        assert "died twice" in provenance["error"]


def test_an_audit_that_raises_is_that_runs_own_failure(engine, monkeypatch):
    honest = Auditors.submit

    def submit(self, root, config_hash, draws, limit_s):
        if not raised:
            raised.append(config_hash)
            return honest(self, root, config_hash, "not a number")
        return honest(self, root, config_hash, draws)

    raised = []
    monkeypatch.setattr(Auditors, "submit", submit)
    engine.start_hunt(settings(num_generations=1))
    status = engine.wait(TIMEOUT)
    assert status.state == "completed", status
    assert status.failures["worker_failed"] == 1
    assert "its audit failed: TypeError" in engine.reader.run(raised[0])["error"]


def test_a_failure_of_the_machine_is_tried_again_by_the_next_hunt(engine, monkeypatch):
    with monkeypatch.context() as broken:
        honest = Auditors.submit
        broken.setattr(Auditors, "submit", lambda self, root, run, *_: honest(self, root, run, "x"))
        engine.start_hunt(settings(num_generations=1))
        assert engine.wait(TIMEOUT).failures == {"worker_failed": 3}
    engine.start_hunt(settings(num_generations=1))
    status = engine.wait(TIMEOUT)
    assert "worker_failed" not in status.failures
    for row in engine.reader.runs(status.hunt_id):
        provenance = read_provenance(engine.workspace.provenance_path(row["config_hash"]))
        assert provenance["status"] == row["status"] != "worker_failed"


def test_files_that_were_lost_are_made_again_by_the_next_hunt(engine):
    hunt_id = engine.start_hunt(settings(num_generations=1))
    engine.wait(TIMEOUT)
    one, two, three = places(engine, hunt_id).values()
    paths = (engine.workspace.artifact_path(one), engine.workspace.artifact_path(two))
    before = [path.read_bytes() for path in paths]
    paths[0].unlink()
    os.truncate(paths[1], 5000)
    engine.workspace.provenance_path(three).unlink()
    rows = {row["member"]: row for row in engine.reader.runs(hunt_id)}
    again = engine.start_hunt(settings(num_generations=1))
    assert engine.wait(TIMEOUT).state == "completed"
    assert [path.read_bytes() for path in paths] == before
    assert engine.workspace.provenance_path(three).exists()
    for row in engine.reader.runs(again):
        assert {**rows[row["member"]], "hunt_id": again} == {**row, "hunt_id": again}


def test_a_stop_is_heard_while_all_runs_are_known(engine):
    big = settings(num_generations=5, population_size=20, T_steps=20, N_grid=16)
    engine.start_hunt(big)
    engine.wait(TIMEOUT)
    engine.start_hunt(big)
    while engine.status().runs_done < 20:
        time.sleep(0.001)
    assert engine.stop_hunt()
    status = engine.wait(TIMEOUT)
    assert status.state == "stopped"
    assert status.runs_done < 100


def test_a_candidate_that_diverges_has_a_class_and_no_score(engine):
    hunt_id = engine.start_hunt(
        settings(num_generations=1, epsilon=10.0, saturation=0.0, kappa_range=[0, 0], dt=1.0)
    )
    status = engine.wait(TIMEOUT)
    assert status.state == "completed"
    assert status.failures == {"diverged": 3}
    assert status.best is None
    for row in engine.reader.runs(hunt_id):
        assert row["log_prime_sse"] is None
        assert row["fitness"] is None


def test_a_grid_that_cannot_fit_is_refused_before_anything_is_written(engine):
    with pytest.raises(DeviceMemoryError, match=r"N_grid: got 65536.*choose N_grid ≤"):
        engine.start_hunt(settings(N_grid=65536))
    assert engine.reader.latest_hunt() is None
    assert engine.status().state == "idle"
    assert engine.busy_elsewhere() is None


def test_a_disk_without_room_is_refused_and_nothing_stays_locked(engine):
    with pytest.raises(WorkspaceError, match="free"):
        engine.start_hunt(settings(num_generations=100_000, population_size=100_000, N_grid=64))
    assert engine.busy_elsewhere() is None
    assert engine.reader.latest_hunt() is None


def test_a_disk_that_fills_up_ends_the_hunt_with_its_reason_and_loses_nothing(make_disk):
    disk = make_disk("24m")
    engine = Engine(Workspace.open(disk / "workspace"))
    try:
        engine.start_hunt(settings(num_generations=20))
        while engine.status().runs_done < 3:
            time.sleep(0.01)
        filler = disk / "filler"
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(b"0" * 4096)
        status = engine.wait(TIMEOUT)
        assert status.state == "failed", status
        assert "free" in status.error
        assert "\n" not in status.error
        kept = engine.reader.runs(status.hunt_id)
        assert len(kept) >= 3
        filler.unlink()
        engine.start_hunt(settings(num_generations=1))
        again = engine.wait(TIMEOUT)
        assert again.state == "completed", again
        for row in kept:
            name = row["config_hash"]
            with open_artifact(engine.workspace.artifact_path(name), name) as artifact:
                artifact.read("final_rho")
            assert engine.reader.run(name)["status"] == row["status"]
        assert not list(disk.rglob("*.tmp"))
    finally:
        engine.close()


def test_a_hunt_whose_process_was_killed_is_named_and_the_workspace_is_free(tmp_path):
    code = f"""
from engine.hunt.auditors import Auditors
from engine.hunt.engine import Engine
from engine.settings import HuntSettings
from engine.store.workspace import Workspace
if __name__ == "__main__":
    engine = Engine(Workspace.open({str(tmp_path)!r}))
    settings = HuntSettings.from_mapping({settings(num_generations=10**4).to_dict()!r})
    print(engine.start_hunt(settings), flush=True)
    engine.wait()
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        killed = process.stdout.readline().strip()
        children = []
        while not children:  # until the auditors are there
            children = [c for c in psutil.Process(process.pid).children() if is_auditor(c)]
            time.sleep(0.05)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    _, alive = psutil.wait_procs(children, timeout=20)
    assert not alive, "auditors outlive their hunt"
    engine = Engine(Workspace.open(tmp_path))
    try:
        engine.start_hunt(settings(num_generations=1))
        assert engine.wait(TIMEOUT).state == "completed"
        hunts = {hunt["hunt_id"]: hunt for hunt in engine.reader.hunts()}
        assert hunts[killed]["state"] == "failed"
        assert "process ended" in hunts[killed]["reason"]
    finally:
        engine.close()

"""Hunts that are paused, stopped, killed and limited, and what they are after they went on."""

import os
import platform
import signal
import sqlite3
import subprocess
import sys
import time

import pytest
from small_hunts import SMALL, rows

from engine.errors import LedgerError, SettingsError
from engine.hunt.engine import Engine
from engine.hunt.runs import compute_batch
from engine.settings import HuntSettings
from engine.store.event_kinds import HUNT_STALLED
from engine.store.ledger import Ledger
from engine.store.workspace import Workspace

TIMEOUT = 120


def settings(**changes) -> HuntSettings:
    return HuntSettings.from_mapping({**SMALL, **changes})


@pytest.fixture
def engine(tmp_path):
    engine = Engine(Workspace.open(tmp_path / "workspace"))
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The rows of a hunt that nothing disturbed."""
    engine = Engine(Workspace.open(tmp_path_factory.mktemp("whole")))
    hunt_id = engine.start_hunt(settings())
    assert engine.wait(TIMEOUT).state == "completed"
    found = rows(engine, hunt_id)
    assert len(found) == 12
    assert "ok" in {row["status"] for row in found.values()}
    engine.close()
    return found


def wait_for(condition, seconds=TIMEOUT):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)


def test_a_stopped_hunt_goes_on_where_it_was(engine, whole):
    hunt_id = engine.start_hunt(settings())
    wait_for(lambda: engine.status().runs_done >= 5)
    engine.stop_hunt()
    assert engine.wait(TIMEOUT).state == "stopped"
    kept = rows(engine, hunt_id)
    assert 5 <= len(kept) < 12
    files = {path: path.stat().st_mtime_ns for path in engine.workspace.root.glob("*/*.h5")}
    assert engine.continue_hunt() == hunt_id
    status = engine.wait(TIMEOUT)
    assert (status.state, status.runs_done) == ("completed", 12)
    assert rows(engine, hunt_id) == whole
    assert all(path.stat().st_mtime_ns == before for path, before in files.items())
    best = max(r["fitness"] for r in whole.values() if r["fitness"] is not None)
    assert status.best["fitness"] == best
    kinds = [e.kind for e in engine.reader.events_after() if e.kind.startswith("hunt_")]
    assert kinds == ["hunt_started", "hunt_stopped", "hunt_continued", "hunt_completed"]
    committed = [e for e in engine.reader.events_after() if e.kind == "run_committed"]
    assert len(committed) == 12


def test_a_killed_hunt_is_found_unfinished_and_goes_on_from_the_command_line(tmp_path, whole):
    place = tmp_path / "workspace"
    options = [f"--set={name}={value}" for name, value in SMALL.items() if name[0] not in "np"]
    options += [f"--set={name}={SMALL[name]}" for name in ("null_draws",)]
    command = [sys.executable, "-m", "engine.cli", "hunt", "--workspace", str(place), "--json"]
    first = ["--num-generations", "3", "--population-size", "4", *options]
    with subprocess.Popen([*command, *first], start_new_session=True) as process:
        engine = Engine(Workspace.open(place))
        wait_for(lambda: len(engine.reader.runs()) >= 5)
        os.killpg(process.pid, signal.SIGKILL)
    unfinished = engine.unfinished()
    assert unfinished["state"] == "running"
    subprocess.run([*command, "--resume"], check=True, timeout=TIMEOUT, stdout=subprocess.PIPE)
    assert engine.unfinished() is None
    assert rows(engine, unfinished["hunt_id"]) == whole
    engine.close()


def test_a_paused_hunt_stands_still_and_can_be_resumed_or_stopped(engine, whole):
    hunt_id = engine.start_hunt(settings(T_steps=300))
    wait_for(lambda: engine.status().runs_done >= 1)
    assert engine.pause_hunt()
    assert not engine.pause_hunt()
    assert engine.status().state == "paused"
    wait_for(lambda: engine.status().stage != "auditing" or engine.status().under_way < 2, 5)
    time.sleep(0.5)  # audits under way finish
    done = engine.status().runs_done
    time.sleep(0.5)
    assert engine.status().runs_done == done < 12
    assert engine.resume_hunt()
    assert not engine.resume_hunt()
    wait_for(lambda: engine.status().runs_done > done)
    engine.pause_hunt()
    engine.stop_hunt()
    assert engine.wait(10).state == "stopped"
    assert len(engine.reader.runs(hunt_id)) < 12


def test_only_an_unfinished_hunt_goes_on(engine):
    with pytest.raises(SettingsError, match="hunt: got no hunt, expected one that was stopped"):
        engine.continue_hunt()
    hunt_id = engine.start_hunt(settings(num_generations=1))
    engine.wait(TIMEOUT)
    with pytest.raises(SettingsError, match=f"{hunt_id}, which was completed"):
        engine.continue_hunt(hunt_id)
    assert engine.unfinished() is None


def stopped_elsewhere(place, core: str, **changes):
    """A hunt by CMA-ES that another process left, with the linear algebra of a processor."""
    options = [f"--set={name}={value}" for name, value in {**SMALL, **changes}.items()]
    command = [sys.executable, "-m", "engine.cli", "hunt", "--workspace", str(place), "--json"]
    environment = {**os.environ, "OPENBLAS_CORETYPE": core}
    with subprocess.Popen(
        [*command, "--set=strategy=cmaes", *options], env=environment, stdout=subprocess.PIPE
    ) as process:
        engine = Engine(Workspace.open(place))
        wait_for(lambda: len(engine.reader.runs()) >= 20)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=TIMEOUT)
    return engine


@pytest.mark.skipif(platform.machine() != "x86_64", reason="its OpenBLAS has other names of cores")
def test_a_hunt_goes_on_on_a_processor_that_rounds_otherwise(tmp_path):
    engine = stopped_elsewhere(tmp_path, "Nehalem", num_generations=12, population_size=4)
    hunt = engine.reader.latest_hunt()
    kept = {place: row["config_hash"] for place, row in rows(engine, hunt["hunt_id"]).items()}
    assert 20 <= len(kept) < 48
    alone = Engine(Workspace.open(tmp_path / "alone"))
    again = alone.start_hunt(HuntSettings.from_mapping(hunt["settings"]))
    assert alone.wait(TIMEOUT).state == "completed"
    here = {place: row["config_hash"] for place, row in rows(alone, again).items()}
    alone.close()
    assert any(here[place] != config_hash for place, config_hash in kept.items())
    engine.continue_hunt()
    status = engine.wait(TIMEOUT)
    assert (status.state, status.error, status.runs_done) == ("completed", "", 48)
    done = {place: row["config_hash"] for place, row in rows(engine, hunt["hunt_id"]).items()}
    assert {place: done[place] for place in kept} == kept
    engine.close()


def test_another_ask_than_the_ledgers_ends_it_with_the_two_ids(engine, monkeypatch):
    hunt_id = engine.start_hunt(settings())
    wait_for(lambda: engine.status().runs_done >= 5)
    engine.stop_hunt()
    engine.wait(TIMEOUT)
    before = rows(engine, hunt_id)
    monkeypatch.setattr("engine.hunt.strategies.genetic.MUTATION_STRENGTH", 0.5)
    engine.continue_hunt(hunt_id)
    status = engine.wait(TIMEOUT)
    assert status.state == "failed"
    assert "another version of the software" in status.error
    assert rows(engine, hunt_id) == before


def test_a_budget_of_runs_is_kept_exactly(engine):
    hunt_id = engine.start_hunt(settings(max_runs=6))
    status = engine.wait(TIMEOUT)
    assert (status.state, status.runs_done, status.runs_total) == ("completed", 6, 6)
    assert "budget of 6 runs" in status.last_event
    assert len(rows(engine, hunt_id)) == 6


def test_a_budget_of_time_ends_a_hunt_that_keeps_what_is_done(engine):
    hunt_id = engine.start_hunt(settings(num_generations=1000, max_hours=4 / 3600))
    status = engine.wait(TIMEOUT)
    assert status.state == "completed"
    assert "budget of 0.00111111 h is spent" in status.last_event
    assert len(rows(engine, hunt_id)) == status.runs_done < 4000


def test_a_hunt_that_goes_on_has_the_hours_that_are_left(engine):
    wanted = settings(num_generations=1000, max_hours=1.0)
    hunt_id = engine.start_hunt(wanted)
    wait_for(lambda: engine.status().runs_done >= 1)
    engine.stop_hunt()
    assert engine.wait(TIMEOUT).state == "stopped"
    assert 0 < engine.reader.seconds_spent(hunt_id) < 3600
    with sqlite3.connect(engine.workspace.ledger_path) as ledger:  # as if it had begun long ago
        ledger.execute("UPDATE events SET at = '2020-01-01T00:00:00.000+00:00' WHERE seq = 1")
    assert engine.reader.seconds_spent(hunt_id) > 3600
    engine.continue_hunt()
    status = engine.wait(TIMEOUT)
    assert (status.state, status.runs_done) == ("completed", len(rows(engine, hunt_id)))
    assert "budget of 1 h is spent" in status.last_event
    assert status.runs_done < 4000


def test_every_candidate_has_every_seed_of_its_generation(engine):
    hunt_id = engine.start_hunt(settings(num_generations=2, population_size=2, replicates=3))
    assert engine.wait(TIMEOUT).runs_done == 12
    seeds: dict = {}
    for place, row in sorted(rows(engine, hunt_id).items()):
        config = engine.reader.run(row["config_hash"])["config"]
        seeds.setdefault(place[0], {}).setdefault(place[1], []).append(config["seed"])
    assert seeds[1][0] == seeds[1][1]
    assert len({*seeds[1][0], *seeds[2][0]}) == 6


def test_a_batch_and_an_audit_that_take_too_long_are_their_runs_failures(engine):
    engine.start_hunt(settings(num_generations=1, T_steps=200_000, batch_limit_s=1.0))
    status = engine.wait(TIMEOUT)
    assert status.state == "completed"
    assert status.failures == {"timed_out": 4}
    row = engine.reader.runs()[0]
    assert "took more than 1 s" in row["error"]
    engine.start_hunt(settings(num_generations=1, audit_limit_s=0.5, null_draws=100_000))
    scored = 4 - engine.wait(TIMEOUT).failures.get("too_few_peaks", 0)
    assert engine.status().failures["timed_out"] == scored > 0
    errors = [row["error"] for row in engine.reader.runs() if row["status"] == "timed_out"]
    assert "its audit took more than 0.5 s" in errors
    # A failure of the machine is computed again when it is asked for.
    engine.start_hunt(settings(num_generations=1))
    assert "timed_out" not in engine.wait(TIMEOUT).failures


def test_a_stall_is_named_in_the_status_and_the_log_and_ends_with_progress(engine, monkeypatch):
    monkeypatch.setattr("engine.hunt.stall.LEAST", 1.0)
    monkeypatch.setattr("engine.hunt.stall.TIMES", 0.0)
    monkeypatch.setattr("engine.hunt.loop._TICK", 0.1)

    def slowly(configs, *args, **kwargs):
        if len(engine.reader.runs()) == 4:
            time.sleep(2.5)
        return compute_batch(configs, *args, **kwargs)

    monkeypatch.setattr("engine.hunt.batch.compute_batch", slowly)
    seen = []
    engine.bus.subscribe(lambda: seen.append(engine.status()))
    engine.start_hunt(settings(num_generations=2))
    status = engine.wait(TIMEOUT)
    assert (status.state, status.stalled) == ("completed", "")
    stalls = {status.stalled for status in seen} - {""}
    assert all("No progress for" in stall for stall in stalls)
    events = [e for e in engine.reader.events_after() if e.kind == "hunt_stalled"]
    assert len(events) >= len(stalls) >= 1
    assert all(event.payload["silent_s"] >= 1 for event in events)
    assert {event.payload["stage"] for event in events} <= {"simulating", "auditing"}
    assert "No progress for" in engine.workspace.hunt_log_path.read_text()


def test_a_stall_that_cannot_be_entered_ends_no_hunt(engine, monkeypatch, caplog):
    monkeypatch.setattr("engine.hunt.stall.LEAST", 0.1)
    monkeypatch.setattr("engine.hunt.stall.TIMES", 0.0)
    monkeypatch.setattr("engine.hunt.loop._TICK", 0.05)
    enter = Ledger.append_event

    def refuses(ledger, kind, *args, **kwargs):
        if kind == HUNT_STALLED:
            raise LedgerError("locked by another writer")
        return enter(ledger, kind, *args, **kwargs)

    monkeypatch.setattr(Ledger, "append_event", refuses)
    engine.start_hunt(settings(num_generations=1))
    status = engine.wait(TIMEOUT)
    assert (status.state, status.error) == ("completed", "")
    assert "its stall could not be entered: locked by another writer" in caplog.text


def test_an_objective_is_what_the_fitness_of_its_runs_is(engine):
    hunt_id = engine.start_hunt(settings(num_generations=1, objectives="stability"))
    engine.wait(TIMEOUT)
    scored = [row for row in rows(engine, hunt_id).values() if row["status"] == "ok"]
    assert scored
    for row in scored:
        assert 10 ** -row["fitness"] == pytest.approx(row["sdg_h_norm_l2"])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"strategy": "luck"}, "strategy: got 'luck', expected one of genetic"),
        ({"objectives": "fidelity,stability"}, "genetic seeks a single objective"),
    ],
)
def test_what_no_strategy_can_do_is_refused_before_anything_starts(engine, values, message):
    with pytest.raises(SettingsError, match=message):
        engine.start_hunt(settings(**values))
    assert engine.reader.hunts() == []

"""A run that was scored keeps its row and report, whatever becomes of its files afterwards."""

import dataclasses

import h5py
import pytest
from small_hunts import SMALL

from engine.errors import WorkspaceBusyError
from engine.hunt.command import run
from engine.hunt.engine import Engine
from engine.hunt.fitness import fitness
from engine.hunt.promote import promote
from engine.settings import HuntSettings, RunConfig
from engine.store.ledger import Ledger
from engine.store.lock import WorkspaceLock
from engine.store.reader import LedgerReader
from engine.store.run_row import RunRow
from engine.store.workspace import Workspace

TIMEOUT = 240
ONE = {**SMALL, "num_generations": 1, "objectives": "evidence"}


@pytest.fixture
def engine(tmp_path):
    engine = Engine(Workspace.open(tmp_path))
    yield engine
    engine.close()


def hunted(engine, **changes):
    hunt_id = engine.start_hunt(HuntSettings.from_mapping({**ONE, **changes}))
    status = engine.wait(TIMEOUT)
    assert status.state == "completed", status.error
    return hunt_id


def reports(engine):
    return {
        path.name: path.read_bytes() for path in engine.workspace.root.rglob("provenance_*.json")
    }


def told(engine, hunt_id):
    return {row["config_hash"]: row["fitness"] for row in engine.reader.runs(hunt_id)}


def as_entered(engine, hunt_id):
    """The fitness that the rows of a hunt's runs give."""
    found = {}
    for name in told(engine, hunt_id):
        columns = engine.reader.run(name)
        row = RunRow.from_columns(RunConfig.from_mapping(columns["config"]), columns)
        found[name] = fitness(row, "evidence")
    return found


def artifacts(engine):
    return sorted(engine.workspace.root.rglob("rho_history_*.h5"))


def test_a_lost_artifact_is_made_again_and_report_and_row_stay(engine):
    first = hunted(engine)
    kept, scores = reports(engine), told(engine, first)
    assert any(score is not None for score in scores.values())
    lost = artifacts(engine)
    bytes_of = [path.read_bytes() for path in lost]
    for path in lost:
        path.unlink()
    again = hunted(engine, null_draws=39)
    assert [path.read_bytes() for path in lost] == bytes_of
    assert reports(engine) == kept
    assert told(engine, again) == scores


def test_a_strategy_is_told_what_the_ledger_keeps_and_not_a_later_audit(engine):
    first = hunted(engine)
    for path in engine.workspace.root.rglob("provenance_*.json"):
        path.unlink()
    again = hunted(engine, null_draws=39)
    assert told(engine, again) == as_entered(engine, again) == told(engine, first)
    assert len(reports(engine)) == len(told(engine, first))


def test_a_failure_takes_no_report_s_place(engine):
    first = hunted(engine)
    kept, scores = reports(engine), told(engine, first)
    for path in artifacts(engine):
        with h5py.File(path, "r+") as file:
            file.attrs["note"] = "another artifact"
    again = hunted(engine, audit_limit_s=0.3, null_draws=100_000)
    assert reports(engine) == kept
    assert told(engine, again) == scores
    for path in artifacts(engine):
        path.unlink()
    third = hunted(engine, batch_limit_s=1e-3)
    assert reports(engine) == kept
    assert told(engine, third) == scores


def test_a_gradient_hunt_over_known_runs_audits_nothing_again(engine):
    changes = {"strategy": "gradient", "objectives": "stability"}
    first = hunted(engine, **changes)
    kept, scores = reports(engine), told(engine, first)
    again = hunted(engine, null_draws=39, **changes)
    assert reports(engine) == kept
    assert told(engine, again) == scores
    gradients = [engine.reader.generation(each, 1) for each in (first, again)]
    assert [row["gradient"] for row in gradients[0].values()] == [
        row["gradient"] for row in gradients[1].values()
    ]


def test_an_audit_that_breaks_leaves_the_report_of_a_run_that_stands(tmp_path, monkeypatch):
    config = {"N_grid": 32, "domain_length": 128.0, "T_steps": 60}
    name = run(config, str(tmp_path))["config_hash"]
    place = Workspace(tmp_path)
    report = place.provenance_path(name).read_bytes()
    with h5py.File(place.artifact_path(name), "r+") as file:
        file.attrs["note"] = "another artifact"

    def breaks(*_):
        raise RuntimeError("no memory")

    monkeypatch.setattr("engine.hunt.runs.audit_run", breaks)
    assert run(config, str(tmp_path))["status"] != "worker_failed"
    assert place.provenance_path(name).read_bytes() == report


def test_a_promotion_asked_again_leaves_a_hunt_alone(tmp_path):
    config = {"N_grid": 32, "domain_length": 32.0, "T_steps": 60}
    folder = str(tmp_path)
    name = run(config, folder)["config_hash"]
    before = promote(name, folder)
    place = Workspace(tmp_path)
    other = dataclasses.replace(RunConfig.from_mapping(config), seed=7)
    with WorkspaceLock(place.root).acquire("hunt"), Ledger(place.ledger_path) as ledger:
        hunt_id = ledger.create_hunt(HuntSettings())
        assert promote(name, folder) == before
        with pytest.raises(WorkspaceBusyError, match="held by process"):
            promote(name, folder, halve_dt=True)
        ledger.commit_run(hunt_id, 1, 0, RunRow(config=other, status="diverged"))
    assert len(LedgerReader(place.ledger_path).runs(hunt_id)) == 1

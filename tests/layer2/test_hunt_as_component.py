"""The hunt is a component like any other, but that it works on the workspace itself."""

import csv
import json
import uuid

import pytest

from engine.errors import ComponentError, SettingsError
from engine.layer2.discovery import find_component
from engine.layer2.limits import limits_for
from engine.layer2.orchestrator import analyze, output_paths
from engine.store.export import COLUMNS
from engine.store.lock import WorkspaceLock
from engine.store.provenance import read_provenance
from engine.store.reader import LedgerReader

SMALL = {"num_generations": 1, "population_size": 2}


@pytest.fixture
def core(place):
    return find_component(place, "hpc_core")


def test_it_has_the_contract_of_old(core):
    manifest = core.manifest
    assert manifest.name == "SNCGL-SDG HPC Core"
    assert manifest.inputs == ("job_uuid",)
    assert [(each.name, each.type) for each in manifest.outputs] == [
        ("final_ledger", "path:csv"),
        ("best_run_provenance", "path:json"),
    ]
    assert {each.name: each.default for each in manifest.tunables} == {
        "num_generations": 10,
        "population_size": 10,
    }


def test_a_job_is_a_hunt_of_the_workspace_once(core, place, run_id):
    job = str(uuid.uuid4())
    report, computed = analyze(place, core, job, SMALL, limits_for("job"))
    assert computed
    [hunt] = LedgerReader(place.ledger_path).hunts()
    assert hunt["state"] == "completed"
    assert f"job {job}: hunt {hunt['hunt_id']}, completed" in report["said"]
    paths = output_paths(place, report)
    with paths["final_ledger"].open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert tuple(rows[0]) == COLUMNS
    runs = [row["config_hash"] for row in LedgerReader(place.ledger_path).runs(hunt["hunt_id"])]
    assert [row["config_hash"] for row in rows] == runs
    assert run_id not in runs
    best = LedgerReader(place.ledger_path).best(hunt["hunt_id"])
    told = json.loads(paths["best_run_provenance"].read_text())
    if best is None:
        assert told["error"] == f"no run of hunt {hunt['hunt_id']} has a score"
    else:
        assert told == read_provenance(place.provenance_path(best["config_hash"]))
    assert analyze(place, core, job, SMALL, limits_for("job")) == (report, False)
    assert len(LedgerReader(place.ledger_path).hunts()) == 1


def test_a_workspace_that_is_busy_refuses_it_by_name(core, place):
    with (
        WorkspaceLock(place.root).acquire("hunt"),
        pytest.raises(ComponentError, match=r"exit code 2: irer: .*expected"),
    ):
        analyze(place, core, str(uuid.uuid4()), SMALL, limits_for("job"))
    assert LedgerReader(place.ledger_path).hunts() == []


def test_a_job_has_a_uuid(core, place, run_id):
    with pytest.raises(SettingsError, match="expected a UUID in small letters"):
        analyze(place, core, run_id, SMALL, limits_for("job"))

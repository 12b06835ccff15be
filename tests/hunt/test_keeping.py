"""A hunt that keeps its best, and a ledger that is rebuilt from what is left: nothing is lost."""

import pytest
from small_hunts import SMALL, rows

from engine.hunt.engine import Engine
from engine.hunt.restore import restore
from engine.settings import HuntSettings
from engine.store.places_file import places_path
from engine.store.rebuild import rebuild_ledger
from engine.store.workspace import Workspace


@pytest.fixture
def engine(tmp_path):
    engine = Engine(Workspace.open(tmp_path))
    yield engine
    engine.close()


def artifacts(engine):
    return {path.stem[12:] for path in engine.workspace.root.glob("simulation_data/*.h5")}


def test_only_the_best_keep_their_artifact_and_the_others_come_back(engine):
    settings = HuntSettings.from_mapping({**SMALL, "keep_best": 2})
    hunt_id = engine.start_hunt(settings)
    assert engine.wait(120).state == "completed"
    found = engine.reader.runs(hunt_id)
    scored = sorted((r for r in found if r["fitness"] is not None), key=lambda r: -r["fitness"])
    best = {row["config_hash"] for row in scored[:2]}
    assert artifacts(engine) == best
    assert {row["config_hash"] for row in found if row["evicted"] is None} == best
    gone = next(row for row in found if row["evicted"])
    assert restore(gone["config_hash"], str(engine.workspace.root))["restored"]
    assert gone["config_hash"] in artifacts(engine)


def test_a_rebuilt_ledger_and_a_resumed_hunt_are_as_before_at_no_device_time(engine):
    settings = HuntSettings.from_mapping({**SMALL, "keep_best": 2})
    hunt_id = engine.start_hunt(settings)
    assert engine.wait(120).state == "completed"
    before = rows(engine, hunt_id, ("hunt_id", "committed", "evicted"))
    kept = {path: path.stat().st_mtime_ns for path in engine.workspace.root.glob("*/*.h5")}
    found = rebuild_ledger(engine.workspace)
    unique = {row["config_hash"] for row in before.values()}
    assert (found.runs, found.hunts) == (len(unique), [hunt_id])
    without = ("hunt_id", "committed", "evicted")
    assert (rows(engine, hunt_id, without), found.without_places) == (before, [])
    places_path(engine.workspace, hunt_id).unlink()  # as of a hunt that was killed
    assert rebuild_ledger(engine.workspace).without_places == [hunt_id]
    assert rows(engine, hunt_id) == {}
    assert engine.continue_hunt(hunt_id) == hunt_id
    assert engine.wait(120).state == "completed"
    assert rows(engine, hunt_id, ("hunt_id", "committed", "evicted")) == before
    assert {p: p.stat().st_mtime_ns for p in engine.workspace.root.glob("*/*.h5")} == kept

"""Real hunts, promotions and replicates of a rebuilt ledger: what the files could keep is there."""

import pytest
from small_hunts import SMALL, rows

from engine.errors import SettingsError
from engine.hunt.engine import Engine
from engine.hunt.promote import promote
from engine.hunt.replicate import replicate
from engine.hunt.retention import evictable
from engine.settings import HuntSettings
from engine.store.rebuild import rebuild_ledger
from engine.store.workspace import Workspace


@pytest.fixture
def engine(tmp_path):
    engine = Engine(Workspace.open(tmp_path))
    yield engine
    engine.close()


def hunted(engine, **changes):
    hunt_id = engine.start_hunt(HuntSettings.from_mapping({**SMALL, **changes}))
    assert engine.wait(120).state == "completed"
    return hunt_id


@pytest.mark.parametrize("limit", [{"max_hours": 2 / 3600}, {"max_runs": 5}])
def test_a_hunt_that_its_budget_ended_comes_back_at_its_end(engine, limit):
    hunt_id = hunted(engine, **limit, num_generations=1000)
    before, was = rows(engine, hunt_id), engine.reader.latest_hunt()
    assert "budget" in was["reason"]
    engine.workspace.ledger_path.unlink()
    found = rebuild_ledger(engine.workspace)
    assert (found.hunts, found.without_places, found.damaged) == ([hunt_id], [], {})
    assert engine.reader.latest_hunt() == was
    assert rows(engine, hunt_id) == before
    with pytest.raises(SettingsError, match="was completed"):
        engine.continue_hunt(hunt_id)


def test_slopes_that_a_strategy_was_told_come_back(engine):
    """They are in no other file: without them all its runs would be computed again."""
    settings = {**SMALL, "strategy": "gradient", "objectives": "stability", "num_generations": 2}
    hunt_id = engine.start_hunt(HuntSettings.from_mapping(settings))
    assert engine.wait(240).state == "completed"
    held = engine.reader.generation(hunt_id, 1)
    assert any(row["gradient"] for row in held.values())
    rebuild_ledger(engine.workspace)
    after = engine.reader.generation(hunt_id, 1)
    assert {p: r["gradient"] for p, r in after.items()} == {
        place: row["gradient"] for place, row in held.items()
    }


def test_links_come_back_and_keep_their_runs(engine):
    hunt_id = hunted(engine, num_generations=1)
    names = [row["config_hash"] for row in engine.reader.runs(hunt_id)]
    root = str(engine.workspace.root)
    promoted = promote(names[0], root)["promoted"]["config_hash"]
    halved = promote(names[0], root, halve_dt=True)["promoted"]["config_hash"]
    replicates = [row["config_hash"] for row in replicate(names[1], root, 2)["replicates"]]

    def links():
        told = [link for name in names for link in engine.reader.links(name)]
        return {(each["config_hash"], each["relation"], each["origin"]) for each in told}

    before = links()
    assert before == {(each, "promotes", names[0]) for each in (promoted, halved)} | {
        (each, "replicates", names[1]) for each in replicates
    }
    engine.workspace.ledger_path.write_bytes(b"scrambled")
    found = rebuild_ledger(engine.workspace)
    assert (found.links, found.damaged) == (4, {})
    assert links() == before
    evicted = evictable(engine.reader.holdings(hunt_id), 1, 0)
    assert not {names[0], names[1]} & set(evicted)

import json
import shutil
import threading

import pytest

from engine.live.bus import Bus
from engine.live.logs import log_to
from engine.live.status import HuntStatus, StatusBoard
from engine.store.workspace import Workspace


@pytest.fixture
def workspace(tmp_path):
    return Workspace.open(tmp_path)


def test_a_change_rings_and_a_new_state_is_on_disk_at_once(workspace):
    bus, rings = Bus(), []
    bus.subscribe(lambda: rings.append(1))
    board = StatusBoard(workspace, bus)
    board.update(state="running", runs_total=5)
    assert json.loads(workspace.status_path.read_text())["runs_total"] == 5
    board.update(runs_done=1)
    assert len(rings) == 2
    assert board.snapshot().runs_done == 1
    assert board.snapshot().state == "running"


def test_the_time_of_a_state_is_that_of_its_beginning(workspace):
    board = StatusBoard(workspace, Bus())
    began = board.update(state="running").since
    later = board.update(runs_done=1, state="running")
    assert later.since == began
    assert later.heartbeat >= began


def test_a_new_hunt_starts_from_nothing(workspace):
    board = StatusBoard(workspace, Bus())
    board.update(state="failed", error="disk full", failures={"diverged": 3}, last_sse=0.5)
    assert board.reset(state="starting", hunt_id="x") == HuntStatus(
        state="starting", hunt_id="x", since=board.snapshot().since,
        heartbeat=board.snapshot().heartbeat,
    )  # fmt: skip


def test_a_turn_happens_from_the_named_states_only(workspace):
    board = StatusBoard(workspace, Bus())
    board.update(state="completed")
    assert not board.turn(("starting", "running"), state="stopping")
    assert board.snapshot().state == "completed"
    board.update(state="running")
    assert board.turn(("starting", "running"), state="stopping")
    assert board.snapshot().state == "stopping"


def test_the_mirror_ends_with_the_newest_state(workspace):
    board = StatusBoard(workspace, Bus())
    for _ in range(50):
        board.update(state="running")
        late = threading.Thread(
            target=board.turn, args=(("running",),), kwargs={"state": "stopping"}
        )
        late.start()
        board.update(state="stopped")
        late.join()
        assert json.loads(workspace.status_path.read_text())["state"] == board.snapshot().state


def test_a_mirror_that_cannot_be_written_costs_no_news(workspace, caplog):
    bus, rings = Bus(), []
    bus.subscribe(lambda: rings.append(1))
    board = StatusBoard(workspace, bus)
    shutil.rmtree(workspace.root)
    board.update(state="running")
    assert rings
    assert board.snapshot().state == "running"
    assert "status.json was not written" in caplog.text


def test_logs_go_to_their_files_and_are_let_go(workspace):
    import logging

    undo = log_to(workspace)
    logging.getLogger("engine.hunt.loop").warning("from the hunt")
    logging.getLogger("engine.live").warning("from elsewhere")
    undo()
    logging.getLogger("engine.hunt.loop").warning("after the end")
    hub, hunt = workspace.hub_log_path.read_text(), workspace.hunt_log_path.read_text()
    assert "from the hunt" in hub
    assert "from elsewhere" in hub
    assert "from the hunt" in hunt
    assert "from elsewhere" not in hunt
    assert "after the end" not in hub + hunt

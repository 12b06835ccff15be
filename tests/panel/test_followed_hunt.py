"""A hunt of another process, followed through Redis and the shared workspace, and only followed."""

import json
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from redis_process import RedisProcess

from engine.cli import BAD_INPUT, main
from engine.errors import HuntBusyError
from engine.hunt.engine import Engine
from engine.live.condition import URL_VARIABLE, LinkState
from engine.live.status import HuntStatus
from engine.live.stream import event_of, key_of
from engine.settings import HuntSettings
from engine.store.workspace import Workspace
from irer_panel.snapshot import Snapshot, look
from irer_panel.states import link_words, notice, start_refusal, state_word
from irer_panel.views.live import Sight, live_html

pytestmark = pytest.mark.redis

HUNT = ["--num-generations", "200", "--population-size", "4", "--set=N_grid=32"]
HUNT += ["--set=domain_length=128", "--set=T_steps=60", "--set=null_draws=19"]


def wait_for(wanted, seconds=60.0):
    until = time.monotonic() + seconds
    while not wanted():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.02)


@pytest.fixture
def server(tmp_path):
    folder = tmp_path / "redis"
    folder.mkdir()
    server = RedisProcess(folder)
    yield server.start()
    server.kill()


@pytest.fixture
def workspace(tmp_path, monkeypatch, server):
    monkeypatch.setenv(URL_VARIABLE, server.url)
    return Workspace.open(tmp_path / "workspace")


@pytest.fixture
def start_hunt(workspace):
    """A real `irer hunt` in a process of its own; it is ended in the end."""
    started = []

    def start():
        command = [sys.executable, "-m", "engine.cli", "hunt", "--workspace", workspace.root]
        process = subprocess.Popen([*command, *HUNT], stdout=subprocess.DEVNULL)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def written(workspace):
    """When each file was written; SQLite marks its readers in a file of its own."""
    files = [path for path in workspace.root.rglob("*") if path.is_file()]
    return {path: path.stat().st_mtime_ns for path in files if not path.name.endswith("-shm")}


def test_a_dashboard_elsewhere_shows_a_hunt_live_and_lets_it_be(server, workspace, start_hunt):
    engine = Engine(Workspace.existing(workspace.root), follows=True)
    rings = []
    engine.bus.subscribe(lambda: rings.append(time.time()))
    wait_for(lambda: engine.link().up)
    hunter = start_hunt()
    seen = [look(engine, Snapshot())]

    def shows(wanted):
        seen.append(look(engine, seen[-1]))
        return wanted(seen[-1])

    wait_for(lambda: shows(lambda s: s.shown.runs_done >= 3))
    shown = seen[-1].shown
    assert (shown.state, shown.runs_total) == ("running", 800)
    assert shown.rate > 0, "the ledger alone does not know it"
    assert shown.stage
    assert shown.device
    assert len(rings) >= 3, "rung from the other process"
    assert len(seen[-1].runs) >= 3
    assert state_word(seen[-1]).word == "Running elsewhere"
    assert seen[-1].elsewhere in notice(seen[-1])[1]
    assert "only follows" in start_refusal(seen[-1])
    with pytest.raises(HuntBusyError, match="serve without --follow"):
        engine.start_hunt(HuntSettings())
    assert not engine.pause_hunt()
    assert not engine.stop_hunt()
    hunter.terminate()
    hunter.wait(60)
    wait_for(lambda: shows(lambda s: s.shown.state == "stopped"))
    events = engine.reader.events_after(limit=10_000)
    assert events[-1].kind == "hunt_stopped"
    with server.client as client:
        entries = client.xrange(key_of(engine.reader.identity()))
    assert [event_of(*entry) for entry in entries] == events, "told to the last before its end"
    before = written(workspace)
    look(engine, Snapshot())
    engine.close()
    assert written(workspace) == before


def test_a_hunt_goes_on_without_redis_and_its_events_follow(server, workspace, start_hunt):
    server.kill()
    hunter = start_hunt()
    engine = Engine(Workspace.existing(workspace.root), follows=True)
    wait_for(lambda: len(engine.reader.runs()) >= 2)
    assert not engine.link().up
    assert "not connected" in link_words(look(engine, Snapshot()))
    server.start()
    wait_for(lambda: engine.link().up)

    def published():
        with server.client as client:
            return client.xlen(key_of(engine.reader.identity()))

    wait_for(lambda: published() > 2)
    hunter.terminate()
    hunter.wait(60)
    assert published() == engine.reader.last_seq()
    engine.close()


def test_a_paused_and_a_stalled_hunt_elsewhere_are_called_so():
    for changes, word in (
        ({"state": "paused"}, "Paused"),
        ({"stalled": "No progress."}, "Stalled"),
    ):
        status = HuntStatus(**{"state": "running", "hunt_id": "x", **changes})
        snapshot = Snapshot(shown=status, elsewhere="process 7 on there (hunt)")
        assert state_word(snapshot).word == f"{word} elsewhere"
        assert status.stalled in notice(snapshot)[1]
        assert "Pause and stop it there" in start_refusal(snapshot)


def test_a_link_is_told_in_words():
    up = LinkState("there:6379/0", True, 1000.0, "", 1234)
    assert link_words(Snapshot(taken=1060.0)) == ""
    words = link_words(Snapshot(link=up, taken=1060.0))
    assert words == "there:6379/0: connected for 1 min 0 s, 1,234 events published"
    newer = replace(up, skipped=3)
    assert "3 events of a newer irer left out" in link_words(Snapshot(link=newer, taken=1060.0))
    down = LinkState("there:6379/0", False, 1000.0, "ConnectionError: refused")
    assert link_words(Snapshot(link=down, taken=1030.0)).endswith("ConnectionError: refused")


def test_the_live_tab_has_a_line_for_a_link_and_none_without():
    link = LinkState("there:6379/0", True, 1000.0, "", 12)
    assert "12 events published" in live_html(Snapshot(link=link, taken=1060.0), Sight(), 1060.0)
    assert "Redis" not in live_html(Snapshot(), Sight(), 1060.0)


def test_to_follow_what_is_not_there_is_bad_input(tmp_path, capsys):
    nowhere = tmp_path / "nowhere"
    assert main(["serve", "--follow", "--port", "0", "--workspace", str(nowhere)]) == BAD_INPUT
    assert "no workspace, expected one in which another process hunts" in capsys.readouterr().err
    assert not nowhere.exists()


def test_a_url_that_is_none_is_bad_input_before_anything_starts(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv(URL_VARIABLE, "http://:hunter2@example.org")
    assert main(["hunt", "--workspace", str(tmp_path / "w"), *HUNT]) == BAD_INPUT
    said = capsys.readouterr().err
    assert URL_VARIABLE in said
    assert "hunter2" not in said


def test_status_json_of_an_earlier_hunt_is_not_taken_for_this_ones(tmp_path):
    place = Workspace.open(tmp_path)
    place.status_path.write_text(json.dumps(HuntStatus(state="running", hunt_id="old").to_dict()))
    engine = Engine(place)
    assert look(engine, Snapshot()).shown.state == "idle"
    engine.close()

"""A session sees what the engine does, off the loop, and leaves nothing behind."""

import asyncio
import threading
import time
from dataclasses import replace

import pytest

from engine.hunt.engine import Engine
from engine.settings import HuntSettings
from engine.store.lock import WorkspaceLock
from engine.store.workspace import Workspace
from irer_panel import app
from irer_panel.app import Cockpit, create_view
from irer_panel.background import KernelLoop
from irer_panel.rate import Allowance
from irer_panel.selection import Selection
from irer_panel.session import LONGEST, PERIOD, SHARE, Session, Turns
from irer_panel.snapshot import Snapshot, look
from irer_panel.states import notice, start_refusal, state_word
from irer_panel.views.tiles import tiles
from irer_panel.wording import NONE

# Panel's table, on pandas 3.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame")

SMALL = HuntSettings.from_mapping(
    {
        "num_generations": 2,
        "population_size": 2,
        "N_grid": 32,
        "domain_length": 256.0,
        "T_steps": 40,
        "null_draws": 19,
        "history_frames": 1,
    }
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """An engine whose hunt is over, and the sessions' snapshots of it while it ran."""
    engine = Engine(Workspace.open(tmp_path_factory.mktemp("hunted")))

    async def watch():
        session = Session(engine, KernelLoop())
        seen = []
        times = []

        def note(event):
            seen.append(event.new)
            times.append(time.monotonic())

        session.param.watch(note, "snapshot")
        session.open()
        assert engine.bus.listeners == 1
        await asyncio.get_running_loop().run_in_executor(None, engine.start_hunt, SMALL)
        async with asyncio.timeout(120):
            while not seen or seen[-1].status.state != "completed" or len(seen[-1].runs) < 4:
                await asyncio.sleep(0.05)
        session.close()
        session.close()
        return seen, times

    seen, times = asyncio.run(watch())
    yield engine, seen, times
    engine.close()


def settled(engine, *, until=lambda cockpit: True):
    """A cockpit in a running loop, once `until` holds; what it was is returned closed."""

    async def run():
        cockpit = create_view(engine)
        async with asyncio.timeout(60):
            while cockpit.deck is None or "Runs" not in cockpit.deck.views or not until(cockpit):
                await asyncio.sleep(0.02)
        cockpit.close()
        return cockpit

    return asyncio.run(run())


def test_a_session_follows_the_hunt_to_its_end(finished):
    engine, seen, _ = finished
    assert seen[-1].status == engine.status()
    assert seen[-1].runs == engine.reader.runs(seen[-1].status.hunt_id, order="-")
    done = [snapshot.status.runs_done for snapshot in seen]
    assert done == sorted(done)
    assert done[-1] == 4


def test_looks_are_at_most_eight_a_second(finished):
    _, seen, times = finished
    assert len(seen) <= (times[-1] - times[0]) / PERIOD + 2


def test_sessions_take_turns_to_draw_what_costs_much():
    turns = Turns()
    waits = [turns.wait() for _ in range(10)]
    assert waits[0] == 0
    assert waits == pytest.approx([PERIOD * i for i in range(10)], abs=PERIOD / 2)


def test_turns_that_cost_the_loop_much_are_further_apart_and_come_closer_again():
    turns, spent = Turns(), 0.0

    def apart(cost, count=20):
        nonlocal spent
        for _ in range(count):
            turns.take(spent := spent + cost)
        return -turns.wait() + turns.wait()

    assert apart(0.001) == pytest.approx(PERIOD, abs=0.02)
    assert apart(0.1) == pytest.approx(SHARE * 0.1, abs=0.02)
    assert apart(5.0) == pytest.approx(LONGEST, abs=0.02)
    assert apart(0.001) == pytest.approx(PERIOD, abs=0.02)


def test_large_views_end_with_the_newest_look(finished):
    engine, *_ = finished

    async def run():
        sessions = [Session(engine, KernelLoop()) for _ in range(8)]
        paced = [[] for _ in sessions]
        for session, looks in zip(sessions, paced, strict=True):
            session.param.watch(lambda event, looks=looks: looks.append(event.new), "paced")
            session.open()
        await asyncio.sleep(0.5)
        counts = [len(looks) for looks in paced]
        for _ in range(20):
            engine.bus.ring()
            await asyncio.sleep(0.05)
        rung = [len(looks) - before for looks, before in zip(paced, counts, strict=True)]
        assert max(rung) <= 4, "eight a second, in turns of eight sessions"
        async with asyncio.timeout(20):
            while any(session.paced is not session.snapshot for session in sessions):
                await asyncio.sleep(0.05)
        for session in sessions:
            session.close()

    asyncio.run(run())


def test_what_a_user_does_waits_for_no_turn(finished, monkeypatch):
    engine, *_ = finished
    monkeypatch.setattr("irer_panel.session.turns", Turns())
    waits, locked = [], []

    class Clock:
        later = staticmethod(lambda seconds, call: waits.append(call))
        soon = staticmethod(locked.append)

    session = Session(engine, Clock())
    first, more, asked = (replace(session.snapshot, sequence=i) for i in range(3))
    session._show(first)
    session._show(more)
    assert session.paced not in (first, more)
    asked = replace(asked, chosen={"config_hash": "a" * 40})
    session._show(asked)
    assert session.paced is asked
    session._show(last := replace(asked, sequence=3))
    assert session.paced is asked
    [turn] = waits
    turn()
    assert session.paced is asked  # models change under their page's lock alone
    [pace] = locked
    pace()
    assert session.paced is last
    session.close()


def test_a_closed_session_listens_no_more(finished):
    engine, *_ = finished
    assert engine.bus.listeners == 0


def test_what_did_not_change_is_not_read_again(finished):
    engine, seen, _ = finished
    again = look(engine, seen[-1])
    assert again.runs is seen[-1].runs
    assert again.best is seen[-1].best


def test_a_new_server_remembers_the_last_hunt_from_the_ledger(finished):
    engine, seen, _ = finished
    other = Engine(engine.workspace)
    try:
        shown = look(other, Snapshot()).shown
    finally:
        other.close()
    was = seen[-1].status
    assert other.status().hunt_id == ""
    assert (shown.state, shown.hunt_id, shown.runs_done) == ("completed", was.hunt_id, 4)
    assert shown.failures == was.failures
    assert shown.last_sse == was.last_sse
    assert shown.last_h_norm == was.last_h_norm
    assert (shown.best is None) == (was.best is None)
    if was.best:
        assert shown.best["config_hash"] == was.best["config_hash"]
        assert shown.best["config"]["N_grid"] == 32


def test_an_empty_workspace_is_idle_and_says_what_to_do(tmp_path):
    engine = Engine(Workspace.open(tmp_path))
    snapshot = look(engine, Snapshot())
    engine.close()
    assert state_word(snapshot).word == "Idle"
    assert notice(snapshot) == ("", "")
    assert start_refusal(snapshot) == ""
    assert snapshot.newest == ""
    values = {tile.key: tile.value for tile in tiles(snapshot)}
    assert values.pop("status") == "Idle"
    assert set(values.values()) == {NONE}


def test_start_is_refused_while_somebody_else_hunts_and_names_them(tmp_path):
    engine = Engine(Workspace.open(tmp_path))
    lock = WorkspaceLock(tmp_path).acquire("hunt")
    try:
        snapshot = look(engine, Snapshot())
    finally:
        lock.release()
    assert state_word(snapshot).word == "Running elsewhere"
    assert "Another process hunts in this workspace: process" in start_refusal(snapshot)
    after = look(engine, snapshot)
    engine.close()
    assert start_refusal(after) == ""


def test_a_ledger_that_is_none_is_named_not_raised(tmp_path):
    workspace = Workspace.open(tmp_path)
    engine = Engine(workspace)
    workspace.ledger_path.write_text("not a database, and long enough to be taken for one" * 40)
    severity, text = notice(look(engine, Snapshot()))
    engine.close()
    assert severity == "error"
    assert "simulation_ledger.sqlite" in text


def test_a_cockpit_shows_the_newest_run_and_frees_all_on_close(finished):
    engine, seen, _ = finished
    threads = threading.active_count()
    newest = seen[-1].newest

    def shows(cockpit):
        return cockpit.fields.pair.fields is not None and cockpit.fields.pair.fields.run == newest

    cockpit = settled(engine, until=shows)
    assert cockpit.selection.run == newest
    assert cockpit.fields.pair.fields is None
    assert engine.bus.listeners == 0
    assert not cockpit.selection.param.watchers.get("run", {}).get("value")
    assert threading.active_count() <= threads + 5  # the process's readers and painter


def test_a_picked_run_stays_when_another_lands_and_follow_catches_up():
    selection = Selection()
    selection.land("a" * 40)
    assert selection.run == "a" * 40
    selection.pick("b" * 40)
    selection.land("c" * 40)
    assert (selection.run, selection.follow) == ("b" * 40, False)
    selection.follow = True
    assert selection.run == "c" * 40


def test_a_row_of_the_list_picks_its_run(finished):
    engine, *_ = finished
    picked = []

    def clicked(cockpit):
        table = cockpit.deck.views["Runs"].runs._table
        if not picked and len(cockpit.session.snapshot.runs) == 4 and table.selection == [0]:
            picked.append(table.value["config_hash"].iloc[2])
            cockpit.deck.views["Runs"].runs._clicked(
                type("Click", (), {"row": 2, "column": "config_hash"})
            )
        return picked and table.selection == [2]

    assert settled(engine, until=clicked).selection.run == picked[0]


def test_starts_from_pages_are_counted(finished, monkeypatch):
    engine, *_ = finished
    told, started = [], []
    monkeypatch.setattr(app, "notify", told.append)
    monkeypatch.setattr(app, "_starts", Allowance(3, 0.01))
    monkeypatch.setattr(Cockpit, "_begin", lambda cockpit, hunt: started.append(hunt))

    async def run():
        for _ in range(2):  # another page has no starts of its own
            cockpit = Cockpit(engine)
            for _ in range(2):
                cockpit.start()
            cockpit.close()
        while len(started) < 3:
            await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(run(), 30))
    assert len(started) == 3
    assert told == ["start: got too many in a short time, expected one a second; wait 100 s."]


def test_stop_and_a_second_start_reach_the_engine_and_their_refusals_the_page(finished):
    engine, *_ = finished

    async def run():
        cockpit = Cockpit(engine)
        cockpit.controls.enter("N_grid", "65536")
        told = asyncio.get_running_loop().create_future()
        cockpit.loop = type("Ears", (), {"soon": lambda _, call: told_by(told, call)})()
        cockpit.start()
        call = await asyncio.wait_for(told, 30)
        cockpit.close()
        return str(call.args[0])

    def told_by(told, call):
        told.get_loop().call_soon_threadsafe(told.set_result, call)

    assert "65536" in asyncio.run(run())

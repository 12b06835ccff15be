"""What all sessions ask is worked out once; a look sees the newest runs and the chosen one."""

import asyncio
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hunt_samples import SETTINGS, fill_hunt

from engine.errors import LedgerError
from engine.hunt.engine import Engine
from engine.settings import RunConfig
from engine.store.ledger import Ledger
from engine.store.reader import LedgerReader
from engine.store.run_row import RunRow
from engine.store.workspace import Workspace
from irer_panel import snapshot as module
from irer_panel.background import KernelLoop
from irer_panel.feed import read
from irer_panel.session import Session
from irer_panel.shared import shared, shared_since
from irer_panel.snapshot import NEWEST, Snapshot, look
from irer_panel.views.run_heading import heading_html


@pytest.fixture
def reader():
    return LedgerReader(Path("none.sqlite"))


def test_those_who_ask_at_once_get_one_answer(reader):
    begun, go, made, got = threading.Event(), threading.Event(), [], []

    def work():
        begun.set()
        assert go.wait(20)
        made.append(object())
        return made[-1]

    askers = [
        threading.Thread(target=lambda: got.append(shared(reader, "runs", 1, work)))
        for _ in range(4)
    ]
    for asker in askers:
        asker.start()
    assert begun.wait(20)
    go.set()
    for asker in askers:
        asker.join(20)
    assert got == made * 4
    assert shared(reader, "runs", 2, lambda: "newer") == "newer"
    assert shared(reader, "best", 2, lambda: "of another question") == "of another question"
    assert shared(LedgerReader(Path("none.sqlite")), "runs", 2, lambda: "another's") == "another's"


def test_a_failure_is_not_kept(reader):
    with pytest.raises(LedgerError):
        shared(reader, "runs", 1, lambda: (_ for _ in ()).throw(LedgerError("locked")))
    assert shared(reader, "runs", 1, lambda: "there") == "there"


def test_an_answer_is_not_older_than_the_question(reader):
    begun, go, made, late = threading.Event(), threading.Event(), [], []

    def work():
        made.append(object())
        begun.set()
        assert go.wait(20)
        return made[-1]

    asked = time.monotonic()
    first = threading.Thread(target=shared_since, args=(reader, "moment", asked, work))
    first.start()
    assert begun.wait(20)
    # What is asked for while the answer is worked out may concern what has happened meanwhile.
    now = time.monotonic()
    second = threading.Thread(target=lambda: late.append(shared_since(reader, "moment", now, work)))
    second.start()
    go.set()
    first.join(20)
    second.join(20)
    assert len(made) == 2
    assert late == [made[1]]
    assert shared_since(reader, "moment", asked, work) is made[1]
    assert shared_since(reader, "moment", now, work) is made[1]
    assert len(made) == 2


@pytest.fixture(scope="module")
def long_hunt(tmp_path_factory):
    """A hunt of more runs than a look sees, after another one; the first hunt's first run."""
    workspace = Workspace.open(tmp_path_factory.mktemp("long"))
    fill_hunt(workspace, replace(SETTINGS, search="epsilon=0.02:0.5:log"), generations=1, seed=3)
    earlier = LedgerReader(workspace.ledger_path).runs()[0]["config_hash"]
    fill_hunt(workspace, replace(SETTINGS, num_generations=15))
    engine = Engine(workspace)
    yield engine, earlier
    engine.close()


def test_a_look_sees_the_newest_runs_and_the_chosen_one_as_the_list_does(long_hunt):
    engine, _ = long_hunt
    rows = engine.reader.runs(engine.reader.latest_hunt()["hunt_id"], order="-")
    assert len(rows) == 120
    first = look(engine, Snapshot())
    oldest = rows[-1]["config_hash"]
    assert first.runs == rows[:NEWEST]
    assert first.run(oldest) is None
    then = look(engine, first, oldest)
    assert then.runs is first.runs
    assert then.run(oldest) == rows[-1]
    assert look(engine, then, oldest).chosen is then.chosen
    again = look(engine, then, rows[-2]["config_hash"])
    assert again.run(oldest) is None
    assert again.run(rows[-2]["config_hash"]) == rows[-2]


def test_a_chosen_run_of_an_earlier_hunt_or_of_none_is_not_of_this_one(long_hunt):
    engine, earlier = long_hunt
    for run in (earlier, "0" * 40):
        seen = look(engine, Snapshot(), run)
        assert seen.run(run) is None
        assert "of an earlier hunt" in heading_html(run, seen.run(run))


def test_ten_sessions_and_their_figures_read_a_hunt_once(long_hunt, monkeypatch):
    engine, _ = long_hunt
    other = Engine(engine.workspace)
    reads = []
    plain = module._read_hunt
    monkeypatch.setattr(module, "_read_hunt", lambda *a: (reads.append(a), plain(*a))[1])
    looks = [look(other, Snapshot()) for _ in range(10)]
    assert len(reads) == 1
    assert all(each.runs is looks[0].runs for each in looks)
    hunt = looks[0].shown.hunt_id
    tables = [read(other.reader, hunt, looks[0].sequence).table for _ in range(10)]
    assert all(table is tables[0] for table in tables)
    assert read(other.reader, hunt, looks[0].sequence + 1).table is not tables[0]
    other.close()


def count_moments(monkeypatch):
    """The reads of status and ledger that are made from now on."""
    made, plain = [], module._moment
    monkeypatch.setattr(module, "_moment", lambda engine: (made.append(engine), plain(engine))[1])
    return made


def test_a_look_sees_what_was_committed_before_it_was_asked_for(tmp_path, monkeypatch):
    workspace = Workspace.open(tmp_path)
    hunt = fill_hunt(workspace, generations=1)
    engine = Engine(workspace)
    reads = count_moments(monkeypatch)
    asked = time.monotonic()
    first = look(engine, Snapshot(), since=asked)
    with Ledger(workspace.ledger_path) as ledger:
        ledger.commit_run(hunt, 2, 0, RunRow(config=RunConfig(seed=7), status="diverged"))
    after = time.monotonic()
    for before in (Snapshot(), first):
        assert look(engine, before, since=asked).sequence == first.sequence
    assert len(reads) == 1
    looks = [look(engine, before, since=after) for before in (first, Snapshot(), first)]
    assert {each.sequence for each in looks} == {first.sequence + 1}
    assert {each.runs[0]["status"] for each in looks} == {"diverged"}
    assert len(reads) == 2
    assert look(engine, first).sequence == first.sequence + 1
    assert len(reads) == 3, "a look without a time is one of now"
    engine.close()


def test_ten_sessions_that_hear_one_ring_read_once(long_hunt, monkeypatch):
    engine, _ = long_hunt
    other = Engine(engine.workspace)

    async def run():
        sessions = [Session(other, KernelLoop()) for _ in range(10)]
        for session in sessions:
            session.open()
        async with asyncio.timeout(60):
            while not all(session.snapshot.runs for session in sessions):
                await asyncio.sleep(0.01)
            reads = count_moments(monkeypatch)
            before = [session.snapshot for session in sessions]
            other.bus.ring()  # in the loop's thread: none looks before all have heard it
            while any(s.snapshot is old for s, old in zip(sessions, before, strict=True)):
                await asyncio.sleep(0.001)
        for session in sessions:
            session.close()
        return len(reads)

    # A pulse of some of them may fall between.
    assert asyncio.run(run()) < 5
    other.close()


def test_without_a_kept_field_among_the_newest_the_best_run_is_looked_at():
    gone = {"config_hash": "a" * 40, "artifact_sha256": "0", "evicted": "2026-11-20"}
    best = {"config_hash": "b" * 40, "artifact_sha256": "0", "evicted": None}
    assert Snapshot(runs=[gone], best=best).newest == "b" * 40
    assert Snapshot(runs=[gone], best={**best, "evicted": "2026-11-20"}).newest == ""


def test_a_session_shows_an_old_run_that_is_picked(long_hunt):
    engine, _ = long_hunt
    oldest = engine.reader.runs(engine.reader.latest_hunt()["hunt_id"])[0]

    async def run():
        session = Session(engine, KernelLoop())
        session.open()
        async with asyncio.timeout(30):
            while not session.snapshot.runs:
                await asyncio.sleep(0.01)
            assert session.snapshot.run(oldest["config_hash"]) is None
            session.choose(oldest["config_hash"])
            while session.snapshot.run(oldest["config_hash"]) is None:
                await asyncio.sleep(0.01)
        session.close()
        return session.snapshot.run(oldest["config_hash"])

    assert asyncio.run(run()) == oldest

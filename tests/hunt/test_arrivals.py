"""Reports that others put into the workspace are announced: complete, each once, none left out."""

import hashlib
import json
import os
import resource
import shutil
import threading
import time

import pytest
from small_hunts import SMALL

from engine.hunt.command import run
from engine.hunt.engine import Engine
from engine.hunt.logbook import Logbook
from engine.hunt.runs import failed_provenance
from engine.live import arrivals
from engine.settings import HuntSettings, RunConfig
from engine.store.ledger import Ledger
from engine.store.lock import WorkspaceLock
from engine.store.provenance import write_provenance
from engine.store.reader import LedgerReader
from engine.store.run_row import RunRow
from engine.store.workspace import Workspace


def wait_for(wanted, seconds=60.0):
    until = time.monotonic() + seconds
    while not wanted():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.05)


@pytest.fixture
def workspace(tmp_path):
    return Workspace.open(tmp_path / "workspace")


@pytest.fixture
def start(workspace, monkeypatch):
    monkeypatch.setattr(arrivals, "PERIOD", 0.3)
    monkeypatch.setattr(arrivals, "SHARE", 1)
    started = []

    def make():
        started.append(Engine(workspace))
        return started[-1]

    yield make
    for engine in started:
        engine.close()


def found(engine):
    events = engine.reader.events_after(limit=100_000)
    return [(e.config_hash, e.payload["status"]) for e in events if e.kind == "report_found"]


def put(workspace, seed, status="diverged"):
    """What another machine's hunt left: a report on a run."""
    config = RunConfig(seed=seed)
    provenance = failed_provenance(config, status, "it says")
    write_provenance(workspace.provenance_path(config.config_hash), provenance)
    return config.config_hash


def passes(engine, count=2):
    """Wait until the folder was looked through so many times more."""
    watch = engine._arrivals
    for _ in range(count):
        due = watch._due
        wait_for(lambda due=due: watch._due != due)


def deafen(engine):
    """No more notices of the kernel: as on a shared folder into which another machine writes."""
    engine._arrivals._observer.stop()
    engine._arrivals._observer.join()


def test_a_report_that_others_put_there_is_announced_once_and_its_run_is_not_entered(
    workspace, start
):
    before = put(workspace, 1)
    engine = start()
    after = put(workspace, 2, "timed_out")
    wait_for(lambda: len(found(engine)) == 2)
    assert sorted(found(engine)) == sorted([(before, "diverged"), (after, "timed_out")])
    put(workspace, 2, "diverged")  # audited again: it was announced
    passes(engine)
    engine.close()
    again = start()
    passes(again)
    assert len(found(again)) == 2
    assert again.reader.runs() == []


@pytest.mark.parametrize("notices", [True, False], ids=["noticed", "unnoticed"])
def test_a_report_is_announced_when_it_is_complete_and_one_that_never_is_is_said_once(
    workspace, start, caplog, monkeypatch, notices
):
    monkeypatch.setattr(arrivals, "_GRAIN", 0)
    engine = start()
    if not notices:
        deafen(engine)
    config = RunConfig(seed=3)
    text = json.dumps(failed_provenance(config, "diverged", "x"))
    path = workspace.provenance_path(config.config_hash)
    path.write_text(text[:200])
    foreign = workspace.provenance_path("f" * 40)
    foreign.write_text(text)
    odd = workspace.provenance_path("e" * 40)
    odd.write_text(json.dumps({"config_hash": "e" * 40, "status": "splendid"}))
    passes(engine, 3)
    assert found(engine) == []
    with path.open("a") as stream:  # in place: the folder itself does not change
        stream.write(text[200:])
    wait_for(lambda: found(engine) == [(config.config_hash, "diverged")])
    passes(engine, 2)
    told = [r.getMessage() for r in caplog.records if "A report was left out" in r.getMessage()]
    assert 1 <= len(told) <= 3
    odd.unlink()
    foreign.unlink()
    passes(engine)
    assert len(found(engine)) == 1


def starved(real):
    """Read a report without a descriptor to open it by, as on a server that is full."""

    def read(path):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
        try:
            return real(path)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    return read


@pytest.mark.parametrize("notices", [True, False], ids=["noticed", "unnoticed"])
def test_a_report_that_could_not_be_read_for_a_while_is_announced_then(
    workspace, start, caplog, monkeypatch, notices
):
    monkeypatch.setattr(arrivals, "_GRAIN", 0)
    monkeypatch.setattr(arrivals, "read_provenance", starved(arrivals.read_provenance))
    engine = start()
    if not notices:
        deafen(engine)
    name = put(workspace, 9)
    wait_for(lambda: "A report was left out" in caplog.text)
    passes(engine, 2)
    assert caplog.text.count("Too many open files") == 1
    assert found(engine) == []
    monkeypatch.undo()
    monkeypatch.setattr(arrivals, "PERIOD", 0.3)
    wait_for(lambda: found(engine) == [(name, "diverged")])


def test_a_report_that_cannot_be_looked_at_holds_up_no_other(workspace, start):
    loop = workspace.provenance_path("0" * 40)
    loop.symlink_to(loop)
    engine = start()
    name = put(workspace, 10)
    wait_for(lambda: found(engine) == [(name, "diverged")])


def test_a_report_whose_repair_shows_in_nothing_but_its_change_is_read_again(
    workspace, start, monkeypatch
):
    monkeypatch.setattr(arrivals, "_GRAIN", 0)
    engine = start()
    config = RunConfig(seed=11)
    text = json.dumps(failed_provenance(config, "diverged", "x"))
    path = workspace.provenance_path(config.config_hash)
    path.write_text("?" + text[1:])
    before = path.stat()
    passes(engine, 2)
    with path.open("r+") as stream:
        stream.write(text)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    wait_for(lambda: found(engine) == [(config.config_hash, "diverged")])


def burst(workspace, count):
    """As fast as a shared disk brings them: the kernel's notices overflow."""
    names = [hashlib.sha1(str(i).encode()).hexdigest() for i in range(count)]
    for name in names:
        text = json.dumps({"config_hash": name, "status": "ok"}).encode()
        file = os.open(workspace.provenance_path(name), os.O_WRONLY | os.O_CREAT, 0o644)
        os.write(file, text)
        os.close(file)
    return names


def test_a_burst_is_announced_whole_and_each_once(workspace, start):
    engine = start()
    names = burst(workspace, 20_000)
    wait_for(lambda: len(found(engine)) >= 20_000, 90)
    passes(engine)
    assert sorted(found(engine)) == sorted((name, "ok") for name in names)


def test_without_a_notice_of_the_kernel_it_is_found_all_the_same(workspace, start):
    engine = start()
    deafen(engine)
    name = put(workspace, 4)
    wait_for(lambda: found(engine) == [(name, "diverged")])


def test_a_hunts_own_reports_are_no_arrivals_and_others_are_announced_beside_it(workspace, start):
    engine = start()
    engine.start_hunt(HuntSettings.from_mapping({**SMALL, "num_generations": 4}))
    wait_for(lambda: engine.status().runs_done >= 2)
    name = put(workspace, 5)
    wait_for(lambda: found(engine))
    assert engine.status().active
    assert engine.wait(120).state == "completed"
    passes(engine)
    assert found(engine) == [(name, "diverged")]


def test_while_another_process_hunts_they_wait_and_what_it_commits_is_no_arrival(workspace, start):
    engine = start()
    with WorkspaceLock(workspace.root).acquire("hunt"), Ledger(workspace.ledger_path) as ledger:
        theirs, foreign = put(workspace, 6), put(workspace, 7)
        passes(engine)
        assert found(engine) == []
        report = failed_provenance(RunConfig(seed=6), "diverged", "it says")
        event = ledger.commit_run(None, 0, 0, RunRow.from_provenance(RunConfig(seed=6), report))
        assert event.config_hash == theirs
        ledger.append_event("batch_done", payload={"generation": 1, "runs": 1, "seconds": 1.0})
    wait_for(lambda: found(engine))
    assert found(engine) == [(foreign, "diverged")]


def test_a_folder_in_which_nothing_changes_is_not_looked_through(workspace, start, monkeypatch):
    looked, real = [], os.scandir

    def scandir(path):
        looked.append(path)
        return real(path)

    for seed in range(20):
        put(workspace, seed)
    monkeypatch.setattr(arrivals, "_GRAIN", 0)
    engine = start()
    wait_for(lambda: len(found(engine)) == 20)
    passes(engine, 2)
    monkeypatch.setattr(arrivals.os, "scandir", scandir)
    passes(engine, 4)
    assert [path for path in looked if path == engine._arrivals._folder] == []
    put(workspace, 99)
    wait_for(lambda: len(found(engine)) == 21)
    passes(engine, 1)
    assert engine._arrivals._folder in looked


def test_one_who_only_follows_announces_nothing(workspace):
    Ledger(workspace.ledger_path).close()
    put(workspace, 8)
    engine = Engine(workspace, follows=True)
    assert engine._arrivals is None
    engine.close()
    assert found(engine) == []


def test_a_run_that_the_hunt_is_about_to_commit_is_no_arrival(workspace):
    lock = WorkspaceLock(workspace.root)
    logbook = Logbook(workspace, lock, threading.Lock(), threading.Lock())
    ours, foreign = "a" * 40, "b" * 40
    with lock.acquire("hunt"), Ledger(workspace.ledger_path) as ledger:
        logbook.open(ledger)
        logbook.under_way.add(ours)
        assert logbook.announce({ours: "ok", foreign: "ok"}) == {ours}
        logbook.close()
        assert set(logbook.announce({ours: "ok"})) == {ours}, "the hunt still holds the workspace"
    assert not logbook.announce({ours: "ok", foreign: "ok"})
    told = LedgerReader(workspace.ledger_path).events_after()
    assert [(event.kind, event.config_hash) for event in told] == [
        ("report_found", foreign),
        ("report_found", ours),
    ]


def test_a_run_that_was_brought_enters_the_ledger_when_it_is_audited_here(
    workspace, start, tmp_path
):
    """Its config, artifact and report are another workspace's; it is not computed again."""
    values = {"N_grid": 32, "domain_length": 128.0, "T_steps": 60}
    there = Workspace.open(tmp_path / "there")
    made = run(values, str(there.root))
    name = made["config_hash"]
    artifact = workspace.artifact_path(name)
    for path in ("config_path", "artifact_path", "provenance_path"):
        shutil.copy2(getattr(there, path)(name), getattr(workspace, path)(name))
    engine = start()
    wait_for(lambda: found(engine) == [(name, made["status"])])
    assert engine.reader.run(name) is None
    before = artifact.stat()
    assert run(values, str(workspace.root))["status"] == made["status"]
    assert engine.reader.run(name)["status"] == made["status"]
    assert (artifact.stat().st_ino, artifact.stat().st_mtime_ns) == (
        before.st_ino,
        before.st_mtime_ns,
    )

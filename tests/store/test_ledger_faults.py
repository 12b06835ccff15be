"""What breaks around a ledger: each fault is one line that says what to do, and loses nothing."""

import sqlite3
import subprocess

import pytest
from store_samples import run_row

from engine.errors import LedgerError
from engine.settings import HuntSettings
from engine.store import entries
from engine.store import ledger as ledger_module
from engine.store.ledger import Ledger
from engine.store.reader import LedgerReader

RUNS = 60


@pytest.fixture
def path(workspace):
    return workspace.ledger_path


def fill(path):
    with Ledger(path) as ledger:
        hunt = ledger.create_hunt(HuntSettings())
        for seed in range(RUNS):
            ledger.commit_run(hunt, 1 + seed // 10, seed % 10, run_row(seed), fitness=1.0)
    return hunt


def one_line(error):
    message = str(error.value)
    assert "\n" not in message
    return message


HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.readline()
"""


def test_a_ledger_that_another_process_holds_is_waited_for_then_named(path, start_python):
    hunt = fill(path)
    with Ledger(path, busy_seconds=0.05) as ledger:
        other = start_python(HOLD, path)
        assert other.stdout.readline() == "held\n"
        with pytest.raises(LedgerError) as refused:
            ledger.commit_run(hunt, 9, 0, run_row(RUNS))
        assert "wait for the other process that writes it" in one_line(refused)
        with pytest.raises(LedgerError, match="wait for the other process"):
            Ledger(path, busy_seconds=0.05)
        assert len(LedgerReader(path).runs(hunt)) == RUNS, "reading goes on"
        other.stdin.write("go\n")
        other.stdin.flush()
        other.wait(timeout=60)
        ledger.commit_run(hunt, 9, 0, run_row(RUNS))
    assert LedgerReader(path).count(hunt) == RUNS + 1


def test_a_disk_that_turns_read_only_refuses_and_keeps(make_disk):
    disk = make_disk("8m")
    path = disk / "simulation_ledger.sqlite"
    hunt = fill(path)
    remount = ["mount", "-o", "remount,ro", str(disk)]
    subprocess.run(remount, check=True)
    for question in (lambda: Ledger(path), LedgerReader(path).runs):
        with pytest.raises(LedgerError) as refused:
            question()
        assert "make the workspace writable" in one_line(refused)
    subprocess.run([*remount[:2], "remount,rw", str(disk)], check=True)
    with Ledger(path) as ledger:
        ledger.commit_run(hunt, 9, 0, run_row(RUNS))
    assert LedgerReader(path).count(hunt) == RUNS + 1


def test_a_clock_that_is_set_back_takes_neither_ids_nor_order_back(path, monkeypatch):
    times = iter(
        f"2026-11-{day:02d}T12:00:00.000+00:00" for day in (21, 21, 21, 21, 20, 20, 20, 20, 22, 22)
    )
    for module in (ledger_module, entries):
        monkeypatch.setattr(module, "timestamp", lambda: next(times))
    reader = LedgerReader(path)
    with Ledger(path) as ledger:
        first = ledger.create_hunt(HuntSettings())
        ledger.commit_run(first, 1, 0, run_row(0))
        second = ledger.create_hunt(HuntSettings())  # the day before
        ledger.commit_run(second, 1, 0, run_row(1))
        third = ledger.create_hunt(HuntSettings())
    assert [first, second, third] == ["2026-11-21-001", "2026-11-21-002", "2026-11-22-001"]
    assert [hunt["hunt_id"] for hunt in reader.hunts()] == [third, second, first]
    events = reader.events_after(0)
    assert [event.seq for event in events] == [1, 2, 3, 4, 5]
    assert events[1].at > events[2].at
    assert [row["hunt_id"] for row in reader.runs()] == [first, second]
    assert reader.runs(order="committed") == reader.runs()[::-1]


def test_damaged_pages_are_named_and_the_rebuild_is_offered(path):
    hunt = fill(path)
    first = run_row(0).config.config_hash
    page = sqlite3.connect(path)
    root, size = page.execute(
        "SELECT rootpage, (SELECT page_size FROM pragma_page_size) FROM sqlite_master "
        "WHERE name = 'listing'"
    ).fetchone()
    runs = page.execute("SELECT rootpage FROM sqlite_master WHERE name = 'runs'").fetchone()[0]
    page.close()
    with path.open("r+b") as stream:
        for number in (root, runs):
            stream.seek((number - 1) * size)
            stream.write(b"\xff" * 64)
    before = path.read_bytes()
    reader = LedgerReader(path)
    for question in (reader.runs, lambda: reader.runs(hunt), lambda: reader.run(first)):
        with pytest.raises(LedgerError) as refused:
            question()
        assert "run `irer rebuild-ledger`" in one_line(refused)
    with Ledger(path) as ledger, pytest.raises(LedgerError, match="run `irer rebuild-ledger`"):
        ledger.commit_run(hunt, 9, 0, run_row(RUNS))
    assert path.read_bytes() == before, "nothing is written into a damaged ledger"


@pytest.mark.parametrize(
    ("table", "column", "asks"),
    [
        ("runs", "config", lambda reader, run, hunt: reader.run(run)),
        ("runs", "config", lambda reader, run, hunt: reader.configs([run])),
        ("hunt_runs", "gradient", lambda reader, run, hunt: reader.generation(hunt, 0)),
        ("hunts", "settings", lambda reader, run, hunt: reader.hunts()),
        ("hunts", "settings", lambda reader, run, hunt: reader.latest_hunt()),
    ],
)
def test_json_that_is_none_is_named_and_the_rebuild_is_offered(path, table, column, asks):
    row = run_row(0)
    with Ledger(path) as ledger:
        hunt = ledger.create_hunt(HuntSettings())
        ledger.commit_run(hunt, 0, 0, row, 1.0, gradient=[1.0])
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(f"UPDATE {table} SET {column} = '{{\"a\": 1'")
    connection.close()
    with pytest.raises(LedgerError, match=rf"{column[:8]}.* is damaged .*rebuild-ledger"):
        asks(LedgerReader(path), row.config.config_hash, hunt)

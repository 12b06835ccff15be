import math
import re
import signal
import sqlite3
import threading

import pytest
from store_samples import run_row

from engine.errors import LedgerError
from engine.settings import HuntSettings
from engine.store import ledger as ledger_module
from engine.store.ledger import Ledger
from engine.store.reader import LedgerReader
from engine.store.tables import USER_VERSION


@pytest.fixture
def hunt(ledger):
    return ledger.create_hunt(HuntSettings())


def raw(path, query):
    with sqlite3.connect(path) as connection:
        rows = connection.execute(query).fetchall()
    connection.close()
    return rows


def test_a_commit_is_on_the_disk_before_it_returns(ledger):
    connection = ledger._connection
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,), "2 is FULL"
    assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
    assert connection.execute("PRAGMA user_version").fetchone() == (USER_VERSION,)


def test_hunts_are_numbered_by_day(ledger, reader):
    ids = [ledger.create_hunt(HuntSettings(num_generations=n)) for n in (1, 2, 3)]
    assert [re.fullmatch(r"\d{4}-\d\d-\d\d-(\d{3})", i)[1] for i in ids] == ["001", "002", "003"]
    latest = reader.latest_hunt()
    assert latest["hunt_id"] == ids[-1]
    assert latest["state"] == "running"
    assert HuntSettings.from_mapping(latest["settings"]) == HuntSettings(num_generations=3)
    assert [hunt["hunt_id"] for hunt in reader.hunts()] == ids[::-1]


def test_the_thousandth_hunt_of_a_day_follows_the_999th(ledger, reader, hunt):
    ledger._connection.execute("DELETE FROM events")
    ledger._connection.execute("UPDATE hunts SET hunt_id = ?", (f"{hunt[:11]}999",))
    assert ledger.create_hunt(HuntSettings()) == f"{hunt[:11]}1000"
    assert ledger.create_hunt(HuntSettings()) == f"{hunt[:11]}1001"


def test_a_hunt_ends_once(ledger, reader, hunt):
    ledger.finish_hunt(hunt, "stopped", "by the user")
    ended = reader.latest_hunt()
    assert (ended["state"], ended["reason"]) == ("stopped", "by the user")
    assert ended["ended"] >= ended["created"]
    with pytest.raises(LedgerError, match="not running here"):
        ledger.finish_hunt(hunt, "completed")
    with pytest.raises(LedgerError, match="not running here"):
        ledger.finish_hunt("2001-01-01-001", "completed")
    with pytest.raises(LedgerError, match="expected one of completed, stopped, failed"):
        ledger.finish_hunt(hunt, "done")
    assert reader.latest_hunt()["state"] == "stopped"


def test_every_turn_of_a_hunt_has_its_event_in_the_same_commit(ledger, reader, hunt, monkeypatch):
    ledger.finish_hunt(hunt, "failed", "a reason")
    ledger.reopen_hunt(hunt)
    told = [(event.kind, event.hunt_id, event.payload) for event in reader.events_after(0)]
    assert told == [
        ("hunt_started", hunt, {}),
        ("hunt_failed", hunt, {"reason": "a reason"}),
        ("hunt_continued", hunt, {}),
    ]
    before = reader.hunts()

    def fail(*_):
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(ledger_module, "append", fail)
    for turn in (
        lambda: ledger.create_hunt(HuntSettings()),
        lambda: ledger.finish_hunt(hunt, "completed"),
    ):
        with pytest.raises(LedgerError, match="disk I/O error"):
            turn()
    assert reader.hunts() == before


def test_a_committed_run_has_its_row_its_place_and_its_event(ledger, reader, hunt):
    row = run_row(log_prime_sse=0.25, n_peaks=5)
    event = ledger.commit_run(hunt, 2, 3, row, fitness=4.0)
    [found] = reader.runs(hunt)
    assert (found["generation"], found["member"], found["fitness"]) == (2, 3, 4.0)
    assert (found["log_prime_sse"], found["n_peaks"], found["status"]) == (0.25, 5, "ok")
    assert reader.events_after(1) == [event]
    assert (event.seq, event.kind, event.hunt_id) == (2, "run_committed", hunt)
    assert event.config_hash == row.config.config_hash
    assert event.payload["new"] is True
    assert event.payload["log_prime_sse"] == 0.25
    assert event.payload == {"new": True, **{n: found[n] for n in event.payload if n != "new"}}
    assert reader.run(row.config.config_hash)["config"] == row.config.to_dict()


def test_what_fails_halfway_leaves_neither_row_nor_place_nor_event(
    ledger, reader, hunt, monkeypatch
):
    def fail(*_):
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as broken:
        broken.setattr(ledger_module, "append", fail)  # the last step of the transaction
        with pytest.raises(LedgerError, match="disk I/O error"):
            ledger.commit_run(hunt, 0, 0, run_row())
    assert reader.runs() == []
    assert reader.runs(hunt) == []
    assert reader.last_seq() == 1
    assert ledger.commit_run(hunt, 0, 0, run_row()).seq == 2, "no gap where it failed"


COMMIT_FOR_EVER = """
import sys
from store_samples import run_row
from engine.settings import HuntSettings
from engine.store.ledger import Ledger
ledger = Ledger(sys.argv[1])
hunt = ledger.create_hunt(HuntSettings())
for seed in range(1_000_000):
    event = ledger.commit_run(hunt, seed // 10, seed % 10, run_row(seed), fitness=1.0)
    print(event.seq, flush=True)
"""


def test_killing_the_writer_loses_nothing_that_was_committed(path, reader, start_python):
    writer = start_python(COMMIT_FOR_EVER, path)
    for _ in range(40):
        last = int(writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    events = reader.events_after(0)
    assert len(events) >= last
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert len(reader.runs()) == len(reader.runs(events[0].hunt_id)) == len(events) - 1
    with Ledger(path) as ledger:
        assert ledger.append_event("resumed").seq == len(events) + 1
    assert raw(path, "PRAGMA integrity_check") == [("ok",)]


def test_a_run_that_is_there_is_never_overwritten(ledger, reader, hunt):
    first = run_row(log_prime_sse=0.25, artifact_sha256="a" * 64)
    ledger.commit_run(hunt, 0, 0, first, fitness=4.0)
    again = run_row(log_prime_sse=0.125, artifact_sha256="b" * 64)
    other_hunt = ledger.create_hunt(HuntSettings())
    event = ledger.commit_run(other_hunt, 5, 6, again, fitness=8.0)
    assert event.payload["new"] is False
    assert event.payload["log_prime_sse"] == 0.25, "the event tells what is kept"
    kept = reader.run(first.config.config_hash)
    assert (kept["log_prime_sse"], kept["artifact_sha256"]) == (0.25, "a" * 64)
    assert [(p["hunt_id"], p["generation"], p["member"]) for p in kept["places"]] == [
        (hunt, 0, 0),
        (other_hunt, 5, 6),
    ]
    assert len(reader.runs()) == 1


def test_a_run_may_have_two_places_in_one_hunt(ledger, reader, hunt):
    for generation in (0, 1):
        ledger.commit_run(hunt, generation, 0, run_row(), fitness=2.0)
    assert len(reader.runs(hunt)) == 2
    assert len(reader.runs()) == 1
    assert reader.counts(hunt) == {"ok": 2}
    assert reader.counts() == {"ok": 1}


def test_committing_the_same_place_twice_counts_once(ledger, reader, hunt):
    first = ledger.commit_run(hunt, 0, 0, run_row(), fitness=2.0)
    assert ledger.commit_run(hunt, 0, 0, run_row(), fitness=3.0) == first
    assert [run["fitness"] for run in reader.runs(hunt)] == [2.0]
    assert reader.last_seq() == first.seq


def test_a_place_that_holds_another_run_is_not_taken(ledger, reader, hunt):
    ledger.commit_run(hunt, 0, 0, run_row(seed=0))
    with pytest.raises(LedgerError, match="a result is never overwritten"):
        ledger.commit_run(hunt, 0, 0, run_row(seed=1))
    assert len(reader.runs()) == 1


def test_a_run_outside_any_hunt_has_no_place(ledger, reader):
    ledger.commit_run(None, 0, 0, run_row())
    [run] = reader.runs()
    assert (run["hunt_id"], run["generation"], run["fitness"]) == (None, None, None)
    assert ledger.commit_run(None, 0, 0, run_row()).payload["new"] is False
    assert len(reader.runs()) == 1


def test_a_failure_is_a_row_without_metrics(ledger, reader, hunt):
    ledger.commit_run(hunt, 0, 0, run_row(status="diverged", error="ρ_s ≤ 0 at t = 3"))
    [run] = reader.runs(hunt)
    assert run["log_prime_sse"] is run["sdg_h_norm_l2"] is run["fitness"] is None
    assert run["error"] == "ρ_s ≤ 0 at t = 3"
    assert reader.best(hunt) is None


@pytest.mark.parametrize("fitness", [math.nan, math.inf, -math.inf])
def test_a_fitness_that_is_not_finite_never_enters(ledger, reader, hunt, fitness):
    with pytest.raises(LedgerError, match="expected a finite number or None"):
        ledger.commit_run(hunt, 0, 0, run_row(), fitness=fitness)
    assert reader.runs() == []


def test_an_event_for_a_hunt_that_is_not_there_is_refused(ledger, reader):
    with pytest.raises(LedgerError, match="FOREIGN KEY"):
        ledger.append_event("hunt_started", "2001-01-01-001")
    with pytest.raises(LedgerError, match="FOREIGN KEY"):
        ledger.commit_run("2001-01-01-001", 0, 0, run_row())
    assert reader.runs() == []


@pytest.mark.parametrize(
    ("kind", "payload", "reason"),
    [
        ("hunt_started", {"sse": math.nan}, "sse: got nan"),
        ("hunt_started", {"field": list(range(100_000))}, "no arrays"),
        ("Hunt started", {}, "expected lower case"),
    ],
)
def test_an_event_carries_strict_scalars(ledger, reader, kind, payload, reason):
    with pytest.raises(LedgerError, match=reason):
        ledger.append_event(kind, payload=payload)
    assert reader.last_seq() == 0


BAD_ROWS = {
    "a score beside a failure": "SET status = 'diverged'",
    "no score though ok": "SET log_prime_sse = NULL",
    "an infinity": "SET sdg_h_norm_l2 = 9e999",
    "text for a number": "SET pcs_score = 'high'",
    "an impossible p": "SET p_phase_scramble = 1.5",
    "a negative SSE": "SET log_prime_sse = -1.0",
    "half a peak": "SET n_peaks = 0.5",
    "an unknown class": "SET status = 'fine'",
}


@pytest.mark.parametrize("change", BAD_ROWS.values(), ids=BAD_ROWS)
def test_the_tables_refuse_what_must_not_be_there_whoever_writes(ledger, path, change):
    ledger.commit_run(None, 0, 0, run_row())
    with pytest.raises(sqlite3.IntegrityError):
        raw(path, f"UPDATE runs {change}")


def test_threads_may_share_a_writer(ledger, reader, hunt):
    errors = []

    def commit(generation):
        try:
            for member in range(10):
                ledger.commit_run(hunt, generation, member, run_row(generation * 10 + member))
        except LedgerError as error:
            errors.append(error)

    threads = [threading.Thread(target=commit, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert [event.seq for event in reader.events_after(0)] == list(range(1, 42))


COMMIT_TEN = """
import sys
from store_samples import run_row
from engine.settings import HuntSettings
from engine.store.ledger import Ledger
print("ready", flush=True)
sys.stdin.readline()
with Ledger(sys.argv[1]) as ledger:
    print("open", flush=True)
    sys.stdin.readline()
    hunt = ledger.create_hunt(HuntSettings())
    for member in range(10):
        ledger.commit_run(hunt, 0, member, run_row(int(sys.argv[2]) * 10 + member), fitness=1.0)
"""


def test_of_processes_that_open_a_new_ledger_at_once_the_first_to_write_is_its_writer(
    path, reader, start_python, capfd
):
    writers = [start_python(COMMIT_TEN, path, n) for n in range(3)]
    assert [writer.stdout.readline() for writer in writers] == ["ready\n"] * 3
    go(*writers)
    assert [writer.stdout.readline() for writer in writers] == ["open\n"] * 3
    ended = []
    for writer in writers:
        go(writer)
        ended.append(writer.wait(timeout=60))
    assert ended == [0, 1, 1]
    assert capfd.readouterr().err.count("another process has taken over this workspace") == 2
    assert len(reader.hunts()) == 1
    assert [event.seq for event in reader.events_after(0)] == list(range(1, 12))
    assert len(reader.runs()) == 10


def test_a_new_ledger_waits_for_another_that_changes_its_journal_as_long_as_asked(path):
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerError, match="database is locked"):
        Ledger(path, busy_seconds=0.1)
    threading.Timer(0.3, lambda: other.execute("ROLLBACK")).start()
    with Ledger(path, busy_seconds=30) as ledger:
        assert ledger.create_hunt(HuntSettings())
    other.close()


def go(*processes):
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()


def fill(path):
    with path.open("wb", buffering=0) as stream:
        while True:
            stream.write(b"x" * 4096)


def commit_many(ledger, hunt, count):
    for member in range(1, count):
        ledger.commit_run(hunt, 0, member, run_row(member))


def test_a_full_disk_loses_nothing_that_was_committed(small_disk):
    path = small_disk / "simulation_ledger.sqlite"
    reader = LedgerReader(path)
    with Ledger(path) as ledger:
        hunt = ledger.create_hunt(HuntSettings())
        ledger.commit_run(hunt, 0, 0, run_row(0))
        with pytest.raises(OSError, match="No space"):
            fill(small_disk / "filler")
        with pytest.raises(LedgerError, match="free disk space; nothing already written is lost"):
            commit_many(ledger, hunt, 1000)
        committed = len(reader.runs(hunt))
        assert reader.last_seq() == committed + 1 >= 2
        (small_disk / "filler").unlink()
        assert ledger.commit_run(hunt, 1, 0, run_row(5000)).seq == committed + 2


def test_a_file_that_is_no_ledger_is_left_alone(path, reader):
    path.write_bytes(b"not a database" * 1000)
    for question in (lambda: Ledger(path), reader.runs, reader.latest_hunt):
        with pytest.raises(LedgerError, match="run `irer rebuild-ledger`"):
            question()
    assert path.read_bytes().startswith(b"not a database")


def test_another_database_is_not_taken_for_a_ledger(path):
    raw(path, "CREATE TABLE recipes (name TEXT)")
    with pytest.raises(LedgerError, match="holds a table 'recipes'"):
        Ledger(path)


def test_a_ledger_of_a_later_version_is_not_touched(path, reader):
    Ledger(path).close()
    raw(path, f"PRAGMA user_version = {USER_VERSION + 1}")
    for question in (lambda: Ledger(path), reader.runs):
        with pytest.raises(LedgerError, match=f"reads {USER_VERSION}; update irer"):
            question()


def test_a_folder_that_is_not_there_is_a_ledger_error(tmp_path):
    with pytest.raises(LedgerError, match="unable to open"):
        Ledger(tmp_path / "gone" / "ledger.sqlite")


def test_a_closed_ledger_says_so(path):
    ledger = Ledger(path)
    ledger.close()
    ledger.close()
    with pytest.raises(LedgerError, match="closed database"):
        ledger.append_event("late")

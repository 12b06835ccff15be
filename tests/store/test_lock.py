import fcntl
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from engine.errors import LedgerError, WorkspaceBusyError, WorkspaceError
from engine.store import lock as module
from engine.store.ledger import Ledger
from engine.store.lock import BRIEF, LEASE_SECONDS, LOCK_NAME, WorkspaceLock, holder
from engine.store.reader import LedgerReader

WRITE_ON = """
import sys
from pathlib import Path
from engine.errors import LedgerError
from engine.settings import HuntSettings
from engine.store.ledger import Ledger
from engine.store.lock import WorkspaceLock
root = Path(sys.argv[1])
with WorkspaceLock(root).acquire("hunt"), Ledger(root / "simulation_ledger.sqlite") as ledger:
    ledger.create_hunt(HuntSettings())
    print("held", flush=True)
    sys.stdin.readline()
    try:
        ledger.create_hunt(HuntSettings())
        print("written", flush=True)
    except LedgerError as error:
        print(error, flush=True)
    sys.stdin.readline()
print("over", flush=True)
"""
HOLD = """
import sys
from pathlib import Path
from engine.store.lock import WorkspaceLock
with WorkspaceLock(Path(sys.argv[1])).acquire("hunt 2026-11-21-001"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_free_workspace_has_no_holder(tmp_path):
    assert holder(tmp_path) is None
    with WorkspaceLock(tmp_path).acquire("hunt"):
        pass
    assert holder(tmp_path) is None, "the file stays behind, unlocked"


def test_the_holder_is_on_record_while_it_holds(tmp_path):
    with WorkspaceLock(tmp_path).acquire("hunt 7") as lock:
        assert lock.held
        record = holder(tmp_path)
        assert record["pid"] == os.getpid()
        assert record["purpose"] == "hunt 7"
        assert set(record) == {"pid", "host", "since", "purpose"}
    assert not lock.held


def test_two_objects_of_one_process_exclude_each_other(tmp_path):
    first, second = WorkspaceLock(tmp_path), WorkspaceLock(tmp_path)
    first.acquire("hunt")
    with pytest.raises(WorkspaceBusyError, match=f"process {os.getpid()}"):
        second.acquire("hunt")
    with pytest.raises(WorkspaceBusyError):
        first.acquire("once more")
    first.release()
    second.acquire("hunt")
    second.release()
    second.release()


def test_the_loser_names_the_holder_in_one_line(tmp_path, start_python):
    process = start_python(HOLD, tmp_path)
    assert process.stdout.readline() == "held\n"
    with pytest.raises(WorkspaceBusyError) as refused:
        WorkspaceLock(tmp_path).acquire("hunt")
    message = str(refused.value)
    assert f"process {process.pid}" in message
    assert "hunt 2026-11-21-001, since 20" in message
    assert "\n" not in message
    assert holder(tmp_path)["pid"] == process.pid


def test_killing_the_holder_frees_the_workspace(tmp_path, start_python):
    process = start_python(HOLD, tmp_path)
    assert process.stdout.readline() == "held\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert holder(tmp_path) is None
    with WorkspaceLock(tmp_path).acquire("hunt"):
        assert holder(tmp_path)["pid"] == os.getpid()


def test_looking_for_the_holder_never_makes_an_acquirer_fail(tmp_path):
    done = threading.Event()

    def look():
        while not done.is_set():
            holder(tmp_path)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        for _ in range(300):
            with WorkspaceLock(tmp_path).acquire("hunt"):
                pass
    finally:
        done.set()
        watcher.join()


def test_a_damaged_record_does_not_hide_that_it_is_held(tmp_path):
    with WorkspaceLock(tmp_path).acquire("hunt"):
        (tmp_path / "hunt.lock").write_bytes(b"\xff{")
        assert holder(tmp_path) == {}
        with pytest.raises(WorkspaceBusyError, match="another process"):
            WorkspaceLock(tmp_path).acquire("hunt")


def test_a_lock_that_cannot_be_made_is_a_workspace_error(tmp_path):
    with pytest.raises(WorkspaceError, match=r"hunt\.lock: No such file") as refused:
        WorkspaceLock(tmp_path / "gone").acquire("hunt")
    assert not isinstance(refused.value, WorkspaceBusyError)
    (tmp_path / "hunt.lock").mkdir()
    with pytest.raises(WorkspaceError, match="Is a directory"):
        WorkspaceLock(Path(tmp_path)).acquire("hunt")


def age(path):
    os.utime(path, (long_ago := time.time() - LEASE_SECONDS - 1, long_ago))


def test_a_holder_renews_its_lease(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "RENEW_SECONDS", 0.01)
    with WorkspaceLock(tmp_path).acquire("hunt"):
        age(tmp_path / LOCK_NAME)
        until = time.monotonic() + 20
        while holder(tmp_path) is None:
            assert time.monotonic() < until, "nobody renews it"
            time.sleep(0.01)
        with pytest.raises(WorkspaceBusyError, match=f"process {os.getpid()}"):
            WorkspaceLock(tmp_path).acquire("hunt")


def test_a_lease_that_only_looks_old_since_the_clock_jumped_is_no_heirs(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "RENEW_SECONDS", 0.5)
    with WorkspaceLock(tmp_path).acquire("hunt"):
        age(tmp_path / LOCK_NAME)
        with pytest.raises(WorkspaceBusyError, match=f"process {os.getpid()}"):
            WorkspaceLock(tmp_path).acquire("hunt")
        assert holder(tmp_path)["pid"] == os.getpid()


def test_a_holder_that_hangs_is_succeeded_and_writes_nothing_when_it_wakes(tmp_path, start_python):
    hung = start_python(WRITE_ON, tmp_path)
    assert hung.stdout.readline() == "held\n"
    hung.send_signal(signal.SIGSTOP)
    with pytest.raises(WorkspaceBusyError, match=f"process {hung.pid}"):
        WorkspaceLock(tmp_path).acquire("hunt")
    age(tmp_path / LOCK_NAME)
    assert holder(tmp_path) is None
    path = tmp_path / "simulation_ledger.sqlite"
    with WorkspaceLock(tmp_path).acquire("hunt"), Ledger(path) as ledger:
        assert holder(tmp_path)["pid"] == os.getpid()
        ledger.append_event("mine")
        hung.send_signal(signal.SIGCONT)
        hung.stdin.write("\n")
        hung.stdin.flush()
        assert "another process has taken over this workspace" in hung.stdout.readline()
        hung.stdin.write("\n")
        hung.stdin.flush()
        assert hung.stdout.readline() == "over\n", "it gave back what it no longer had"
        assert holder(tmp_path)["pid"] == os.getpid()
        with pytest.raises(WorkspaceBusyError):
            WorkspaceLock(tmp_path).acquire("hunt")
        ledger.append_event("mine")
    kinds = [event.kind for event in LedgerReader(path).events_after()]
    assert kinds == ["hunt_started", "mine", "mine"]


def test_of_many_successors_one_succeeds(tmp_path, start_python, monkeypatch):
    monkeypatch.setattr(module, "_GRACE", 0.3)
    for _ in range(5):
        hung = start_python(HOLD, tmp_path)
        assert hung.stdout.readline() == "held\n"
        hung.send_signal(signal.SIGSTOP)
        age(tmp_path / LOCK_NAME)
        begin = threading.Barrier(8)
        locks = [WorkspaceLock(tmp_path) for _ in range(8)]
        refused = []

        def take(lock, begin=begin, refused=refused):
            begin.wait()
            try:
                lock.acquire("hunt")
            except WorkspaceBusyError as error:
                refused.append(error)

        threads = [threading.Thread(target=take, args=(lock,)) for lock in locks]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(refused) == 7
        [winner] = [lock for lock in locks if lock.held]
        winner.release()
        hung.kill()
        hung.wait()


def test_a_hunt_whose_lock_file_was_deleted_does_not_write_between_anothers(tmp_path):
    path = tmp_path / "simulation_ledger.sqlite"
    with WorkspaceLock(tmp_path).acquire("hunt"), Ledger(path) as first:
        first.append_event("first")
        (tmp_path / LOCK_NAME).unlink()
        with WorkspaceLock(tmp_path).acquire("hunt"), Ledger(path) as second:
            second.append_event("second")
            with pytest.raises(LedgerError, match="another process has taken over"):
                first.append_event("first")
            second.append_event("second")
    kinds = [event.kind for event in LedgerReader(path).events_after()]
    assert kinds == ["first", "second", "second"]


HOLD_BRIEFLY = """
import sys, time
from pathlib import Path
from engine.store.lock import BRIEF, WorkspaceLock
lock = WorkspaceLock(Path(sys.argv[1]))
for _ in range(20):
    with lock.acquire(BRIEF):
        print("held", flush=True)
        time.sleep(0.02)
"""


def test_one_who_holds_it_for_an_instant_is_waited_for_and_is_no_hunt(tmp_path, start_python):
    other = start_python(HOLD_BRIEFLY, tmp_path)
    for _ in range(10):
        assert other.stdout.readline() == "held\n"
        assert holder(tmp_path) is None
    with WorkspaceLock(tmp_path).acquire("hunt"):
        assert holder(tmp_path)["purpose"] == "hunt"


def test_one_who_falls_asleep_while_giving_it_back_is_waited_for(tmp_path):
    path = tmp_path / LOCK_NAME
    path.write_bytes(b"")
    asleep = os.open(path, os.O_RDWR)
    fcntl.flock(asleep, fcntl.LOCK_EX)
    wakes = threading.Timer(0.3, os.close, [asleep])
    wakes.start()
    with WorkspaceLock(tmp_path).acquire("hunt"):
        assert holder(tmp_path)["purpose"] == "hunt"
    wakes.join()


def test_one_who_wants_it_for_an_instant_takes_it_from_nobody(tmp_path, start_python):
    """A hunt that hangs, as on a machine that was asleep, is not ended for a mere notice."""
    hung = start_python(HOLD, tmp_path)
    assert hung.stdout.readline() == "held\n"
    hung.send_signal(signal.SIGSTOP)
    path = tmp_path / LOCK_NAME
    os.utime(path, (long_ago := time.time() - LEASE_SECONDS - 1, long_ago))
    with pytest.raises(WorkspaceBusyError, match="hunt 2026-11-21-001"):
        WorkspaceLock(tmp_path).acquire(BRIEF)
    with WorkspaceLock(tmp_path).acquire("hunt"):
        pass

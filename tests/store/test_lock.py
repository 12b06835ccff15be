import os
import signal
import threading
from pathlib import Path

import pytest

from engine.errors import WorkspaceBusyError, WorkspaceError
from engine.store.lock import WorkspaceLock, holder

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

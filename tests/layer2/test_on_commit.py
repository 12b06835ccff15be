"""What wants every new run gets it once, behind the hunt, also across a kill."""

import json
import signal
import subprocess
import sys
import time

import pytest
from component_samples import WRITING, write_component

from engine.hunt.command import hunt
from engine.layer2 import on_commit
from engine.layer2.discovery import find_component
from engine.layer2.on_commit import OnCommit
from engine.layer2.reports import read_newest
from engine.layer2.trust import trust
from engine.store.ledger import Ledger
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace, atomic_write_bytes

HUNT = {"num_generations": 1, "population_size": 3, "N_grid": 16, "domain_length": 32.0,
        "T_steps": 30, "null_draws": 19}  # fmt: skip
COUNTED = (
    WRITING + "import time\n(out / 'figures.json').write_text('{}')\n"
    "print(os.sched_getscheduler(0) == os.SCHED_IDLE)\n"
)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(on_commit, "PERIOD", 0.1)


def until(look, seconds=300.0):
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, "still not so"
        time.sleep(0.05)


def place_in_log(place):
    path = place.root / "analysis_reports" / "on_commit.json"
    return json.loads(path.read_text())["seq"] if path.exists() else None


def test_every_new_run_is_analyzed_and_none_of_before(place, run_id, plug_in, caplog):
    plug_in("counted", COUNTED, on_commit=True)
    plug_in("asked", COUNTED)
    component = plug_in("crash", "1 / 0", on_commit=True)
    (component.folder.parent / "stranger").mkdir()
    for path in component.folder.iterdir():
        (component.folder.parent / "stranger" / path.name).write_bytes(path.read_bytes())
    follower = OnCommit(place)
    try:
        until(lambda: place_in_log(place) is not None)
        runs = hunt(HUNT, str(place.root), quiet=True)["runs"]
        until(lambda: place_in_log(place) == LedgerReader(place.ledger_path).last_seq())
    finally:
        follower.close()
    assert len(runs) == 3
    for run in runs:
        report = read_newest(place, "counted", run)
        assert (report["status"], report["said"]) == ("ok", "True")
        assert "ZeroDivisionError" in read_newest(place, "crash", run)["error"]
        assert read_newest(place, "asked", run) is None
        assert read_newest(place, "stranger", run) is None
    assert read_newest(place, "counted", run_id) is None
    assert "stranger wants every new run and is not trusted" in caplog.text


FOLLOW = (
    "import sys, time\nfrom engine.layer2.on_commit import OnCommit\n"
    "from engine.store.workspace import Workspace\n"
    "OnCommit(Workspace.open(sys.argv[1]))\ntime.sleep(600)\n"
)


def test_a_kill_loses_none_and_repeats_none(place, plug_in):
    script = WRITING + (
        "import time\ntime.sleep(0.3)\n(out / 'figures.json').write_text('{}')\n"
        "print(time.time_ns())"
    )
    plug_in("counted", script, on_commit=True)
    plug_in("crash", "1 / 0", on_commit=True)
    first = OnCommit(place)  # notes where the log ends
    until(lambda: place_in_log(place) is not None)
    first.close()
    runs = hunt(HUNT, str(place.root), quiet=True)["runs"]
    done = {}
    with subprocess.Popen([sys.executable, "-c", FOLLOW, str(place.root)]) as follower:
        until(lambda: any(read_newest(place, "counted", run) for run in runs))
        follower.send_signal(signal.SIGKILL)
    for run in runs:
        if report := read_newest(place, "counted", run):
            done[run] = report
    second, third = OnCommit(place), OnCommit(place)  # of two, one does the work
    try:
        until(lambda: place_in_log(place) == LedgerReader(place.ledger_path).last_seq())
    finally:
        second.close()
        third.close()
    for run in runs:
        folder = place.root / "analysis_reports" / f"counted_{run}"
        assert len(list(folder.iterdir())) == 1
        assert done.get(run, read_newest(place, "counted", run)) == read_newest(
            place, "counted", run
        )
        failures = place.root / "analysis_reports" / f"crash_{run}"
        assert [path.name for path in failures.iterdir()] == ["failed-1"]


def test_a_workspace_without_a_ledger_is_followed_from_its_first_run(tmp_path):
    place = Workspace.open(tmp_path / "workspace")
    write_component(place.root / "components", "counted", COUNTED, on_commit=True)
    trust(place, find_component(place, "counted"))
    follower = OnCommit(place)
    until(lambda: place_in_log(place) == 0)
    follower.close()  # all runs are there before it looks again
    runs = hunt(HUNT, str(place.root), quiet=True)["runs"]
    follower = OnCommit(place)
    try:
        until(lambda: place_in_log(place) == LedgerReader(place.ledger_path).last_seq())
    finally:
        follower.close()
    assert all(read_newest(place, "counted", run)["status"] == "ok" for run in runs)


def test_where_nothing_wants_new_runs_the_disk_is_left_to_the_hunt(tmp_path, monkeypatch):
    """Its place in the log is kept by flushing the disk twice, for which a commit waits."""
    place, written = Workspace.open(tmp_path / "workspace"), []
    with Ledger(place.ledger_path) as ledger:
        for _ in range(250):
            ledger.append_event("hunt_resumed")

    def write(path, content):
        written.append(path)
        atomic_write_bytes(path, content)

    monkeypatch.setattr(on_commit, "atomic_write_bytes", write)
    (place.root / "analysis_reports" / "on_commit.json").write_text('{"ledger": "", "seq": 0}')
    follower = OnCommit(place)
    try:
        until(lambda: place_in_log(place) == 250)
    finally:
        follower.close()
    assert len(written) == 3  # batches

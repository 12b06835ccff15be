"""Whatever ends or goes wrong on a new run, the next one is looked at, and none is lost."""

import json
import time

import pytest
from component_samples import TINY, WRITING, write_component

from engine.errors import StopRequested
from engine.hunt.command import run as run_config
from engine.layer2 import on_commit
from engine.layer2.limits import Limits
from engine.layer2.on_commit import OnCommit
from engine.layer2.orchestrator import analyze
from engine.layer2.reports import read_newest
from engine.layer2.trust import FILE_NAME, checksum
from engine.store.reader import LedgerReader

WORKS = WRITING + "(out / 'figures.json').write_text('{}')\n"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(on_commit, "PERIOD", 0.1)


@pytest.fixture
def committed(place, run_id):
    """A cursor at the log's beginning: the run that is there counts as new."""
    ledger = LedgerReader(place.ledger_path).identity()
    cursor = place.root / "analysis_reports" / "on_commit.json"
    cursor.write_text(json.dumps({"ledger": ledger, "seq": 0}))
    return cursor


def until(look, seconds=300.0):
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, "still not so"
        time.sleep(0.05)


def at_the_end(place, cursor):
    return json.loads(cursor.read_text())["seq"] == LedgerReader(place.ledger_path).last_seq()


def test_who_is_asked_to_stop_keeps_no_failure(place, run_id, plug_in):
    component = plug_in("slow", WRITING + "import time; time.sleep(600)")
    began = time.monotonic()
    with pytest.raises(StopRequested, match=f"slow on run {run_id}: it was stopped"):
        analyze(place, component, run_id, {}, Limits(), lambda: time.monotonic() - began > 0.5)
    assert read_newest(place, "slow", run_id) is None
    assert not list((place.root / "analysis_reports").iterdir())


def test_a_server_that_stops_begins_again_with_the_run_under_way(
    place, run_id, plug_in, committed, tmp_path
):
    go = tmp_path / "go"
    script = WORKS.replace(
        "(out", f"import time\nopen('begun', 'w')\nwhile not os.path.exists({str(go)!r}): "
        "time.sleep(0.05)\n(out",
    )  # fmt: skip
    plug_in("slow", script, on_commit=True)
    follower = OnCommit(place)
    until(lambda: list(place.root.glob("analysis_reports/.work-*/*/begun")))
    follower.close()
    assert read_newest(place, "slow", run_id) is None
    assert json.loads(committed.read_text())["seq"] == 0
    go.touch()
    follower = OnCommit(place)
    try:
        until(lambda: at_the_end(place, committed))
    finally:
        follower.close()
    assert read_newest(place, "slow", run_id)["status"] == "ok"


def test_what_cannot_even_be_started_holds_nobody_up(place, run_id, plug_in, committed, caplog):
    component = plug_in("odd", WORKS, on_commit=True)
    plug_in("plain", WORKS, on_commit=True)
    newest = place.root / "analysis_reports" / f"{component.name}_{run_id}.json"
    newest.write_text("{}")  # a report that says nothing
    follower = OnCommit(place)
    try:
        until(lambda: at_the_end(place, committed))
        other = run_config({**TINY, "T_steps": 31}, str(place.root))["config_hash"]
        until(lambda: at_the_end(place, committed))
    finally:
        follower.close()
    assert f"odd on run {run_id}: " in caplog.text
    assert read_newest(place, "plain", run_id)["status"] == "ok"
    assert read_newest(place, "odd", other)["status"] == "ok"


def test_a_text_that_no_process_can_be_given_never_comes_that_far(place, run_id, committed):
    text = {"name": "word", "label": "Word", "type": "string", "default": "\ud800"}
    folder = write_component(
        place.root / "components", "odd", WORKS, on_commit=True, tunable_variables=[text]
    )
    trusted = {"odd": {"sha256": checksum(folder)}}  # as an older release would have trusted it
    (place.root / FILE_NAME).write_text(json.dumps(trusted))
    follower = OnCommit(place)
    try:
        until(lambda: at_the_end(place, committed))
    finally:
        follower.close()
    assert read_newest(place, "odd", run_id) is None


@pytest.mark.parametrize("seq", [None, [1], "x", 1e300, 2**63, -1, True, {}])
def test_a_cursor_that_says_nothing_is_set_to_the_end(place, plug_in, committed, seq):
    ledger = json.loads(committed.read_text())["ledger"]
    committed.write_text(json.dumps({"ledger": ledger, "seq": seq}))
    follower = OnCommit(place)
    try:
        until(lambda: at_the_end(place, committed))
    finally:
        follower.close()

"""What a hunt tells, from its start to its end, in the order in which it happens."""

import itertools
import time

import pytest
from small_hunts import SMALL

from engine.hunt.engine import Engine
from engine.settings import HuntSettings
from engine.store.event_kinds import KINDS, objection
from engine.store.workspace import Workspace

TIMEOUT = 120


def wait_for(wanted, seconds=60.0):
    until = time.monotonic() + seconds
    while not wanted():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """The events of a hunt of 2 × 4 runs that was paused, resumed and ended; and its rows."""
    engine = Engine(Workspace.open(tmp_path_factory.mktemp("told")))
    hunt_id = engine.start_hunt(HuntSettings.from_mapping({**SMALL, "num_generations": 2}))
    wait_for(lambda: engine.status().runs_done >= 1)
    assert engine.pause_hunt()
    assert engine.resume_hunt()
    assert engine.wait(TIMEOUT).state == "completed"
    assert not engine.pause_hunt()
    yield engine.reader.events_after(), engine.reader.runs(hunt_id), engine
    engine.close()


def test_every_event_is_of_a_declared_kind_and_tells_what_it_should(log):
    events, _, _ = log
    assert {event.kind for event in events} <= set(KINDS)
    assert [objection(event.kind, event.payload) for event in events] == [""] * len(events)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert {event.hunt_id for event in events} == {events[0].hunt_id}


def test_a_hunt_is_told_from_start_to_end(log):
    events, _, _ = log
    turns = [event.kind for event in events if event.kind.startswith("hunt_")]
    assert turns == ["hunt_started", "hunt_paused", "hunt_resumed", "hunt_completed"]


def test_every_run_is_simulated_then_audited_then_committed(log):
    events, rows, _ = log
    batches = [event for event in events if event.kind == "batch_done"]
    assert sum(event.payload["runs"] for event in batches) == len(rows) == 8
    assert {event.payload["generation"] for event in batches} == {1, 2}
    audits = [event for event in events if event.kind == "audit_done"]
    assert len(audits) == 8
    for one, two in itertools.pairwise(events):
        if one.kind == "audit_done":
            assert (two.kind, two.config_hash) == ("run_committed", one.config_hash)
            assert two.payload["status"] == one.payload["status"]
            assert one.payload["seconds"] > 0


def test_each_new_best_is_told_after_its_commit_and_no_other_run_is(log):
    events, rows, engine = log
    best, expected = None, []
    for row in rows:
        if row["fitness"] is not None and (best is None or row["fitness"] > best):
            best = row["fitness"]
            expected.append((row["config_hash"], best))
    told = [e for e in events if e.kind == "best_improved"]
    assert expected
    assert [(e.config_hash, e.payload["fitness"]) for e in told] == expected
    assert engine.status().best["config_hash"] == told[-1].config_hash
    for event in told:
        before = events[event.seq - 2]
        assert (before.kind, before.config_hash) == ("run_committed", event.config_hash)

"""The feed reads what is new, no more often than it may, and the newest in the end."""

import time
from dataclasses import replace

import numpy as np
import pytest
from hunt_samples import SETTINGS, fill_hunt, play

from engine.hunt.engine import Engine
from engine.store.ledger import Ledger
from engine.store.workspace import Workspace
from irer_panel import feed as module
from irer_panel.background import NoLoop
from irer_panel.feed import HuntFeed
from irer_panel.snapshot import Snapshot, look


class PatientLoop(NoLoop):
    """Keeps what is to be done later until it is asked for."""

    def __init__(self):
        self.kept = []

    def later(self, seconds, call):
        self.kept.append((seconds, call))


@pytest.fixture
def reading(tmp_path, monkeypatch):
    """A feed over a hunt, its loop, a look, and the reads it makes."""
    workspace = Workspace.open(tmp_path)
    hunt = fill_hunt(workspace, generations=1)
    engine = Engine(workspace)
    reads = []
    plain = module.read
    monkeypatch.setattr(module, "read", lambda *a: (reads.append(a[1]), plain(*a))[1])
    monkeypatch.setattr(module, "LEAST_WAIT", 1000.0)
    loop = PatientLoop()
    feed = HuntFeed(engine.reader, loop)
    yield feed, loop, look(engine, Snapshot()), reads, (workspace, hunt)
    feed.close()
    engine.close()


def settles(feed):
    until = time.monotonic() + 20
    while feed.table is None or feed._reads._running:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_look_that_saw_nothing_new_is_not_read_again(reading):
    feed, loop, seen, reads, (_, hunt) = reading
    feed.follow(seen)
    settles(feed)
    feed.follow(replace(seen, taken=seen.taken + 1))
    assert reads == [hunt]
    assert loop.kept == []
    assert len(feed.table) == SETTINGS.population_size


def test_a_burst_is_read_once_when_the_wait_is_over(reading):
    feed, loop, seen, reads, (workspace, hunt) = reading
    feed.follow(seen)
    settles(feed)
    with Ledger(workspace.ledger_path) as ledger:
        play(ledger, hunt, SETTINGS, np.random.default_rng(1), 2, 0.0, begin=2)
    for n in range(1, 6):
        feed.follow(replace(seen, sequence=seen.sequence + n))
    assert len(reads) == 1
    [(seconds, read)] = loop.kept
    assert 0 < seconds <= 1000
    read()
    settles(feed)
    assert len(feed.table) == 2 * SETTINGS.population_size
    assert reads == [hunt, hunt]


def test_before_the_first_look_nothing_is_read(reading):
    feed, _, _, reads, _ = reading
    feed.follow(Snapshot())
    assert reads == []
    assert feed.table is None

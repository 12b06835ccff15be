"""Followers of a real Redis: each event once and in order, whatever the stream holds."""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import redis

from engine.live.follower import Follower
from engine.live.publisher import Publisher
from engine.live.stream import append, connect, key_of
from engine.store.ledger import Ledger
from engine.store.reader import LedgerReader

pytestmark = pytest.mark.redis


def tell(ledger, count):
    payload = {"generation": 1, "runs": 1, "seconds": 0.5}
    return [ledger.append_event("batch_done", payload=payload) for _ in range(count)]


def streamed(server, reader, events, last=0):
    """Put events into the stream as a publisher would, from `last` on."""
    assert append(connect(server.url), key_of(reader.identity()), last, events)


def read(follower, count, seconds=20.0):
    """What a follower gives until it has given so many events."""
    found, until = [], time.monotonic() + seconds
    while len(found) < count:
        assert time.monotonic() < until, f"{len(found)} of {count} came"
        found += follower.read(0.1)
    return found


@pytest.fixture
def follow(server, reader):
    return lambda last=0: Follower(connect(server.url), reader, last)


def test_events_come_as_they_were_told(server, ledger, reader, follow):
    events = tell(ledger, 5)
    follower, late = follow(), follow(last=3)
    assert follower.read(0.01) == []
    streamed(server, reader, events)
    assert read(follower, 5) == events
    assert read(late, 2) == events[3:]
    assert follower.read(0.01) == []


def test_what_the_stream_left_out_comes_from_the_ledger(server, ledger, reader, follow):
    events = tell(ledger, 1300)
    key = key_of(reader.identity())
    with server.client as client:
        client.xadd(key, {"schema": "1"}, id="1200-0")  # a publisher goes on after the newest
        client.xdel(key, "1200-0")
    streamed(server, reader, events[1200:], last=1200)
    assert read(follow(), 1300) == events


def test_a_stream_that_was_emptied_and_filled_again_doubles_nothing(server, ledger, reader, follow):
    events = tell(ledger, 20)
    streamed(server, reader, events[:10])
    follower = follow()
    assert read(follower, 10) == events[:10]
    with server.client as client:
        client.flushall()
    streamed(server, reader, events[:15])
    streamed(server, reader, events[15:], last=15)
    assert read(follower, 10) == events[10:]


BROKEN = [
    {"schema": "1"},
    {"hello": "world"},
    {"schema": "1", "at": "x", "kind": "k", "hunt_id": "", "config_hash": "", "payload": "{"},
    {"schema": "1", "at": b"\xff", "kind": "", "hunt_id": "", "config_hash": "", "payload": "{}"},
]


@pytest.mark.parametrize("fields", BROKEN)
def test_the_ledger_says_what_a_broken_entry_should_have(server, ledger, reader, follow, fields):
    events = tell(ledger, 4)
    streamed(server, reader, events[:2])
    with server.client as client:
        client.xadd(key_of(reader.identity()), fields, id="3-0")
    streamed(server, reader, events[3:], last=3)
    follower = follow()
    assert read(follower, 4) == events
    assert (follower.malformed, follower.skipped) == (1, 0)


def test_entries_between_ours_are_left_out_with_one_warning(server, ledger, reader, follow, caplog):
    events = tell(ledger, 4)
    key = key_of(reader.identity())
    with server.client as client:
        for at, event in enumerate(events):
            streamed(server, reader, [event], last=at)
            client.xadd(key, {"spam": "ham"}, id=f"{event.seq}-7")
    follower = follow()
    assert read(follower, 4) == events
    assert follower.read(0.01) == []
    assert follower.malformed == 4
    assert caplog.text.count("what no irer wrote") == 1


def test_an_entry_far_beyond_the_log_hides_nothing(server, ledger, reader, follow):
    """As `XADD key * …` makes one: its number is a time, and no publisher can follow it."""
    events = tell(ledger, 3)
    streamed(server, reader, events)
    with server.client as client:
        client.xadd(key_of(reader.identity()), {"spam": "ham"})
    follower = follow()
    assert read(follower, 3) == events
    later = tell(ledger, 2)
    assert read(follower, 2) == later
    with server.client as client:
        client.delete(key_of(reader.identity()))
    newest = tell(ledger, 1)
    streamed(server, reader, [*later, *newest])
    assert read(follower, 1) == newest
    assert follower.malformed == 1


@pytest.mark.parametrize("change", [{"schema": "2"}, {"kind": "hunt_teleported"}])
def test_what_a_newer_irer_tells_is_left_out_and_counted(
    server, ledger, reader, follow, caplog, change
):
    events = tell(ledger, 6)
    streamed(server, reader, events[:2])
    key = key_of(reader.identity())
    with server.client as client:
        for seq in (3, 4):
            told = {"at": "x", "hunt_id": "", "config_hash": "", "payload": json.dumps({"a": 1})}
            client.xadd(key, {"schema": "1", "kind": "batch_done", **told, **change}, id=f"{seq}-0")
    streamed(server, reader, events[4:], last=4)
    follower = follow()
    assert read(follower, 4) == [*events[:2], *events[4:]]
    assert (follower.skipped, follower.malformed) == (2, 0)
    assert caplog.text.count("of a newer irer") == 1


def test_a_ledger_in_the_place_of_another_is_followed_from_its_first_event(
    server, path, reader, follow, tmp_path
):
    with Ledger(path) as old:
        events = tell(old, 5)
        streamed(server, reader, events)
        follower = follow()
        assert read(follower, 5) == events
    with Ledger(tmp_path / "new.sqlite") as new:
        again = tell(new, 3)
    (tmp_path / "new.sqlite").replace(path)
    streamed(server, reader, again)
    assert read(follower, 3) == again


def test_a_redis_that_is_lost_is_an_error_and_nothing_is_lost_by_it(server, ledger, reader, follow):
    events = tell(ledger, 2)
    streamed(server, reader, events[:1])
    follower = follow()
    assert read(follower, 1) == events[:1]
    server.kill()
    with pytest.raises(redis.RedisError):
        follower.read(0.1)
    server.start()
    streamed(server, reader, events)
    assert read(follower, 1) == events[1:]


WRITER = Path(__file__).parent / "event_writer.py"


def test_every_reader_ends_with_the_exact_log_though_redis_is_killed_while_it_is_told(
    server, path, reader
):
    """The writer is a process of its own, and the readers know only Redis and the workspace."""
    Ledger(path).close()
    total, found = 1500, [[] for _ in range(5)]

    def follow(events):
        follower = Follower(connect(server.url), LedgerReader(path))
        until = time.monotonic() + 90
        while not events or events[-1].seq < total:
            if time.monotonic() > until:
                return
            try:
                events += follower.read(0.2)
            except redis.RedisError:
                time.sleep(0.05)

    readers = [threading.Thread(target=follow, args=(events,)) for events in found]
    for each in readers:
        each.start()
    publisher = Publisher(connect(server.url), LedgerReader(path))
    with subprocess.Popen([sys.executable, str(WRITER), str(path), str(total)]) as writer:
        for _ in range(4):
            time.sleep(0.3)
            server.kill()
            time.sleep(0.2)
            server.start()
        assert writer.wait(60) == 0
    for each in readers:
        each.join()
    publisher.close()
    log = reader.events_after(limit=total + 1)
    assert [event.seq for event in log] == list(range(1, total + 1))
    assert all(events == log for events in found)

"""The thread behind a page that follows: nothing ends it, and what it leaves out shows."""

import json
import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from engine.live.bus import Bus
from engine.live.condition import Condition
from engine.live.follower import FollowerThread
from engine.live.redis_link import RedisLink
from engine.live.stream import append, connect, key_of

DEPLOY = Path(__file__).parents[2] / "docs" / "deploy.md"

pytestmark = pytest.mark.redis


def wait_for(wanted, seconds=30.0):
    until = time.monotonic() + seconds
    while not wanted():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.01)


def tell(ledger, count):
    payload = {"generation": 1, "runs": 1, "seconds": 0.5}
    return [ledger.append_event("batch_done", payload=payload) for _ in range(count)]


def change(path, statement):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


@pytest.fixture
def rung():
    return []


@pytest.fixture
def link(server, ledger, reader, rung):
    bus = Bus()
    bus.subscribe(lambda: rung.append(1))
    link = RedisLink(server.url, reader, bus, publishes=False)
    wait_for(lambda: link.state().up)
    yield link
    link.close()


def test_what_a_newer_irer_told_is_counted_where_others_can_see_it(server, reader, link):
    told = {"at": "x", "hunt_id": "", "config_hash": "", "payload": json.dumps({"a": 1})}
    with server.client as client:
        for seq in (1, 2):
            client.xadd(
                key_of(reader.identity()), {"schema": "9", "kind": "k", **told}, id=f"{seq}-0"
            )
    wait_for(lambda: link.state().skipped == 2)
    assert link.state().up


@pytest.mark.parametrize(
    ("spoil", "mend", "words"),
    [
        ("UPDATE events SET payload = '{'", "UPDATE events SET payload = '{}'", "event 1 "),
        ("ALTER TABLE identity RENAME TO kept", "ALTER TABLE kept RENAME TO identity", "identity"),
    ],
    ids=["a damaged event", "a table that is gone"],
)
def test_a_ledger_that_is_damaged_for_a_while_ends_nothing(
    server, path, ledger, reader, link, rung, caplog, spoil, mend, words
):
    identity, [first, *more] = reader.identity(), tell(ledger, 3)
    change(path, spoil)
    # The stream has lost the first: the follower has to ask the ledger for it.
    with server.client as client:
        client.xadd(key_of(identity), {"schema": "1"}, id=f"{first.seq}-0")
        client.xdel(key_of(identity), f"{first.seq}-0")
    append(connect(server.url), key_of(identity), first.seq, more)
    wait_for(lambda: words in link.state().problem)
    change(path, mend)
    wait_for(lambda: link.state().up)
    rung.clear()
    append(connect(server.url), key_of(identity), more[-1].seq, tell(ledger, 1))
    wait_for(lambda: rung)
    assert sum(words in each.getMessage() for each in caplog.records) == 1


def test_a_ring_that_fails_ends_nothing(server, ledger, reader, caplog):
    rung = []

    def ring():
        rung.append(1)
        if len(rung) < 3:
            raise RuntimeError("nobody is at home")

    condition = Condition("here")
    follower = FollowerThread(connect(server.url), reader, ring, condition)
    wait_for(lambda: condition.state().up)  # it follows from the newest event on
    events = tell(ledger, 5)
    for last, event in enumerate(events):
        before = len(rung)
        append(connect(server.url), key_of(reader.identity()), last, [event])
        wait_for(lambda before=before: len(rung) > before)
    follower.close()
    assert caplog.text.count("The follower failed.") == 1


def test_a_redis_user_with_the_rights_that_the_docs_give_can_publish_and_follow(
    server, ledger, reader
):
    [rights] = re.findall(r"ACL SETUSER (.*)", DEPLOY.read_text(encoding="utf-8"))
    with server.client as client:
        client.execute_command("ACL", "SETUSER", *rights.split())
        client.execute_command("ACL", "SETUSER", "default", "off")
    bus = Bus()
    url = server.url.replace("://", "://irer:PASSWORD@")
    links = [RedisLink(url, reader, each, publishes=each is bus) for each in (bus, Bus())]
    try:
        tell(ledger, 3)
        bus.ring()
        wait_for(lambda: links[0].state().published == 3 and links[1].state().up)
    finally:
        for link in links:
            link.close()

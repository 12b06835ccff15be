"""Server-sent events against a real server, and readers that are cut off, slow, or gone."""

import random
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Thread

import psutil
import pytest
from api_client import SMALL, Client, Listener

from engine.store.event_kinds import EVENT_SCHEMA
from engine.store.ledger import Ledger
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace


@pytest.fixture
def fresh(start_server):
    """A server on a new workspace, and that workspace."""
    served = start_server()
    return Client(served.url), Workspace.open(served.workspace)


@pytest.fixture(scope="module")
def impatient(start_server):
    """The same, but it cuts off after a second, and its heart beats three times in it."""
    served = start_server("tests.api.impatient_server")
    return Client(served.url), Workspace.open(served.workspace), served.process


def note(workspace, count, size=1):
    """Write events; nothing rings in the server for what another process writes."""
    with Ledger(workspace.ledger_path) as ledger:
        for number in range(count):
            ledger.append_event("noted", payload={"number": number, "text": "x" * size})


def take(listener, count):
    found = []
    for told in listener:
        found.append(told)
        if len(found) == count:
            break
    return found


def test_a_hunt_is_told_from_its_snapshot_to_its_end(fresh):
    client, workspace = fresh
    with Listener(client) as listener:
        assert listener.answer.getheader("Content-Type") == "text/event-stream"
        assert listener.answer.getheader("Cache-Control") == "no-store"
        assert listener.answer.getheader("X-Accel-Buffering") == "no"
        assert client.post("/api/start-hunt", SMALL).status == 202
        [snapshot] = take(listener, 1)
        told = []
        while not told or told[-1].data["kind"] != "hunt_completed":
            told += take(listener, 1)
    assert (snapshot.event, snapshot.id, snapshot.data["hunt_status"]) == ("snapshot", 0, "idle")
    assert snapshot.data["event_schema"] == EVENT_SCHEMA
    assert [each.id for each in told] == list(range(1, 1 + len(told)))
    kinds = [each.data["kind"] for each in told]
    assert kinds[0] == "hunt_started"
    assert kinds.count("run_committed") == 6
    events = LedgerReader(workspace.ledger_path).events_after()
    assert [each.data for each in told] == [event.to_dict() for event in events]


@pytest.mark.parametrize(
    ("query", "headers", "first"),
    [
        ("?after=0", {}, 1),
        ("?after=3", {}, 4),
        ("", {"Last_Event_ID": "5"}, 6),
        ("?after=1", {"Last_Event_ID": "5"}, 6),
    ],
)
def test_a_reader_goes_on_behind_the_last_that_it_has(client, query, headers, first):
    with Listener(client, query, **headers) as listener:
        snapshot, *told = take(listener, 1 + 9 - first)
    assert snapshot.id == first - 1
    assert [each.id for each in told] == list(range(first, 9))


@pytest.mark.parametrize("query", ["", "?after=999999999"])
def test_a_reader_without_a_number_or_with_one_of_another_ledger_begins_at_the_newest(fresh, query):
    client, workspace = fresh
    note(workspace, 3)
    with Listener(client, query) as listener:
        assert take(listener, 1)[0].id == 3
        note(workspace, 1)
        assert take(listener, 1)[0].id == 4


@pytest.mark.parametrize("number", ["-1", "x", "1e3", "1" * 19, "%D9%A3"])
def test_a_number_that_is_none_is_refused(client, number):
    refused = client.get(f"/api/events?after={number}")
    assert (refused.status, refused.json["errors"][0]["field"]) == (422, "after")
    if number.isascii() and "%" not in number:
        assert client.get("/api/events", Last_Event_ID=number).status == 422


def test_readers_that_are_cut_off_at_random_lose_and_double_nothing(fresh):
    client, workspace = fresh
    total, readers = 1500, 10

    def follow(seed):
        dice, ids, cuts = random.Random(seed), [], 0
        while len(ids) < total:
            after = ids[-1] if ids else 0
            with Listener(client, Last_Event_ID=str(after)) as listener:
                for told in listener:
                    if told.event == "message":
                        ids.append(told.id)
                    if len(ids) == total or dice.random() < 0.004:
                        cuts += 1
                        break
        return ids, cuts

    writer = Thread(target=note, args=(workspace, total))
    writer.start()
    with ThreadPoolExecutor(readers) as many:
        found = list(many.map(follow, range(readers)))
    writer.join()
    assert all(ids == list(range(1, total + 1)) for ids, _ in found)
    assert sum(cuts for _, cuts in found) > 2 * readers


def test_a_reader_that_takes_nothing_is_cut_off_and_can_go_on(impatient):
    client, workspace, process = impatient
    count = 200
    raw = socket.create_connection(client.host.split(":"))
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.sendall(b"GET /api/events?after=0 HTTP/1.1\r\nHost: localhost\r\n\r\n")
    before = psutil.Process(process.pid).memory_info().rss
    note(workspace, count, size=60_000)
    while connections(process):
        time.sleep(0.1)
    assert psutil.Process(process.pid).memory_info().rss - before < 100e6
    raw.close()
    with Listener(client, "?after=0") as listener:  # the first of the tests on this server
        _, *told = take(listener, 1 + count)
    assert [each.id for each in told] == list(range(1, count + 1))


def test_silence_is_filled_with_comments_that_have_no_id(impatient):
    client, workspace, _ = impatient
    with Listener(client) as listener:
        newest = take(listener, 1)[0]
        time.sleep(1)
        note(workspace, 1)
        told = take(listener, 1)
    assert listener.comments >= 2
    assert told[0].id == newest.id + 1


def test_readers_that_go_leave_nothing(impatient):
    client, _, process = impatient
    listeners = [Listener(client) for _ in range(30)]
    for listener in listeners:
        take(listener, 1)
    assert connections(process) == 30
    for listener in listeners:
        listener.close()
    while connections(process):
        time.sleep(0.05)


def test_a_server_that_stops_lets_its_readers_go(start_server):
    served = start_server()
    client, process = Client(served.url), served.process
    with Listener(client) as listener:
        take(listener, 1)
        process.terminate()
        assert list(listener) == []  # an end, and no error
        assert listener.answer.isclosed()


def connections(process):
    """How many are connected to a server."""
    found = psutil.Process(process.pid).net_connections("tcp")
    return sum(each.status == psutil.CONN_ESTABLISHED for each in found)

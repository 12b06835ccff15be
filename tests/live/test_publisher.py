"""A ledger's events in a real Redis: each once, in order, whatever becomes of either."""

import logging
import signal
import socket
import time

import pytest

from engine.live.publisher import Publisher
from engine.live.stream import connect, event_of, key_of
from engine.store.ledger import Ledger
from engine.store.reader import LedgerReader

pytestmark = pytest.mark.redis


def wait_for(wanted, seconds=30.0):
    until = time.monotonic() + seconds
    while not wanted():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.01)


def batch(number):
    return {"generation": number, "runs": 1, "seconds": 0.5}


def tell(ledger, count):
    for number in range(count):
        ledger.append_event("batch_done", payload=batch(number))


def streamed(server, identity):
    """What a stream holds."""
    with server.client as client:
        return [event_of(*entry) for entry in client.xrange(key_of(identity))]


@pytest.fixture
def publish(reader):
    made = []

    def start(server, ledger=reader):
        made.append(Publisher(connect(server.url), ledger))
        return made[-1]

    yield start
    for each in made:
        each.close()


def test_what_was_told_before_and_after_is_there_once_in_order(server, ledger, reader, publish):
    tell(ledger, 3)
    publisher = publish(server)
    tell(ledger, 700)
    publisher.ring()
    wait_for(lambda: publisher.condition.state().published == 703)
    assert streamed(server, reader.identity()) == reader.events_after()
    assert publisher.condition.state().up


def test_it_publishes_without_a_ring_what_another_process_tells(server, ledger, reader, publish):
    publisher = publish(server)
    wait_for(lambda: publisher.condition.state().up)
    tell(ledger, 1)
    wait_for(lambda: streamed(server, reader.identity()) == reader.events_after() != [])


def test_two_publishers_of_one_ledger_double_nothing(server, ledger, reader, publish):
    both = [publish(server) for _ in range(2)]
    for _ in range(200):
        tell(ledger, 1)
        for each in both:
            each.ring()
    wait_for(lambda: sum(each.condition.state().published for each in both) == 200)
    assert streamed(server, reader.identity()) == reader.events_after()


def test_a_redis_that_was_emptied_gets_the_tail_again(server, ledger, reader, publish, monkeypatch):
    monkeypatch.setattr("engine.live.publisher.MOST", 50)
    tell(ledger, 120)
    publisher = publish(server)
    wait_for(lambda: streamed(server, reader.identity())[-1:] == reader.events_after(119))
    with server.client as client:
        client.flushall()
    wait_for(lambda: streamed(server, reader.identity()) == reader.events_after(70))
    with server.client as client:
        client.flushall()
    tell(ledger, 1)  # before the publisher has seen that anything is amiss
    publisher.ring()
    wait_for(lambda: streamed(server, reader.identity()) == reader.events_after(71))


def test_a_stream_is_bounded(server, ledger, reader, publish, monkeypatch):
    monkeypatch.setattr("engine.live.stream.MOST", 200)
    tell(ledger, 1000)
    publisher = publish(server)
    wait_for(lambda: publisher.condition.state().published == 1000)
    kept = streamed(server, reader.identity())
    assert 200 <= len(kept) < 400
    assert kept == reader.events_after(1000 - len(kept))


def test_a_redis_that_is_killed_again_and_again_ends_with_the_exact_tail(
    server, ledger, reader, publish, caplog
):
    caplog.set_level(logging.INFO, "engine.live")
    publisher = publish(server)
    for life in range(3):
        tell(ledger, 40)
        publisher.ring()
        wait_for(lambda: publisher.condition.state().up)
        server.kill()
        tell(ledger, 40)
        publisher.ring()
        wait_for(lambda: not publisher.condition.state().up)
        down = publisher.condition.state()
        assert "ConnectionError" in down.problem
        assert down.since <= time.time()
        server.start()
        wait_for(lambda: streamed(server, reader.identity())[-1:] == reader.events_after()[-1:], 60)
        assert streamed(server, reader.identity()) == reader.events_after(), life
    lost = [r for r in caplog.records if r.levelno == logging.WARNING]
    assert len(lost) <= 3 * 3, "a sort of problem is said once an outage"


def test_an_outage_is_said_once_however_long(ledger, reader, caplog):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    client = connect(f"redis://:hunter2@127.0.0.1:{port}")
    publisher = Publisher(client, reader)
    tell(ledger, 1)
    time.sleep(2)
    publisher.close()
    [warning] = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert f"127.0.0.1:{port}" in warning
    assert "hunter2" not in caplog.text
    assert not publisher.condition.state().up


def test_a_wrong_password_is_said_without_it(tmp_path, ledger, reader, caplog):
    from redis_process import RedisProcess

    server = RedisProcess(tmp_path, password="right").start()
    try:
        client = connect(server.url.replace("right", "hunter2"))
        publisher = Publisher(client, reader)
        wait_for(lambda: publisher.condition.state().problem)
        publisher.close()
        assert "AuthenticationError" in publisher.condition.state().problem
        assert "hunter2" not in caplog.text
        good = Publisher(connect(server.url), reader)
        wait_for(lambda: good.condition.state().up)
        good.close()
    finally:
        server.kill()


def test_a_redis_that_hangs_holds_up_no_writer_and_what_it_was_told_is_not_doubled(
    server, ledger, reader, publish
):
    """When it wakes up, it does what it was told before the publisher lost its patience."""
    publisher = publish(server)
    wait_for(lambda: publisher.condition.state().up)
    server.process.send_signal(signal.SIGSTOP)
    try:
        tell(ledger, 5)
        publisher.ring()
        wait_for(lambda: "Timeout" in publisher.condition.state().problem)
    finally:
        server.process.send_signal(signal.SIGCONT)
    wait_for(lambda: publisher.condition.state().up)
    tell(ledger, 1)
    wait_for(lambda: streamed(server, reader.identity()) == reader.events_after())


def test_what_was_told_just_before_the_end_is_published(server, ledger, reader, publish):
    publisher = publish(server)
    wait_for(lambda: publisher.condition.state().up)
    tell(ledger, 600)
    publisher.close(patience=30)
    assert streamed(server, reader.identity()) == reader.events_after()


def test_a_ledger_in_the_place_of_another_has_a_stream_of_its_own(
    server, path, reader, publish, tmp_path
):
    with Ledger(path) as old:
        tell(old, 5)
    publisher = publish(server)
    wait_for(lambda: publisher.condition.state().published == 5)
    before, first = reader.events_after(), reader.identity()
    with Ledger(tmp_path / "new.sqlite") as new:
        tell(new, 3)
    for part in ("-wal", "-shm"):
        path.with_name(path.name + part).unlink(missing_ok=True)
    (tmp_path / "new.sqlite").replace(path)
    publisher.ring()
    wait_for(lambda: publisher.condition.state().published == 8)
    assert reader.identity() != first
    assert streamed(server, reader.identity()) == reader.events_after()
    assert streamed(server, first) == before


def test_a_stream_that_holds_anothers_events_is_not_added_to_until_it_is_removed(
    server, path, reader, publish, tmp_path, caplog
):
    """As after a workspace was restored from a backup, and went another way since."""
    with Ledger(path) as ledger:
        tell(ledger, 2)
    copy = tmp_path / "copy.sqlite"
    copy.write_bytes(path.read_bytes())
    with Ledger(copy) as ledger:
        tell(ledger, 5)
    other = publish(server, LedgerReader(copy))
    wait_for(lambda: other.condition.state().published == 7)
    other.close()
    publisher = publish(server)
    wait_for(lambda: "restored from a backup" in publisher.condition.state().problem)
    assert len(streamed(server, reader.identity())) == 7
    key = key_of(reader.identity())
    assert f"redis-cli DEL {key}" in caplog.text
    with server.client as client:
        client.delete(key)
    wait_for(lambda: publisher.condition.state().up)
    wait_for(lambda: streamed(server, reader.identity()) == reader.events_after())

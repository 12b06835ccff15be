"""Entries of a Redis stream, and the URL of a Redis, which may hold a password."""

import json

import pytest

from engine.errors import SettingsError
from engine.live.stream import EntryError, connect, event_of, number_of, place_of, words_of
from engine.store.event import Event

PAYLOAD = {"generation": 1, "runs": 4, "seconds": 0.5}
ENTRY = {
    b"schema": b"1",
    b"at": b"2026-11-21T10:00:00.000+00:00",
    b"kind": b"batch_done",
    b"hunt_id": b"2026-11-21-001",
    b"config_hash": b"",
    b"payload": json.dumps(PAYLOAD).encode(),
}


def test_an_entry_is_an_event():
    event = Event(7, ENTRY[b"at"].decode(), "batch_done", "2026-11-21-001", None, PAYLOAD)
    assert event_of(b"7-0", ENTRY) == event


@pytest.mark.parametrize("change", [{b"schema": b"2"}, {b"kind": b"hunt_teleported"}])
def test_what_is_of_a_newer_irer_is_no_event_and_no_error(change):
    assert event_of(b"7-0", {**ENTRY, **change}) is None


@pytest.mark.parametrize(
    "fields",
    [
        None,
        {},
        {b"hello": b"world"},
        {**ENTRY, b"schema": b"one"},
        {**ENTRY, b"payload": b"{"},
        {**ENTRY, b"payload": b"[1]"},
        {**ENTRY, b"payload": b"[" * 100_000},
        {**ENTRY, b"at": b"\xff\xfe"},
        {name: value for name, value in ENTRY.items() if name != b"hunt_id"},
    ],
)
def test_what_no_publisher_wrote_is_named(fields):
    with pytest.raises(EntryError, match="entry 7-0"):
        event_of(b"7-0", fields)


@pytest.mark.parametrize("entry_id", [b"7-1", b"0-0", b"-1-0", b"07-0", b"9" * 20 + b"-0", b""])
def test_an_id_that_no_publisher_gives_is_named(entry_id):
    with pytest.raises(EntryError, match="expected <number>-0"):
        number_of(entry_id)


@pytest.mark.parametrize(
    "url",
    [
        "redis://:hunter2/x@example.org:6379/0",
        "http://:hunter2@example.org",
        "redis://:hunter2@example.org:port",
        "hunter2",
        "redis://:hunter2@example.org/0?socket_timeout=soon",
    ],
)
def test_a_url_that_cannot_be_read_is_refused_without_its_secrets(url):
    with pytest.raises(SettingsError, match="IRER_REDIS_URL") as refused:
        connect(url)
    assert "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


def test_a_place_is_named_without_secrets():
    client = connect("redis://scientist:hunter2@127.0.0.1:7/3")
    assert place_of(client) == "127.0.0.1:7/3"
    words = words_of(ValueError("scientist with hunter2 was refused"), client)
    assert words == "ValueError: … with … was refused"
    assert place_of(connect("unix:///run/redis.sock")) == "/run/redis.sock/0"


def test_options_of_a_url_do_not_change_how_entries_are_read():
    client = connect("redis://127.0.0.1/0?decode_responses=True&protocol=3&socket_timeout=900")
    known = client.connection_pool.connection_kwargs
    assert (known["decode_responses"], known["protocol"], known["socket_timeout"]) == (False, 2, 5)

"""The one reader of the log behind all streams."""

import asyncio
import sqlite3
from contextlib import AsyncExitStack, closing

import pytest

from engine.live.bus import Bus
from engine.store.ledger import Ledger
from engine.store.reader import LedgerReader
from irer_panel.api import fan_out
from irer_panel.api.fan_out import FanOut


class CountingReader(LedgerReader):
    """A real reader that counts what it is asked."""

    asked = 0

    def log_after(self, seq, limit=1000):
        self.asked += 1
        return super().log_after(seq, limit)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "ledger.sqlite"
    with Ledger(path) as ledger:
        for number in range(10):
            ledger.append_event("noted", payload={"number": number})
    return path


def write(path, count):
    with Ledger(path) as ledger:
        for _ in range(count):
            ledger.append_event("noted")


async def follow(hub, after, last):
    sent = b""
    async with hub.listening():
        while after < last:
            after, more = await hub.after(after)
            sent += more
    return [int(line[4:]) for line in sent.split(b"\n") if line.startswith(b"id: ")]


def test_many_readers_cost_the_ledger_one_reading(path):
    async def run():
        reader, bus = CountingReader(path), Bus()
        hub = FanOut(reader, bus)
        async with asyncio.timeout(60), hub.listening():
            following = [asyncio.create_task(follow(hub, 10, 15)) for _ in range(200)]
            await asyncio.sleep(0.2)
            reader.asked = 0
            await asyncio.to_thread(write, path, 5)
            bus.ring()
            found = await asyncio.gather(*following)
            assert found == 200 * [[11, 12, 13, 14, 15]]
            assert reader.asked <= 6
            assert bus.listeners == 1
        assert (hub.listeners, bus.listeners) == (0, 0)

    asyncio.run(run())


@pytest.mark.parametrize(("name", "most"), [("WINDOW", 3), ("WINDOW_BYTES", 400)])
def test_what_the_window_has_no_more_is_read_from_the_ledger(path, monkeypatch, name, most):
    monkeypatch.setattr(fan_out, name, most)
    monkeypatch.setattr(fan_out, "PAGE", 4)

    async def run():
        reader, bus = LedgerReader(path), Bus()
        hub = FanOut(reader, bus)
        async with asyncio.timeout(60), hub.listening():
            await asyncio.to_thread(write, path, 20)
            bus.ring()
            assert await follow(hub, 27, 30) == [28, 29, 30]
            assert await follow(hub, 0, 30) == list(range(1, 31))
            assert len(hub._window) <= 3

    asyncio.run(run())


def test_a_reader_that_is_cancelled_takes_no_other_with_it(path):
    async def run():
        bus = Bus()
        hub = FanOut(LedgerReader(path), bus)
        async with asyncio.timeout(60), hub.listening():
            one, two = (asyncio.create_task(follow(hub, 10, 11)) for _ in range(2))
            await asyncio.sleep(0.1)
            one.cancel()
            await asyncio.to_thread(write, path, 1)
            bus.ring()
            assert await two == [11]
            assert hub.listeners == 1

    asyncio.run(run())


def test_a_ledger_that_was_replaced_ends_the_streams(path, tmp_path):
    async def run():
        hub = FanOut(LedgerReader(path), Bus())
        async with asyncio.timeout(60), AsyncExitStack() as stack:
            standing = await stack.enter_async_context(hub.listening())
            waiting = asyncio.create_task(hub.after(standing.newest))
            await asyncio.sleep(0.1)
            for each in tmp_path.iterdir():
                each.unlink()
            await asyncio.to_thread(write, path, 2)
            assert await waiting == (10, b"")
            assert hub.replaced == 1
            assert await follow(hub, 0, 2) == [1, 2]

    asyncio.run(run())


def test_who_listens_is_let_go_when_the_server_stops(path):
    async def run():
        hub = FanOut(LedgerReader(path), Bus())
        async with asyncio.timeout(60), hub.listening() as standing:
            waiting = asyncio.create_task(hub.after(standing.newest))
            await asyncio.sleep(0.1)
            hub.close()
            assert await waiting == (10, b"")

    asyncio.run(run())


@pytest.mark.parametrize("after", [10, 4], ids=["newest", "behind the window"])
def test_a_longer_ledger_in_the_place_of_another_ends_the_streams(
    path, tmp_path, monkeypatch, after
):
    monkeypatch.setattr(fan_out, "WINDOW", 3)
    write(tmp_path / "longer.sqlite", 12)

    async def run():
        hub = FanOut(LedgerReader(path), Bus())
        async with asyncio.timeout(60), hub.listening() as standing:
            assert standing.ledger == LedgerReader(path).identity()
            (tmp_path / "longer.sqlite").replace(path)
            assert await hub.after(after) == (after, b"")
            assert hub.replaced == standing.replaced + 1
            async with hub.listening() as anew:
                assert anew.ledger == LedgerReader(path).identity() != standing.ledger
                assert await follow(hub, 0, 12) == list(range(1, 13))

    asyncio.run(run())


def test_who_comes_between_two_ledgers_is_told_to_come_again(path, tmp_path):
    write(tmp_path / "longer.sqlite", 12)

    async def run():
        hub = FanOut(LedgerReader(path), Bus())
        async with asyncio.timeout(60), hub.listening():
            (tmp_path / "longer.sqlite").replace(path)
            async with hub.listening() as standing:
                assert standing.replaced != hub.replaced

    asyncio.run(run())


def test_however_many_positions_are_asked_for_few_answers_are_kept(path):
    async def run():
        hub = FanOut(LedgerReader(path), Bus())
        async with asyncio.timeout(60), hub.listening():
            await asyncio.to_thread(write, path, 50)
            while hub._last < 60:
                await asyncio.sleep(0.01)
            for after in range(10, 60):
                assert (await hub.after(after)).last == 60
                assert len(hub._ready) <= fan_out.KEPT

    asyncio.run(run())


def put(path, payload):
    """An event 12 with this for its payload, as a disk or a foreign hand leaves it."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO events(seq, at, kind, payload) VALUES (12, 'x', 'noted', ?) "
            "ON CONFLICT(seq) DO UPDATE SET payload = excluded.payload",
            (payload,),
        )


@pytest.mark.parametrize("payload", ["{", b"\xff", 9 * "[" + "{", "9" * 5000], ids=repr)
def test_a_damaged_event_holds_up_what_follows_until_it_is_repaired(
    path, caplog, monkeypatch, payload
):
    monkeypatch.setattr(fan_out, "PULSE", 0.05)

    async def run():
        hub = FanOut(LedgerReader(path), Bus())
        async with asyncio.timeout(60), hub.listening():
            await asyncio.to_thread(write, path, 1)
            await asyncio.to_thread(put, path, payload)
            assert (await hub.after(10)).last == 11  # what comes before it comes
            while "event 12 " not in caplog.text:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.5)
            assert caplog.text.count("event 12 ") == 1
            await asyncio.to_thread(put, path, "{}")
            assert (await hub.after(11)).last == 12

    asyncio.run(run())


def test_what_no_engine_error_is_ends_no_stream_either(path, caplog):
    """As where the process has no descriptor left for a thread, or a table is gone."""

    async def run():
        hub = FanOut(LedgerReader(path), Bus())
        async with asyncio.timeout(60), hub.listening():
            with closing(sqlite3.connect(path)) as connection, connection:
                connection.execute("CREATE TABLE kept AS SELECT * FROM identity")
                connection.execute("DELETE FROM identity")
            while "The event log cannot be read" not in caplog.text:
                await asyncio.sleep(0.01)
            with closing(sqlite3.connect(path)) as connection, connection:
                connection.execute("INSERT INTO identity SELECT * FROM kept")
            await asyncio.to_thread(write, path, 1)
            assert (await hub.after(10)).last == 11

    asyncio.run(run())

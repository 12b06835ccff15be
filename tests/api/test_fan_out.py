"""The one reader of the log behind all streams."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from engine.live.bus import Bus
from engine.store.ledger import Ledger
from engine.store.reader import LedgerReader
from irer_panel.api import fan_out
from irer_panel.api.fan_out import FanOut


class CountingReader(LedgerReader):
    """A real reader that counts what it is asked."""

    asked = 0

    def events_after(self, seq=0, limit=1000):
        self.asked += 1
        return super().events_after(seq, limit)


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
            newest = await stack.enter_async_context(hub.listening())
            waiting = asyncio.create_task(hub.after(newest))
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
        async with asyncio.timeout(60), hub.listening() as newest:
            waiting = asyncio.create_task(hub.after(newest))
            await asyncio.sleep(0.1)
            hub.close()
            assert await waiting == (10, b"")

    asyncio.run(run())

"""Who checks tokens and tells events does not wait behind the pages' looks at the disk."""

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor

from engine.live.bus import Bus
from engine.store.ledger import Ledger
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace
from irer_panel import room
from irer_panel.api.fan_out import FanOut
from irer_panel.background import doorkeeper, readers


def test_events_and_tokens_come_while_every_reader_of_the_pages_waits(tmp_path):
    go_on = threading.Event()
    waiting = [readers.submit(go_on.wait, 60) for _ in range(8)]

    async def run():
        with Ledger(tmp_path / "ledger.sqlite") as ledger:
            hub = FanOut(LedgerReader(tmp_path / "ledger.sqlite"), Bus())
            async with asyncio.timeout(30), hub.listening() as standing:
                await asyncio.to_thread(ledger.append_event, "noted")
                assert (await hub.after(standing.newest)).last == 1
                loop = asyncio.get_running_loop()
                assert await loop.run_in_executor(doorkeeper, lambda: "in")

    try:
        asyncio.run(run())
        assert not any(each.done() for each in waiting)
    finally:
        go_on.set()


def test_an_old_look_at_the_room_is_good_enough_while_one_thread_takes_a_new_one(
    tmp_path, monkeypatch
):
    workspace = Workspace.open(tmp_path)
    first = room.room_of(workspace)
    monkeypatch.setattr(room, "FRESH", 0.0)
    folder, looks = workspace.root / "simulation_data", []
    go_on, real = threading.Event(), os.scandir

    def slow(path):
        looks.append(path)
        go_on.wait(60)
        return real(path)

    (folder / "a.h5").write_bytes(bytes(12_345))
    monkeypatch.setattr(os, "scandir", slow)
    with ThreadPoolExecutor(4) as pages:
        for asked in [pages.submit(room.room_of, workspace) for _ in range(20)]:
            assert asked.result(30) == first
    assert len(looks) <= 1
    go_on.set()
    while room.room_of(workspace).held == first.held:
        pass
    assert room.room_of(workspace).held == first.held + 12_345

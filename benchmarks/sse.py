"""Readers cut off at random while events stream: `python -m benchmarks sse`.

A hundred thousand events, five hundred cuts, each at a random moment in the middle of whatever was
being sent. Whoever was cut comes back with the number of its last whole event. In the end each has
every event once, in order.
"""

import asyncio
import random
import tempfile
import time
from pathlib import Path

from benchmarks.listening import Reader
from benchmarks.talking import talking

EVENTS, RATE, BATCH = 100_000, 2000.0, 20
READERS, CUTS = 10, 500


def main() -> None:
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, talking(Path(folder)) as talker:
        readers = [Reader(talker.url) for _ in range(READERS)]
        talker.write(RATE, BATCH, EVENTS)
        cuts = asyncio.run(follow(readers))
        talker.written()
    wrong = sum(reader.seen != list(range(1, EVENTS + 1)) for reader in readers)
    took = time.monotonic() - began
    print(f"SSE: {EVENTS:,} events, {READERS} readers, {cuts} cuts in {took:.0f} s")
    print(f"  readers whose sequence is not exact      {wrong:6}    wanted 0")
    if wrong or cuts < CUTS:
        raise SystemExit(1)


async def follow(readers: list[Reader]) -> int:
    counts = await asyncio.gather(*(cut_again_and_again(r, i) for i, r in enumerate(readers)))
    return sum(counts)


async def cut_again_and_again(reader: Reader, seed: int) -> int:
    """Follow to the last event, cut off now and then; how often."""
    dice, cuts = random.Random(seed), 0
    pause = EVENTS / RATE / (CUTS / READERS)
    while not reader.seen or reader.seen[-1] < EVENTS:
        stream, writer = await reader.connect()
        wanted = CUTS // READERS - cuts > 0
        try:
            limit = dice.uniform(0.0, 1.6 * pause) if wanted else None
            await asyncio.wait_for(reader.read(stream, EVENTS), limit)
        except TimeoutError:
            cuts += 1
        finally:
            writer.transport.abort()
    return cuts


if __name__ == "__main__":
    main()

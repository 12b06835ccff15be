"""Nothing is lost: `python -m benchmarks sse`.

A hundred thousand events; half of the readers listen to the server that hunts, half to one that
follows it through Redis. Five hundred times a reader is cut off at random, in the middle of
whatever was being sent, and comes back with the number of its last whole event; twenty times the
Redis, which keeps nothing, is killed and started again. In the end each reader has every event
once, in order.
"""

import asyncio
import random
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.following import RedisProcess, following, redis_server
from benchmarks.listening import Reader
from benchmarks.talking import talking

EVENTS, RATE, BATCH = 100_000, 2000.0, 20
READERS, CUTS = 10, 500
KILLS, DOWN = 20, 0.5


def main() -> None:
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as folder,
        redis_server(Path(folder) / "redis") as redis,
        talking(Path(folder) / "workspace", redis.url) as talker,
        following(Path(folder) / "workspace", redis.url) as (far, _),
    ):
        readers = [Reader(far if i % 2 else talker.url) for i in range(READERS)]
        killer = threading.Thread(target=kill_again_and_again, args=(redis,))
        talker.write(RATE, BATCH, EVENTS)
        killer.start()
        cuts = asyncio.run(follow(readers))
        talker.written()
        killer.join()
    wrong = sum(reader.seen != list(range(1, EVENTS + 1)) for reader in readers)
    took = time.monotonic() - began
    print(f"SSE: {EVENTS:,} events, {READERS} readers, half of them beyond Redis, in {took:.0f} s")
    print(f"  readers cut off                          {cuts:6}    wanted {CUTS}")
    print(f"  Redis killed                             {KILLS:6}    wanted 20")
    print(f"  readers whose sequence is not exact      {wrong:6}    wanted 0")
    if wrong or cuts < CUTS:
        raise SystemExit(1)


def kill_again_and_again(redis: RedisProcess) -> None:
    """As often as wanted while the events are written."""
    for _ in range(KILLS):
        time.sleep(EVENTS / RATE / KILLS - DOWN)
        redis.kill()
        time.sleep(DOWN)
        redis.start()


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

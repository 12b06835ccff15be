"""Two hours of a working day in six minutes: `python -m benchmarks soak`.

A server that hunts, and one that follows it through Redis. Meanwhile as many events as two hours
of hunting write, a page opened and closed on either in turn, readers of the event stream that come
and go, questions over HTTP, and now and then a real hunt. After each quarter all go home, and what
both servers still hold is compared: the first quarter is the warm-up.
"""

import asyncio
import http.client
import json
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from threading import Lock
from typing import NamedTuple
from urllib.parse import urlsplit

import psutil

from benchmarks.following import following, redis_server
from benchmarks.listening import Reader
from benchmarks.talking import talking
from benchmarks.visitors import Visitor

LASTS, QUARTERS = 360.0, 4
RESTS = 45.0
"""Seconds after which the sessions of pages that were closed are gone."""

HOURS = 2.0
EVENTS = int(9 * 3600 * HOURS)
"""Those of three runs a second."""

SESSIONS, STREAMS, QUESTIONS, HUNTS = 120, 720, 1440, 12
STAYS = 3.0
"""Seconds that a page stays open."""

STEADY = 10
"""Readers of the event stream that stay, of either server."""

BATCH = 9
HUNT = {"num_generations": 1, "population_size": 4, "N_grid": 32, "T_steps": 40, "null_draws": 19}
HUNT |= {"domain_length": 256}
seeds, hunting = count(), Lock()


class Rest(NamedTuple):
    """What a server holds while nobody is there."""

    bytes: int
    files: int
    threads: int


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        redis_server(Path(folder) / "redis") as redis,
        talking(Path(folder) / "workspace", redis.url) as talker,
        following(Path(folder) / "workspace", redis.url) as (far, follower),
    ):
        urls = (talker.url, far)
        servers = [psutil.Process(each) for each in (talker.process.pid, follower)]
        rests: list[list[Rest]] = []
        done: Counter[str] = Counter()
        for _ in range(QUARTERS):
            talker.write(EVENTS / LASTS, BATCH, EVENTS // QUARTERS)
            done += asyncio.run(work(urls))
            talker.written()
            time.sleep(RESTS)
            rests.append([rest(each) for each in servers])
    counts = ", ".join(f"{number:,} {name}" for name, number in done.items())
    print(f"soak of {LASTS:.0f} s for {HOURS:g} h, events {EVENTS:,}, {counts}")
    print(f"  at rest after each of {QUARTERS} quarters, the first being the warm-up:")
    for name, found in zip(("server", "follower"), zip(*rests, strict=True), strict=True):
        sizes = [each.bytes / 2**20 for each in found]
        words = ", ".join(f"{each:.0f}" for each in sizes)
        change = 100 * (sizes[-1] / sizes[0] - 1)
        print(f"  {name + ', resident MB':<26} {words}: {change:+.1f} %, wanted within 5 %")
        for what in ("files", "threads"):
            words = ", ".join(str(getattr(each, what)) for each in found)
            print(f"  {f'{name}, open {what}':<26} {words}: wanted no more")


def rest(process: psutil.Process) -> Rest:
    return Rest(process.memory_info().rss, process.num_fds(), process.num_threads())


async def work(urls: tuple[str, str]) -> Counter[str]:
    """Work for a quarter of the time; how often each thing was done."""
    # A hunt is waited for in a thread; names of hosts are looked up in threads too.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(32))
    began, lasts = time.monotonic(), LASTS / QUARTERS

    async def over_and_over(times: int, work: Callable[[str], Awaitable[None]]) -> int:
        running: set[asyncio.Task[None]] = set()
        done = 0
        while time.monotonic() - began < lasts:
            running.add(asyncio.ensure_future(work(urls[done % 2])))  # type: ignore[arg-type]
            done += 1
            await asyncio.sleep(max(0.0, began + done * LASTS / times - time.monotonic()))
            for each in [each for each in running if each.done()]:
                running.remove(each)
                each.result()
        await asyncio.gather(*running)
        return done

    steady = [asyncio.create_task(a_stream(url, lasts)) for url in STEADY * urls]
    counts = await asyncio.gather(
        over_and_over(SESSIONS, a_page),
        over_and_over(STREAMS, lambda url: a_stream(url, 1.0)),
        over_and_over(QUESTIONS, lambda url: asyncio.to_thread(a_question, url)),
        over_and_over(HUNTS, lambda _: asyncio.to_thread(a_hunt, urls[0])),
    )
    await asyncio.gather(*steady)
    return Counter(dict(zip(("pages", "streams", "questions", "hunts"), counts, strict=True)))


async def a_page(url: str) -> None:
    """A page is opened, looked at and closed."""
    visitor = Visitor()
    socket = await visitor.open(url)
    reading = asyncio.create_task(visitor.read(socket))
    await asyncio.sleep(STAYS)
    socket.close()
    await reading


async def a_stream(url: str, seconds: float) -> None:
    """A reader of what comes from now on, who goes in the middle of whatever is sent."""
    reader = Reader(url)
    reader.seen.append(EVENTS**2)  # far beyond the log: that is its end
    stream, writer = await reader.connect()
    try:
        await asyncio.wait_for(reader.read(stream, EVENTS**3), seconds)
    except TimeoutError:
        writer.transport.abort()


def a_question(url: str) -> None:
    """The status and a page of the run list."""
    for path in ("/api/get-status", "/api/runs?order=-fitness&limit=20"):
        asked(url, "GET", path, 200)


def a_hunt(url: str) -> None:
    """A short hunt, to its end; where one takes longer than usual, the next waits for it."""
    with hunting:
        _hunt(url)


def _hunt(url: str) -> None:
    asked(url, "POST", "/api/start-hunt", 202, json.dumps({**HUNT, "seed": next(seeds)}))
    until = time.monotonic() + 120
    while asked(url, "GET", "/api/get-status", 200)["hunt_status"] != "completed":
        if time.monotonic() > until:
            raise RuntimeError(f"{url}: a hunt of {HUNT} did not end within two minutes")
        time.sleep(0.5)


def asked(url: str, method: str, path: str, wanted: int, body: str = "") -> dict[str, object]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    connection.request(method, path, body or None, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    if answer.status != wanted:
        raise RuntimeError(f"{method} {path}: got {answer.status}, expected {wanted}: {said!r}")
    found: dict[str, object] = json.loads(said)
    return found


if __name__ == "__main__":
    main()

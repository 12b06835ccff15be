"""The HTTP interface: from a commit to a reader's byte, many events, answers beside a hunt.

The readers are all in one other process, which takes a share of the machine that browsers elsewhere
would not.
"""

import asyncio
import http.client
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from benchmarks.following import following, redis_server
from benchmarks.listening import Reader
from benchmarks.talking import Talker, talking
from benchmarks.watched import idle, served

READERS = 200
RATE, COUNT = 20.0, 400
FAST, BATCH = 10_000.0, 100
MANY = 50_000
HUNT = {"num_generations": 100, "population_size": 8}
ASKED = 300
WARM = 12.0
"""Seconds after which a server has compiled and imported what its first page will ask for."""


def main() -> None:
    print("HTTP interface, clients in one process on the same machine")
    with tempfile.TemporaryDirectory() as folder:
        for far in (False, True):
            _events(Path(folder) / ("far" if far else "near"), far)
        with served(Path(folder) / "hunt") as server, idle() as machine:
            times = asked(server.url)
        say("get-status beside a hunt, p50", float(np.quantile(times, 0.5)), f"{ASKED} answers")
        say("get-status beside a hunt, p95", float(np.quantile(times, 0.95)), "wanted < 0.02 s")
        say("  a process that only sleeps meanwhile", machine["max"], "")


def _events(folder: Path, far: bool) -> None:
    """The event stream of the server that hunts, or of one that follows it through Redis."""
    print("from the server that hunts" if not far else "from one that follows it through Redis")
    wanted = 0.1 if far else 0.05
    for name, wait, remark in (
        ("in its first 20 s", 0.0, "it warms up meanwhile"),
        ("", WARM, f"wanted < {wanted} s"),
    ):
        with _talking(folder / f"few{wait:g}", far) as (talker, url):
            time.sleep(wait)
            with idle() as machine:
                took = asyncio.run(latency(talker, url))
        p50, p95 = np.quantile(took, (0.5, 0.95))
        what = f"commit to byte, {READERS} readers"
        say(f"{what}, p50", p50, f"{COUNT} events, {RATE:g} a second {name}".rstrip())
        say(f"{what}, p95", p95, remark)
        say("  a process that only sleeps meanwhile", machine["max"], "")
    for readers in (1, 10):
        with _talking(folder / str(readers), far) as (talker, url):
            rate, lag = asyncio.run(throughput(talker, url, readers))
        name = f"events a second, {readers} reader{'s' * (readers > 1)}"
        print(f"  {name:<40} {rate:6.0f}    wanted 5000; the last came {lag:.3f} s late")


@contextmanager
def _talking(folder: Path, far: bool) -> Iterator[tuple[Talker, str]]:
    """A server that writes events, and the address to read them at."""
    if not far:
        with talking(folder) as talker:
            yield talker, talker.url
        return
    with (
        redis_server(folder / "redis") as redis,
        talking(folder / "workspace", redis.url) as talker,
        following(folder / "workspace", redis.url) as (url, _),
    ):
        yield talker, url


def say(name: str, seconds: float, remark: str) -> None:
    print(f"  {name:<40} {seconds:6.3f} s  {remark}".rstrip())


async def latency(talker: Talker, url: str) -> np.ndarray:
    readers = [Reader(url) for _ in range(READERS)]
    streams = [await reader.connect() for reader in readers]
    reading = [
        asyncio.create_task(reader.read(stream, COUNT))
        for reader, (stream, _) in zip(readers, streams, strict=True)
    ]
    talker.write(RATE, 1, COUNT)
    await asyncio.gather(*reading)
    committed = np.array(talker.written())
    for _, writer in streams:
        writer.close()
    return np.concatenate([np.array(reader.at) - committed for reader in readers])


async def throughput(talker: Talker, url: str, count: int) -> tuple[float, float]:
    """Events a second that each of some readers got, and by how much the last was late."""
    readers = [Reader(url) for _ in range(count)]
    streams = [await reader.connect() for reader in readers]
    began = time.time()
    talker.write(FAST, BATCH, MANY)
    await asyncio.gather(
        *(r.read(stream, MANY) for r, (stream, _) in zip(readers, streams, strict=True))
    )
    committed = talker.written()
    for _, writer in streams:
        writer.close()
    last = max(reader.at[-1] for reader in readers)
    assert all(reader.seen == list(range(1, MANY + 1)) for reader in readers)
    return MANY / (last - began), last - committed[-1]


def asked(url: str) -> list[float]:
    """How long each of many questions took while a hunt ran."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    kind = {"Content-Type": "application/json"}

    def ask(method: str, path: str, body: str = "{}") -> dict[str, object]:
        connection.request(method, path, body if method == "POST" else None, kind)
        found: dict[str, object] = json.loads(connection.getresponse().read())
        return found

    ask("POST", "/api/start-hunt", json.dumps(HUNT))
    while not ask("GET", "/api/get-status")["runs_done"]:
        time.sleep(0.2)
    times = []
    for _ in range(ASKED):
        began = time.perf_counter()
        ask("GET", "/api/get-status")
        times.append(time.perf_counter() - began)
        time.sleep(0.05)
    ask("POST", "/api/stop-hunt")
    return times


if __name__ == "__main__":
    main()

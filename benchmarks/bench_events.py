"""Events between hosts: latency, throughput, a Redis that is killed, reports that others bring.

Writer, publisher and readers are processes of one machine; the Redis is a real one on a free port.
"""

import contextlib
import hashlib
import json
import logging
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from engine.hunt.engine import Engine
from engine.live.bus import Bus
from engine.live.redis_link import RedisLink
from engine.store.ledger import Ledger
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from redis_process import RedisProcess

PROCESSES = 4
KILLS = 20


def main() -> None:
    logging.getLogger("engine").setLevel(logging.ERROR)  # a Redis that is killed is said each time
    with tempfile.TemporaryDirectory() as folder:
        for readers, rate in ((PROCESSES, 30), (200, 10), (200, 30)):
            place = Path(folder) / f"latency_{readers}_{rate}"
            _latency(place, readers, commits=10 * rate, rate=rate)
        _sustained(Path(folder) / "sustained", rate=5000, seconds=10)
        _killed(Path(folder) / "killed")
        _burst(Path(folder) / "burst", 20_000)


@contextlib.contextmanager
def _place(folder: Path) -> Iterator[tuple[RedisProcess, Path]]:
    folder.mkdir()
    path = folder / "simulation_ledger.sqlite"
    Ledger(path).close()
    server = RedisProcess(folder).start()
    try:
        yield server, path
    finally:
        server.kill()


@contextlib.contextmanager
def _readers(
    url: str, path: Path, count: int, until: int, processes: int = PROCESSES
) -> Iterator[list[list[list[float]]]]:
    """Processes of followers; what they had is there when the block is left."""
    each = count // processes
    command = [sys.executable, "-m", "benchmarks.event_readers", url, str(path), str(each)]
    started = [
        subprocess.Popen([*command, str(until)], stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    had: list[list[list[float]]] = []
    try:
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        yield had
        had.extend(json.loads(process.communicate(timeout=320)[0]) for process in started)
    finally:
        for process in started:
            process.kill()
            process.wait()


def _tell(ledger: Ledger, number: int) -> None:
    ledger.append_event("batch_done", payload={"generation": number, "runs": 1, "seconds": 0.5})


def _latency(folder: Path, readers: int, *, commits: int, rate: int) -> None:
    """Commits at a hunt's pace, each ringing as a hunt's does."""
    with _place(folder) as (server, path):
        bus = Bus()
        link = RedisLink(server.url, LedgerReader(path), bus, publishes=True)
        with _readers(server.url, path, readers, commits) as had, Ledger(path) as ledger:
            done = []
            began = time.monotonic()
            for number in range(commits):
                time.sleep(max(0.0, began + number / rate - time.monotonic()))
                _tell(ledger, number)
                done.append(time.time())
                bus.ring()
        link.close()
    whole = [one for process in had for one in process]
    took = [1e3 * (b - a) for one in whole for a, b in zip(done, one, strict=False)]
    exact = sum(len(one) == commits for one in whole)
    p50, p95 = (statistics.quantiles(took, n=100)[i] for i in (49, 94))
    print(
        f"commit to reader, {readers} readers in {PROCESSES} processes, {rate} commits/s: "
        f"p50 {p50:.0f} ms, p95 {p95:.0f} ms (wanted: under 100); {exact} of {readers} exact",
        flush=True,
    )


def _sustained(folder: Path, *, rate: int, seconds: int) -> None:
    """As many events as that, in transactions of a fifth of a second's; how far readers lag."""
    total = rate * seconds
    names = [hashlib.sha1(str(i).encode()).hexdigest() for i in range(total)]
    with _place(folder) as (server, path):
        bus = Bus()
        link = RedisLink(server.url, LedgerReader(path), bus, publishes=True)
        with _readers(server.url, path, 1, total, 1) as had, Ledger(path) as ledger:
            began, part = time.monotonic(), rate // 5
            for at in range(0, total, part):
                time.sleep(max(0.0, began + at / rate - time.monotonic()))
                ledger.announce_reports(dict.fromkeys(names[at : at + part], "ok"))
                bus.ring()
            wrote, end = time.monotonic() - began, time.time()
        link.close()
    lags = [one[-1] - end for process in had for one in process if one]
    print(
        f"{total:,} events written in {wrote:.1f} s, {total / wrote:,.0f} a second (wanted: "
        f"{rate:,}): {len(lags)} of 1 reader exact, "
        f"{1e3 * max(lags, default=float('nan')):.0f} ms after the last commit",
        flush=True,
    )


def _killed(folder: Path) -> None:
    """A Redis that keeps nothing is killed and started again while events are published."""
    total, readers, done = 8000, 20, threading.Event()

    def write(path: Path, bus: Bus) -> None:
        began = time.monotonic()
        with Ledger(path) as ledger:
            for number in range(total):
                time.sleep(max(0.0, began + number / 250 - time.monotonic()))
                _tell(ledger, number)
                bus.ring()
        done.set()

    with _place(folder) as (server, path):
        bus, kills = Bus(), 0
        link = RedisLink(server.url, LedgerReader(path), bus, publishes=True)
        with _readers(server.url, path, readers, total) as had:
            writer = threading.Thread(target=write, args=(path, bus))
            writer.start()
            while kills < KILLS:
                time.sleep(0.7)
                server.kill()
                kills += 1
                time.sleep(0.2)
                server.start()
            inside = not done.is_set()
            writer.join()
        link.close()
    exact = sum(len(one) == total for process in had for one in process)
    print(
        f"Redis killed {kills} times and emptied{' while' if inside else ', partly after'} "
        f"{total:,} events were told: {exact} of {readers} readers have the exact log "
        "(wanted: all)",
        flush=True,
    )


def _burst(folder: Path, count: int) -> None:
    """Reports as fast as the disk takes them, into a workspace that is looked after."""
    workspace = Workspace.open(folder)
    engine = Engine(workspace)
    began = time.monotonic()
    for i in range(count):
        name = hashlib.sha1(str(i).encode()).hexdigest()
        text = json.dumps({"config_hash": name, "status": "ok"}).encode()
        file = os.open(workspace.provenance_path(name), os.O_WRONLY | os.O_CREAT, 0o644)
        os.write(file, text)
        os.close(file)
    wrote = time.monotonic() - began
    while engine.reader.last_seq() < count:
        time.sleep(0.05)
    took = time.monotonic() - began
    time.sleep(10)  # the look that finds nothing more to do
    before = _cpu()
    time.sleep(20)
    idle = (_cpu() - before) / 20
    engine.close()
    print(
        f"{count:,} reports put there in {wrote:.1f} s: announced after {took:.1f} s, "
        f"{engine.reader.last_seq():,} events (wanted: {count:,}); idle beside them: "
        f"{100 * idle:.2f} % of a core",
        flush=True,
    )


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()

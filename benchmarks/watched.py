"""A server in a process of its own that notes by how much its event loop is late.

A coroutine on the loop sleeps 10 ms over and over. What it is late by is how long something kept
the loop; a process that only sleeps beside it says what the machine is to blame for.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

PERIOD = 0.01


@dataclass(frozen=True)
class Beat:
    """One sleep of the loop: its end in Unix time, seconds late, and whether a hunt ran."""

    at: float
    late: float
    hunting: bool


@dataclass
class Server:
    """A server that runs; `beats` are known when its block has ended."""

    url: str
    beats: list[Beat] = field(default_factory=list)


@contextmanager
def served(workspace: Path) -> Iterator[Server]:
    """Serve a workspace as `irer serve` does."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.watched", str(workspace)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    server = Server(process.stdout.readline().strip())
    try:
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=60)
        lines = said.splitlines()
        if lines:
            server.beats += [Beat(*each) for each in json.loads(lines[-1])]


@contextmanager
def idle() -> Iterator[dict[str, float]]:
    """How late a process that only sleeps is at most, known when the block ends."""
    code = f"""
import signal, sys, time
late = 0.0
signal.signal(signal.SIGTERM, lambda *_: (print(late, flush=True), sys.exit()))
while True:
    began = time.perf_counter()
    time.sleep({PERIOD})
    late = max(late, time.perf_counter() - began - {PERIOD})
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    found = {"max": 0.0}
    try:
        yield found
    finally:
        process.send_signal(signal.SIGTERM)
        found["max"] = float(process.communicate(timeout=10)[0])


def give_way() -> None:
    """Let the browser run where nothing else wants to, as a session where Linux groups by them."""
    for process in psutil.Process().children(recursive=True):
        if "chrom" in process.name():
            process.nice(19)
            with suppress(OSError):
                Path(f"/proc/{process.pid}/autogroup").write_text("19")


def watched_server(workspace: Path) -> None:
    """Serve; print the address first and the beats last."""
    from engine.store.workspace import Workspace
    from irer_panel.doors import Doors
    from irer_panel.server import listen, shared_engine

    server = listen(Doors(port=0))
    engine = shared_engine(Workspace.open(workspace))
    beats: list[tuple[Any, ...]] = []

    async def watch() -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(PERIOD)
            late = time.perf_counter() - began - PERIOD
            beats.append((round(time.time(), 4), round(late, 5), engine.status().active))

    server.io_loop.spawn_callback(watch)
    print(f"http://127.0.0.1:{server.port}", flush=True)
    server.run_until_shutdown()
    print(json.dumps(beats), flush=True)


if __name__ == "__main__":
    watched_server(Path(sys.argv[1]))

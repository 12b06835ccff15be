"""A server that writes events when told to: `python -m benchmarks.talking WORKSPACE`.

It prints its address. A line `RATE BATCH COUNT` on its input has it commit COUNT events, BATCH a
transaction and RATE a second; it answers with when each transaction was committed, in Unix time.
"""

import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from engine.live.condition import URL_VARIABLE
from engine.store.ledger import Ledger

PAYLOAD = '{"generation":1,"runs":16,"seconds":0.25}'


class Talker(NamedTuple):
    """The server from outside."""

    url: str
    process: subprocess.Popen[str]

    def write(self, rate: float, batch: int, count: int) -> None:
        """Have it begin to write."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{rate} {batch} {count}\n")
        self.process.stdin.flush()

    def written(self) -> list[float]:
        """When each event was committed, once all are."""
        assert self.process.stdout is not None
        return [float(at) for at in json.loads(self.process.stdout.readline())]


@contextmanager
def talking(workspace: Path, redis: str = "") -> Iterator[Talker]:
    """Serve a workspace and write events into its ledger, and to the Redis of a URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.talking", str(workspace)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", URL_VARIABLE: redis},
    )
    assert process.stdout is not None
    try:
        yield Talker(process.stdout.readline().strip(), process)
    finally:
        process.terminate()
        process.communicate(timeout=60)


def talk(engine: Any) -> None:
    """Write what the lines of the input ask for."""
    Ledger(engine.workspace.ledger_path).close()
    connection = sqlite3.connect(engine.workspace.ledger_path, isolation_level=None)
    connection.execute("PRAGMA synchronous=FULL")
    for line in sys.stdin:
        rate, batch, count = (float(word) for word in line.split())
        began, committed = time.monotonic(), []
        for first in range(0, int(count), int(batch)):
            time.sleep(max(0.0, began + first / rate - time.monotonic()))
            rows = [("2026-01-01T00:00:00.000+00:00", "batch_done", PAYLOAD)] * int(batch)
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO events (at, kind, payload) VALUES (?, ?, ?)", rows)
            connection.execute("COMMIT")
            committed += len(rows) * [time.time()]
            engine.bus.ring()
        print(json.dumps(committed), flush=True)


def main(workspace: Path) -> None:
    from engine.store.workspace import Workspace
    from irer_panel.doors import Doors
    from irer_panel.server import listen, shared_engine

    server = listen(Doors(port=0))
    engine = shared_engine(Workspace.open(workspace))
    threading.Thread(target=talk, args=(engine,), daemon=True).start()
    print(f"http://127.0.0.1:{server.port}", flush=True)
    server.run_until_shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

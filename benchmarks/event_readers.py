"""A process of followers: `python -m benchmarks.event_readers URL LEDGER READERS UNTIL`.

Prints `ready` when all of them wait, and at the end one JSON list a follower: when it had each
event, Unix time, by its number; empty for one that did not end with the exact log.
"""

import json
import sys
import threading
import time
from pathlib import Path

import redis

from engine.live.follower import Follower
from engine.live.stream import connect
from engine.store.reader import LedgerReader

PATIENCE = 300.0


def follow(url: str, ledger: Path, until: int, had: list[float]) -> None:
    """Note when each event came, until the last one."""
    follower, last = Follower(connect(url), LedgerReader(ledger)), 0
    end = time.monotonic() + PATIENCE
    while last < until and time.monotonic() < end:
        try:
            events = follower.read(1.0)
        except redis.RedisError:
            time.sleep(0.05)
            continue
        now = time.time()
        for event in events:
            if event.seq != last + 1:
                had.clear()
                return
            had.append(now)
            last = event.seq


def main() -> None:
    url, ledger, readers, until = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    had: list[list[float]] = [[] for _ in range(readers)]
    threads = [
        threading.Thread(target=follow, args=(url, ledger, int(until), each)) for each in had
    ]
    for thread in threads:
        thread.start()
    time.sleep(1)
    print("ready", flush=True)
    for thread in threads:
        thread.join()
    complete = [each if len(each) == int(until) else [] for each in had]
    print(json.dumps(complete))


if __name__ == "__main__":
    main()

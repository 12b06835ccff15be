"""A process that tells a number of events: `python event_writer.py LEDGER COUNT [SECONDS]`."""

import sys
import time

from engine.store.ledger import Ledger

if __name__ == "__main__":
    path, count, pause = sys.argv[1], int(sys.argv[2]), float((*sys.argv[3:], "0.001")[0])
    with Ledger(path) as ledger:
        for number in range(count):
            told = {"generation": number, "runs": 1, "seconds": 0.5}
            ledger.append_event("batch_done", payload=told)
            time.sleep(pause)

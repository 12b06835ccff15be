"""A ledger of a million runs: pages, front, counts, export, and what a durable commit costs.

The ledger is built once, in the folder of temporary files, and taken from there the next time.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.million import build
from engine.settings import HuntSettings, RunConfig
from engine.store.columns import COLUMNS
from engine.store.export import export_csv
from engine.store.filters import Filters
from engine.store.ledger import Ledger
from engine.store.reader import LedgerReader
from engine.store.run_row import RunRow
from engine.store.tables import USER_VERSION

RUNS = 1_000_000
PAGE = 50
REPEATS = 3
COMMITS = 1200
AUDIT = {"status": "ok", "seconds": 0.05, "passed": 9, "failed": 0}


def main() -> None:
    path = Path(tempfile.gettempdir()) / "irer_bench_ledger" / f"v{USER_VERSION}_{RUNS}.sqlite"
    if not path.exists():
        _build(path)
    # A process of its own: its memory is that of the questions, not of what came before them.
    subprocess.run([sys.executable, "-m", "benchmarks.bench_ledger", str(path)], check=True)


def ask(path: Path) -> None:
    size = path.stat().st_size / 1e9
    print(f"a ledger of {RUNS:,} runs in 101 hunts, {size:.2f} GB")
    reader = LedgerReader(path)
    big = reader.hunts()[-1]["hunt_id"]
    for scope, hunt, rows in (("all runs", None, RUNS), ("one hunt", big, RUNS * 9 // 10)):
        _pages(reader, scope, hunt, rows)
        _one(f"best, {scope}", lambda hunt=hunt: reader.best(hunt), "50 ms")
        _one(f"counts, {scope}", lambda hunt=hunt: reader.counts(hunt), "50 ms")
        _one(f"Pareto front, {scope}", lambda hunt=hunt: reader.pareto(hunt), "1000 ms")
    scored = Filters(statuses=("ok",), ranges={"log_prime_sse": (0.0, 0.1)})
    both = Filters(statuses=("ok",), ranges={"sdg_h_norm_l2": (0.4, 0.6), "n_peaks": (5, None)})
    for name, filters in (("a score range", scored), ("two ranges", both)):
        page = {"limit": PAGE, "order": "log_prime_sse", "filters": filters}
        _one(f"first page, {name}", lambda page=page: reader.runs(**page), "–")
        _one(f"count, {name}", lambda filters=filters: reader.count(None, filters), "–")
    _export(reader, path.with_suffix(".csv"))
    # Not ru_maxrss, which begins with the peak of the parent: of the benches before this one.
    status = Path("/proc/self/status").read_text()
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
    print(f"  {'memory of all this':<34} {peak:8.0f} MB   wanted: under 500 MB")
    _commits(path)


def _build(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        build(Path(folder) / path.name, RUNS)
        (Path(folder) / path.name).replace(path)
    print(f"built a ledger of {RUNS:,} runs in {time.perf_counter() - began:.0f} s")


def _milliseconds(question: Callable[[], object]) -> float:
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        question()
        times.append(time.perf_counter() - began)
    return 1e3 * statistics.median(times)


def _one(name: str, question: Callable[[], object], wanted: str) -> None:
    print(f"  {name:<34} {_milliseconds(question):8.1f} ms   wanted: {wanted}", flush=True)


def _pages(reader: LedgerReader, scope: str, hunt: str | None, rows: int) -> None:
    """Every column both ways: first, middle and last page."""
    for where, offset in (("first", 0), ("middle", rows // 2), ("last", rows - PAGE)):
        times = {}
        for name in ("", *COLUMNS):
            for order in (name, f"-{name}"):
                page = {"limit": PAGE, "offset": offset, "order": order}
                times[order] = _milliseconds(lambda page=page: reader.runs(hunt, **page))
        worst = max(times, key=times.__getitem__)
        median = statistics.median(times.values())
        print(
            f"  {where + ' page, ' + scope:<34} {median:8.1f} ms   wanted: 50 ms; of "
            f"{len(times)} orders the slowest, {worst}: {times[worst]:.1f} ms",
            flush=True,
        )


def _export(reader: LedgerReader, path: Path) -> None:
    began = time.perf_counter()
    rows = export_csv(reader, path)
    rate = rows / (time.perf_counter() - began)
    path.unlink()
    print(f"  {'CSV export':<34} {rate:8,.0f} rows/s   wanted: 100,000", flush=True)


def _commits(path: Path) -> None:
    """Durable commits at the end of the million, each with its events: audited, committed, best."""
    times = []
    with Ledger(path) as ledger:
        hunt = ledger.create_hunt(HuntSettings())
        first = time.time_ns() % 2**31
        for i in range(COMMITS):
            config = RunConfig(seed=first + i, param_kappa=(i + 1) / 10 / COMMITS)
            row = RunRow(config=config, status="ok", log_prime_sse=i / 7, sdg_h_norm_l2=i / 9)
            began = time.perf_counter()
            ledger.commit_run(hunt, 1 + i // 100, i % 100, row, fitness=1.0 * i, audit=AUDIT)
            times.append(1e3 * (time.perf_counter() - began))
    times.sort()
    print(
        f"  {'durable commit':<34} {statistics.median(times):8.2f} ms   wanted: 0.5 ms; mean "
        f"{statistics.mean(times):.2f}, 99 of 100 under {times[-len(times) // 100]:.2f}, "
        f"longest {times[-1]:.0f} ms"
    )
    print(f"  {'fsync alone, 4 pages':<34} {_fsync(path.parent):8.2f} ms")


def _fsync(folder: Path) -> float:
    with tempfile.TemporaryFile(dir=folder, buffering=0) as stream:

        def flush() -> None:
            stream.write(bytes(16_384))
            os.fsync(stream.fileno())

        return statistics.median([_milliseconds(flush) for _ in range(100)])


if __name__ == "__main__":
    ask(Path(sys.argv[1]))

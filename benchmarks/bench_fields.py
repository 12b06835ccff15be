"""From a change of the view to pixels ready on the server, and the memory that it takes.

A user pans and zooms at random over a grid of 4096² and one of 32768² cells, on a plot of
1000 × 800 pixels; each view is drawn in the page's own executor: one field, and as the page does
it, both panes in one job. The files are written once, into the folder of temporary files, and
dropped from the system's cache before the first view.
Memory is that of a process of its own, above what it takes before the file is opened.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import psutil

from benchmarks.big_field import write
from engine.store.workspace import Workspace
from irer_panel.kept import KeptParts

WANTED = {4096: 35, 32_768: 50}
MOST_MEGABYTES = 600
VIEWS = 200
WIDTH, HEIGHT = 1000, 800


def main() -> None:
    folder = Path(tempfile.gettempdir()) / "irer_bench_fields"
    for n in WANTED:
        began = time.perf_counter()
        path = write(folder / "simulation_data", n)
        if (seconds := time.perf_counter() - began) > 1:
            size = path.stat().st_size / 1e9
            print(f"wrote {n}² cells, {size:.1f} GB, in {seconds:.0f} s", flush=True)
        words = [str(path), str(n), str(WANTED[n])]
        subprocess.run([sys.executable, "-m", "benchmarks.bench_fields", *words])


def views(n: int, length: float) -> list[tuple[float, float, float]]:
    """Left, bottom and width of random windows: all zooms from the whole to 400 cells alike."""
    random = np.random.default_rng(0)
    found = []
    for _ in range(VIEWS):
        width = length * np.exp(random.uniform(np.log(400 / n), 0))
        x, y = random.uniform(0, length - width), random.uniform(0, length - 0.8 * width)
        found.append((x, y, width))
    return [(0.0, 0.0, length), *found]


def walk(n: int, length: float) -> list[tuple[float, float, float]]:
    """Left, bottom and width as a hand moves: drags by a twentieth, zooms by a fifth."""
    random = np.random.default_rng(1)
    x, y, width = 0.0, 0.0, length
    found = []
    for _ in range(VIEWS):
        zoom = random.choice([1 / 1.2, 1.0, 1.0, 1.2])
        wider = float(np.clip(width * zoom, length * 400 / n, length))
        x, y = x + (width - wider) * random.uniform(), y + 0.8 * (width - wider) * random.uniform()
        width = wider
        x, y = (at + width * random.choice([-0.05, 0.05]) for at in (x, y))
        x, y = (float(np.clip(at, 0, length - width)) for at in (x, y))
        found.append((x, y, width))
    return found


def look(path: Path, n: int, wanted: int) -> None:
    """Draw every view of one file and print what it took."""
    from irer_panel.background import painters
    from irer_panel.viewport import Window, warm_up
    from irer_panel.views.field_paint import Asked, paint
    from irer_panel.views.field_state import FieldView

    process = psutil.Process()
    painters.submit(warm_up).result()
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    idle = peak = process.memory_info().rss
    run = path.stem.removeprefix("rho_history_")
    workspace, asked = Workspace.open(path.parents[1]), Asked(run, "", FieldView())
    painted = painters.submit(paint, asked, workspace).result()
    source = painted.fields.source
    times: dict[str, list[tuple[float, float]]] = {}
    jumps = [(view, True) for view in views(n, source.length)]
    for (x, y, width), jump in [*jumps, *((view, False) for view in walk(n, source.length))]:
        window = Window((x, x + width), (y, y + 0.8 * width), WIDTH, HEIGHT)
        page = partial(paint, before=painted, window=window, extent=source.extent)
        jobs: dict[str, Callable[[], object]] = {
            "both panes, moved by hand": partial(page, asked, workspace)
        }
        if jump:
            jobs = {
                "both panes": partial(page, asked, workspace),
                "one, mean": partial(source.frame, "final_rho", window),
                "one, max": partial(source.frame, "final_rho", window, "max"),
                "one, mask": partial(source.mask, "final_rho", window),
            }
        for kind, job in jobs.items():
            if jump:
                source._kept = KeptParts()  # as if the last view had been elsewhere
            began = time.perf_counter()
            busy = painters.submit(work, job).result()
            taken = (1e3 * (time.perf_counter() - began), 1e3 * busy)
            times.setdefault(kind, []).append(taken)
        peak = max(peak, process.memory_info().rss)
    print(f"{n}² cells, {VIEWS} views of {WIDTH} × {HEIGHT} pixels, wanted p95 < {wanted} ms")
    for kind, found in times.items():
        p50, p95 = np.quantile(found, (0.5, 0.95), axis=0)
        print(
            f"  {kind:<26} p50 {p50[0]:6.1f} ms   p95 {p95[0]:6.1f} ms, "
            f"computing {p95[1]:5.1f} ms; the first {found[0][0]:.0f} ms"
        )
    megabytes = (peak - idle) / 2**20
    print(f"  memory above idle {megabytes:.0f} MB   wanted < {MOST_MEGABYTES} MB", flush=True)


def work(job: Callable[[], object]) -> float:
    """Do a job and say for how many seconds cores were busy with it, all threads together."""
    began = time.process_time()
    job()
    return time.process_time() - began


if __name__ == "__main__":
    main() if len(sys.argv) == 1 else look(Path(sys.argv[1]), *map(int, sys.argv[2:]))

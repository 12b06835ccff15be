"""From the click on "Open in H5Web" to a field of 4096² cells on the screen.

A real server and Chromium headless on the same machine, drawing without a GPU: on a desk it is
faster. The tab is opened five times; the first time, the server's reader of artifacts starts. The
file lies in the system's cache; it is written once, into the folder of temporary files.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.bench_page import ARGUMENTS, CHROMIUM
from benchmarks.big_field import write
from benchmarks.watched import served

N = 4096
WANTED = 3
TIMES = 5
# The colour scale's ends are written when the values are there; the two frames after that, drawn.
SHOWN = """() => new Promise((done) => {
  const look = () => document.querySelector("figure canvas") && document.querySelector("abbr")
    ? requestAnimationFrame(() => requestAnimationFrame(done)) : requestAnimationFrame(look)
  look()
})"""


def main() -> None:
    if not CHROMIUM.exists():
        print(f"h5web: skipped, {CHROMIUM} is not there")
        return
    from playwright.sync_api import sync_playwright

    folder = Path(tempfile.gettempdir()) / "irer_bench_h5web"
    path = write(folder / "simulation_data", N)
    path.read_bytes()
    run = path.stem.removeprefix("rho_history_")
    with sync_playwright() as playwright, served(folder) as server:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        times = [shown(browser, f"{server.url}/h5web/{run}") for _ in range(TIMES)]
        browser.close()
    print(f"h5web: {N}² cells, Chromium headless without a GPU on the same machine")
    first, *others = times
    print(f"  the first time, with the reader's start   {first:5.2f} s   wanted < {WANTED} s")
    print(f"  median of {len(others)} further times                {sorted(others)[1]:5.2f} s")


def shown(browser: Any, address: str) -> float:
    """Seconds from the address to the picture."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    began = time.perf_counter()
    page.goto(address)
    page.evaluate(SHOWN)
    took = time.perf_counter() - began
    context.close()
    return took


if __name__ == "__main__":
    main()

"""Many pages and many runs: from a commit to the DOM, blocks of the loop, opening and panning.

Commit to DOM: a hunt in the server, nine sessions beside one page in Chromium. The page notes when
the header's count of runs changes in its DOM, the ledger when it committed each run; both clocks
are the machine's. Blocks: by how much the loop is late at most while a tab opens, and while it is
stepped through five runs. Opening: a ledger with one hunt of a hundred thousand runs, built once in
the folder of temporary files; from the address being given until its list is visible, looked for
50 times a second in the page (Playwright itself looks twice), and until all of the page is. Fields:
the views of the fields bench, while a hunt runs beside.
"""

import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.bench_page import ARGUMENTS, CHROMIUM, FURNISHED, say
from benchmarks.big_field import write
from benchmarks.million import build
from benchmarks.visitors import visited
from benchmarks.watched import Server, idle, served
from engine.store.event_kinds import RUN_COMMITTED
from engine.store.reader import LedgerReader
from engine.store.tables import USER_VERSION
from engine.store.workspace import Workspace

SESSIONS = 10
RUNS = 100_000
GRID = 4096
PANS = 200
REPEATS = 7
SIMULATION = {"N grid": "32", "Domain length": "256", "T steps": "40"}
AUDIT = {"Null draws": "19"}
HUNT = {"Generations": "30", "Population size": "4"}
TABS = ("Runs", "Compare", "Hunt", "Spectrum", "Audit", "Time", "Analyses", "Live", "Log")
STEPS = 5

NOTE = """(words) => {
  window.noted = []
  const root = words.getRootNode()
  const note = () => {
    const done = Number(root.querySelector(".words").textContent.split("/")[0].replace(",", ""))
    window.noted.push([done, (performance.timeOrigin + performance.now()) / 1000])
  }
  new MutationObserver(note).observe(root, {childList: true, subtree: true, characterData: true})
}"""
DENSE = """() => {
  const images = [...Bokeh.documents[0]._all_models.values()].filter(
    model => model.glyph?.type === "Image" && model.data_source.get_length() > 0
      && model.glyph.dw.field === "w")
  return images.length > 0
}"""

VISIBLE = """(selector) => {
  const inside = (root) => [...root.querySelectorAll("*")].some((each) => each.matches(selector)
    ? each.checkVisibility({visibilityProperty: true}) : each.shadowRoot && inside(each.shadowRoot))
  return inside(document) && performance.timeOrigin + performance.now()
}"""
LAST = ".MuiAccordion-root"


def main() -> None:
    if not CHROMIUM.exists():
        print(f"sessions: skipped, {CHROMIUM} is not there")
        return
    from playwright.sync_api import sync_playwright

    print(f"{SESSIONS} sessions, one of them in Chromium headless on the same machine")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        commits(browser, Path(folder))
        tabs(browser, Path(folder))
        many(browser, Path(folder))
        browser.close()
    fields_beside_a_hunt()


def commits(browser: Any, folder: Path) -> None:
    """From the time of a run's event to the DOM that counts it."""
    with served(folder) as server, visited(server.url, SESSIONS - 1), idle() as machine:
        page = opened(browser, server)
        for group, values in (("Simulation", SIMULATION), ("Audit", AUDIT), ("", HUNT)):
            if group:
                page.get_by_role("button", name=group).click()
            for name, value in values.items():
                field = page.get_by_role("textbox", name=name)
                field.fill(value)
                field.blur()
        page.locator(".header .words").evaluate(NOTE)
        page.get_by_role("button", name="Start").click()
        page.locator("[data-tile=status]").get_by_text("Completed").wait_for(timeout=300_000)
        noted = page.evaluate("noted")
        page.close()
    events = LedgerReader(Workspace.open(folder).ledger_path).events_after(limit=100_000)
    at = [datetime.fromisoformat(e.at).timestamp() for e in events if e.kind == RUN_COMMITTED]
    seen = [next(t for done, t in noted if done > i) for i in range(len(at))]
    took = np.array(seen) - np.array(at)
    p50, p95 = np.quantile(took, (0.5, 0.95))
    say("commit to DOM, p50", p50, f"{len(at)} commits in {at[-1] - at[0]:.0f} s")
    say("commit to DOM, p95", p95, f"wanted < 0.25 s; the longest {took.max():.3f} s")
    late = [beat.late for beat in server.beats if beat.hunting]
    say("  longest block of the loop meanwhile", max(late), "")
    say("  a process that only sleeps meanwhile", machine["max"], "")


def tabs(browser: Any, folder: Path) -> None:
    """The longest block of the loop while each tab opens, and while it is stepped through runs."""
    spans = []
    with served(folder) as server, idle() as machine:
        page = opened(browser, server)
        time.sleep(8)  # the server warms up, with nobody waiting: not what is measured
        for tab in TABS:
            began = time.time()
            page.get_by_role("tab", name=tab).click()
            time.sleep(3)
            spans.append((f"{tab} opens", began, time.time()))
            began = time.time()
            for _ in range(STEPS):
                page.get_by_role("button", name="Next run").click()
                time.sleep(0.7)
            spans.append((f"  {STEPS} runs in {tab}", began, time.time()))
        page.close()
    for name, begin, end in spans:
        late = [beat.late for beat in server.beats if begin < beat.at < end + 0.5]
        over = sum(each > 0.05 for each in late)
        say(f"longest block, {name}", max(late), f"wanted < 0.05 s; {over} of {len(late)} over it")
    say("  a process that only sleeps meanwhile", machine["max"], "")


def many(browser: Any, folder: Path) -> None:
    """A page over a hunt of very many runs, and over none, which is what the browser takes."""
    many_runs = (f"{RUNS:,}", large(), ".tabulator-row", "wanted < 2 s")
    for name, workspace, listed, wanted in (("no", folder / "empty", FURNISHED, ""), many_runs):
        with served(workspace) as server:
            opened(browser, server).close()
            time.sleep(12)  # the server warms up, with nobody waiting: not what is measured
            times = [opening(browser, server, listed) for _ in range(REPEATS)]
            clicks = [to_scatter(browser, server) for _ in range(REPEATS if wanted else 0)]
        to_list, to_all = np.median(times, axis=0)
        say(f"{name} runs, page to the run list", to_list, wanted)
        say("    to all of the page", to_all, "")
    say("  from a click on Hunt to its scatter", float(np.median(clicks)), "wanted < 2 s")
    pans(large())


def opening(browser: Any, server: Server, listed: str) -> list[float]:
    """Seconds from giving the address until the run list is visible, and until all of the page."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    began = time.time()
    page.goto(server.url, wait_until="commit")
    looks = [
        page.wait_for_function(VISIBLE, arg=selector, polling=20, timeout=120_000).json_value()
        for selector in (listed, LAST)
    ]
    page.close()
    return [look / 1000 - began for look in looks]


def to_scatter(browser: Any, server: Server) -> float:
    """Seconds from a click on Hunt, as soon as there is a run list, until the density is there."""
    page = opened(browser, server)
    clicked = time.perf_counter()
    page.get_by_role("tab", name="Hunt").click()
    page.wait_for_function(DENSE, timeout=60_000)
    drawn = time.perf_counter()
    page.close()
    return drawn - clicked


def pans(folder: Path) -> None:
    """What the server takes for the scatter's runs, and for its density where it is dragged."""
    from engine.hunt.table import read_table
    from irer_panel.background import painters
    from irer_panel.density import density, warm_up
    from irer_panel.viewport import Window
    from irer_panel.views.scatter import GRAIN, cloud

    reader = LedgerReader(Workspace.open(folder).ledger_path)
    hunt = reader.latest_hunt()
    assert hunt is not None
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        found = cloud(read_table(reader, hunt["hunt_id"]))
        times.append(time.perf_counter() - began)
    say("  of this, the server reads the runs in", float(np.median(times)), "")
    painters.submit(warm_up).result()
    random, took = np.random.default_rng(0), []
    ends = np.log10([found.x_range, found.y_range])
    for _ in range(PANS):
        width = (ends[:, 1] - ends[:, 0]) * np.exp(random.uniform(np.log(0.1), 0))
        low = random.uniform(ends[:, 0], ends[:, 1] - width)
        (left, bottom), (right, top) = 10**low, 10 ** (low + width)
        window = Window((left, right), (bottom, top), 1000 // GRAIN, 380 // GRAIN)
        began = time.perf_counter()
        painters.submit(density, found.x, found.y, window).result()
        took.append(time.perf_counter() - began)
    p50, p95 = np.quantile(took, (0.5, 0.95))
    say("  the scatter's redraw on a pan, p95", p95, f"wanted < 0.035 s; p50 {p50:.3f} s")


def fields_beside_a_hunt() -> None:
    """The views of the fields bench while a hunt of the usual size runs in another process."""
    command = [sys.executable, "-m", "engine.cli", "hunt", "--num-generations", "1000"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    fields = Path(tempfile.gettempdir()) / "irer_bench_fields" / "simulation_data"
    path = write(fields, GRID)
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "IRER_WORKSPACE": folder}
        hunt = subprocess.Popen(command, env=environment, **quiet)
        try:
            ledger = Path(folder) / "simulation_ledger.sqlite"
            while not ledger.exists() or LedgerReader(ledger).last_seq() < 2:
                time.sleep(0.5)
            print("while a hunt runs, ", end="", flush=True)
            look = [sys.executable, "-m", "benchmarks.bench_fields", str(path), str(GRID), "150"]
            subprocess.run(look, check=True)
        finally:
            hunt.terminate()
            hunt.wait(60)


def opened(browser: Any, server: Server) -> Any:
    """A page with its run list."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(server.url)
    page.locator(FURNISHED).first.wait_for(timeout=120_000)
    return page


def large() -> Path:
    """A workspace with a ledger of one large hunt."""
    folder = Path(tempfile.gettempdir()) / "irer_bench_sessions" / f"v{USER_VERSION}_{RUNS}"
    ledger = Workspace.open(folder).ledger_path
    if not ledger.exists():
        with tempfile.TemporaryDirectory(dir=folder) as other:
            build(Path(other) / ledger.name, RUNS, alone=True)
            (Path(other) / ledger.name).replace(ledger)
    return folder


if __name__ == "__main__":
    main()

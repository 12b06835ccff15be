"""How long a browser waits for the page, and how long the server's loop keeps others waiting.

First paint: from the start of the server's process to Chromium's first contentful paint.
Blocks: a coroutine on the server's loop sleeps 10 ms over and over and notes by how much it is
late, once while a hunt runs before one open page, once while two more pages open in the middle.
A process that only sleeps does the same beside it: what it is late by, the machine is to blame for.
Chromium, which on a desk has a GPU and cores of its own, draws at the lowest priority meanwhile.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PERIOD = 0.01
PAINTED = "[data-tile=status]"
PAINT = """() => (performance.timeOrigin
  + performance.getEntriesByName("first-contentful-paint")[0].startTime) / 1000"""
FURNISHED = ".tabulator-placeholder, .tabulator-row"
RUNS = (3, 4)


def main() -> None:
    if not CHROMIUM.exists():
        print(f"page: skipped, {CHROMIUM} is not there")
        return
    from playwright.sync_api import sync_playwright

    print("page, Chromium headless on the same machine")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        began = time.time()
        with served(f"{folder}/paint") as server:
            listening = time.time() - began
            page = browser.new_page()
            page.goto(server["url"])
            page.locator(PAINTED).wait_for()
            tiles = time.time() - began
            page.locator(FURNISHED).first.wait_for()
            whole = time.time() - began
            say("server process to listening", listening, "")
            say("server process to first paint", page.evaluate(PAINT) - began, "wanted < 4 s")
            say("server process to tiles", tiles, "")
            say("server process to whole page", whole, "")
            page.close()
            say("page load, warm server", warm_load(browser, server["url"]), "median of 5")
        give_way()
        for name, more in (("one page open", 0), ("two more pages opening", 2)):
            with served(f"{folder}/{more}") as server, idle() as machine:
                seconds = hunt(browser, server["url"], more)
            late = json.loads(Path(server["lateness"]).read_text())
            rest = f"p99 {1000 * late['p99']:.0f} ms, {late['over']} of {late['count']} over 0.1 s"
            say(f"longest block, {name}", late["max"], f"wanted < 0.1 s; {rest}, {seconds:.0f} s")
            say("  a process that only sleeps meanwhile", machine["max"], "")
        browser.close()


def give_way() -> None:
    """Let the browser run where nothing else wants to, as a session where Linux groups by them."""
    for process in psutil.Process().children(recursive=True):
        if "chrom" in process.name():
            process.nice(19)
            with suppress(OSError):
                Path(f"/proc/{process.pid}/autogroup").write_text("19")


def say(name: str, seconds: float, remark: str) -> None:
    print(f"  {name:<40} {seconds:6.3f} s  {remark}".rstrip())


def warm_load(browser: Any, url: str) -> float:
    times = []
    for _ in range(5):
        page = browser.new_page()
        began = time.perf_counter()
        page.goto(url)
        page.locator(PAINTED).wait_for()
        times.append(time.perf_counter() - began)
        page.close()
    return sorted(times)[2]


def hunt(browser: Any, url: str, more: int) -> float:
    """A hunt from the button to its end; more pages open while it runs."""
    page = browser.new_page()
    page.goto(url)
    page.locator(FURNISHED).first.wait_for()
    for name, value in zip(("Generations", "Population size"), RUNS, strict=True):
        field = page.get_by_role("textbox", name=name)
        field.fill(str(value))
        field.blur()
    time.sleep(8)  # the server warms up, with nobody waiting: not what is measured
    began = time.perf_counter()
    page.get_by_role("button", name="Start").click()
    page.get_by_text("Running").first.wait_for()
    for _ in range(more):
        time.sleep(4)
        browser.new_page().goto(url)
    page.locator(PAINTED).get_by_text("Completed").wait_for(timeout=300_000)
    return time.perf_counter() - began


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


@contextmanager
def served(workspace: str) -> Iterator[dict[str, str]]:
    """This module's own server in a process of its own, as `irer serve` makes it."""
    lateness = f"{workspace}.json"
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.bench_page", workspace, lateness],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    try:
        yield {"url": process.stdout.readline().strip(), "lateness": lateness}
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def watched_server(workspace: str, lateness: str) -> None:
    """Serve, and at the end write how late the loop was while a hunt ran."""
    from engine.store.workspace import Workspace
    from irer_panel.server import listen, shared_engine

    server = listen(port=0)
    engine = shared_engine(Workspace.open(workspace))
    late: list[float] = []

    async def watch() -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(PERIOD)
            if engine.status().active:
                late.append(time.perf_counter() - began - PERIOD)

    server.io_loop.spawn_callback(watch)
    print(f"http://127.0.0.1:{server.port}", flush=True)
    server.run_until_shutdown()
    late.sort()
    summary = {
        "max": late[-1] if late else 0.0,
        "p99": late[int(0.99 * len(late))] if late else 0.0,
        "over": sum(each > 0.1 for each in late),
        "count": len(late),
    }
    Path(lateness).write_text(json.dumps(summary))


if __name__ == "__main__":
    if sys.argv[1:]:
        watched_server(*sys.argv[1:])
    else:
        main()

"""How long a browser waits for the page, and how long the server's loop keeps others waiting.

First paint: from the start of the server's process to Chromium's first contentful paint.
Blocks: a coroutine on the server's loop sleeps 10 ms over and over and notes by how much it is
late, once while a hunt runs before one open page, once while two more pages open in the middle.
A process that only sleeps does the same beside it: what it is late by, the machine is to blame for.
Chromium, which on a desk has a GPU and cores of its own, draws at the lowest priority meanwhile.
"""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.watched import Beat, give_way, idle, served

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
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
        with served(Path(folder) / "paint") as server:
            listening = time.time() - began
            page = browser.new_page()
            page.goto(server.url)
            page.locator(PAINTED).wait_for()
            tiles = time.time() - began
            page.locator(FURNISHED).first.wait_for()
            whole = time.time() - began
            say("server process to listening", listening, "")
            say("server process to first paint", page.evaluate(PAINT) - began, "wanted < 4 s")
            say("server process to tiles", tiles, "")
            say("server process to whole page", whole, "")
            page.close()
            say("page load, warm server", warm_load(browser, server.url), "median of 5")
        give_way()
        for name, more in (("one page open", 0), ("two more pages opening", 2)):
            with served(Path(folder) / str(more)) as server, idle() as machine:
                seconds = hunt(browser, server.url, more)
            beats = [beat for beat in server.beats if beat.hunting]
            longest = max((beat.late for beat in beats), default=0.0)
            remark = f"wanted < 0.1 s; {blocks(beats)}, {seconds:.0f} s"
            say(f"longest block, {name}", longest, remark)
            say("  a process that only sleeps meanwhile", machine["max"], "")
        browser.close()


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


def blocks(beats: Sequence[Beat]) -> str:
    """How late the loop was otherwise, in words."""
    late = sorted(beat.late for beat in beats)
    over = sum(each > 0.1 for each in late)
    p99 = 1000 * late[int(0.99 * len(late))] if late else 0.0
    return f"p99 {p99:.0f} ms, {over} of {len(late)} over 0.1 s"


if __name__ == "__main__":
    main()

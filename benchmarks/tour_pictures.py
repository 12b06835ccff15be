"""The pictures of docs/tour.md: every tab of a page over a small hunt, dark and light.

`python -m benchmarks.tour_pictures [FOLDER]` writes them into docs/images, or into FOLDER to look
at first. Live shows a second hunt while it runs.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.bench_page import ARGUMENTS, CHROMIUM
from benchmarks.watched import served
from engine.hunt.engine import Engine
from engine.settings import HuntSettings
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace

IMAGES = Path(__file__).parents[1] / "docs" / "images"
HUNT = {
    "num_generations": 8,
    "population_size": 12,
    "domain_length": 256.0,
    "T_steps": 200,
    "null_draws": 999,
}
HEIGHTS = {
    "Runs": 1430,
    "Compare": 2000,
    "Hunt": 2150,
    "Spectrum": 1720,
    "Audit": 1700,
    "Time": 1640,
    "Analyses": 1680,
    "Log": 1150,
}
LIVE, HELP = 1250, 1000
WIDTH = 1440
SETTLED = 8
"""Seconds for a tab to draw, with all that it reads."""

THEMES = {"dark": "", "light": "_light"}


def main(folder: Path) -> None:
    """Hunt, serve, and take each picture."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        workspace = Path(place) / "irer_workspace"
        hunt(workspace)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        with served(workspace) as server:
            for theme, ending in THEMES.items():
                for tab, height in HEIGHTS.items():
                    page = opened(browser, f"{server.url}/?{query(workspace, tab, theme)}", height)
                    if tab == "Analyses":
                        analyze(page)
                    take(page, folder / f"tour_{tab.lower()}{ending}.png")
                page = opened(browser, f"{server.url}/?theme={theme}", HELP)
                page.keyboard.press("?")
                take(page, folder / f"tour_help{ending}.png")
            for theme, ending in THEMES.items():
                page = opened(browser, f"{server.url}/?tab=Live&theme={theme}", LIVE)
                page.get_by_role("button", name="Start").click()
                take(page, folder / f"tour_live{ending}.png")
                stop = opened(browser, server.url, LIVE)
                stop.get_by_role("button", name="Stop").click()
                time.sleep(SETTLED)
                stop.close()
        browser.close()


def hunt(workspace: Path) -> None:
    """A hunt with scores."""
    engine = Engine(Workspace.open(workspace))
    engine.start_hunt(HuntSettings.from_mapping(HUNT))
    engine.wait()
    engine.close()


def query(workspace: Path, tab: str, theme: str) -> str:
    """The state of the page: the best run, and for Compare the best four."""
    reader = LedgerReader(Workspace.open(workspace).ledger_path)
    best = [row["config_hash"] for row in reader.runs(order="-fitness", limit=4)]
    compared = f"&compare={','.join(best)}" if tab == "Compare" else ""
    return f"run={best[0]}&tab={tab}&theme={theme}{compared}"


def opened(browser: Any, url: str, height: int) -> Any:
    """A page that is whole."""
    page = browser.new_page(viewport={"width": WIDTH, "height": height})
    page.goto(url)
    page.locator("[data-tile=status]").wait_for(timeout=60_000)
    time.sleep(SETTLED)
    return page


def analyze(page: Any) -> None:
    """Have the Analyses tab's first component look at the run."""
    page.get_by_role("button", name="Analyze").click()
    page.locator("[data-analysis=ok]").wait_for(timeout=120_000)


def take(page: Any, path: Path) -> None:
    """Take what the window shows, and close the page."""
    time.sleep(SETTLED)
    page.screenshot(path=path)
    print(path.name, flush=True)
    page.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES)

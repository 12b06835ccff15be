"""The five tasks of docs/tour.md, done as they are written there."""

import re

import numpy as np
import pytest
from browsing import QUICK, TIMEOUT, becomes, fill, pick, status_of

from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace
from irer_panel.fields import read_run

pytestmark = pytest.mark.browser


def test_a_newcomer_s_five_tasks(start_server, open_page):
    served = start_server()
    page, errors, foreign = open_page(served.url)

    # Start a hunt.
    page.get_by_role("textbox", name="Generations").wait_for(timeout=TIMEOUT)
    page.get_by_role("button", name="Simulation").click()
    fill(page, {**QUICK, "Generations": "2", "Population size": "3"})
    page.get_by_role("button", name="Start").click()
    status_of(page).get_by_text("Completed").wait_for(timeout=3 * TIMEOUT)
    workspace = Workspace.open(served.workspace)
    reader = LedgerReader(workspace.ledger_path)

    # Find the best run.
    best = reader.best()["config_hash"]
    fitness = page.locator(".tabulator-col-title", has_text="Fitness")
    fitness.click()
    page.locator(".tabulator-col[aria-sort=ascending]", has_text="Fitness").wait_for()
    fitness.click()
    page.locator(".tabulator-col[aria-sort=descending]", has_text="Fitness").wait_for()
    first = page.locator(".tabulator-row").first
    becomes(lambda: best[:8] in first.inner_text())
    pick(page, best)
    page.get_by_text(f"Run {best[:8]}").first.wait_for(timeout=TIMEOUT)

    # Say whether its score is significant.
    page.get_by_role("tab", name="Audit").click()
    page.get_by_text("p < 0.01").first.wait_for(timeout=TIMEOUT)

    # Find where its constraint is worst.
    page.get_by_role("combobox", name="Second field").click()
    page.get_by_role("listbox").get_by_text("constraint residual").click()
    page.get_by_role("listbox").wait_for(state="detached")
    page.get_by_role("button", name="Colours, scale, limits and pixels").nth(1).click()
    page.get_by_role("button", name="Largest").click(timeout=TIMEOUT)
    residual = read_run(workspace.artifact_path(best), best, ["residual"]).planes["residual"]
    worst = residual.value(*residual.where("max"))
    assert worst == np.max(residual.whole())
    told = page.get_by_text(re.compile(r"^x .* · y .* · ρ .* · residual "))
    told.wait_for(timeout=TIMEOUT)
    assert float(told.inner_text().rpartition(" ")[2].replace("−", "-")) == pytest.approx(
        worst, rel=1e-3
    )

    # Send a colleague a link to that spot.
    becomes(lambda: "pane2=residual" in page.url and "&x=" in page.url, 10)
    other = open_page(page.url).page
    second = other.get_by_role("combobox", name="Second field")
    second.get_by_text("constraint residual").wait_for(timeout=TIMEOUT)
    other.get_by_text(f"Run {best[:8]}").first.wait_for(timeout=TIMEOUT)
    other.get_by_text("p < 0.01").first.wait_for(timeout=TIMEOUT)
    becomes(lambda: other.url == page.url)
    assert errors == foreign == []

"""A reload shows the same page and columns of the run list, and the same part of the figures."""

import re
from urllib.parse import parse_qsl

import numpy as np
import pytest
from browsing import TIMEOUT, becomes
from hunt_samples import SETTINGS, fill_hunt, play

from engine.store.ledger import Ledger
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace

pytestmark = pytest.mark.browser

RANGES = """() => { const found = []
const walk = (view) => {
  if (view.model?.type === "Figure") found.push(view.model)
  for (const child of view.children_views?.() ?? []) if (child) walk(child)
}
for (const root of Bokeh.index.roots) walk(root)
const named = found.filter((each) => /^(SSE|generation)/.test(each.below[0]?.axis_label))
return named.map(({x_range, y_range}) =>
  [x_range.start, x_range.end, y_range.start, y_range.end]) }"""
"""What is seen of the scatter and of the evolution, in this order."""

FIGURE = """(label) => {
  const walk = (view) => {
    if (view.model?.type === "Figure" && view.model.below[0]?.axis_label?.startsWith(label)) {
      return view.el
    }
    for (const child of view.children_views?.() ?? []) {
      const found = child && walk(child)
      if (found) return found
    }
  }
  return Bokeh.index.roots.map(walk).find((each) => each) }"""
"""By its first axis: by its place it would be another one while one is drawn anew."""

FIGURES = {"scatter": "SSE", "evolution": "generation"}
"""The first words of their first axes."""

HEADINGS = "(headings) => headings.filter((each) => each.checkVisibility()).map((e) => e.innerText)"


@pytest.fixture(scope="module")
def hunt(tmp_path_factory):
    workspace = Workspace.open(tmp_path_factory.mktemp("linked"))
    fill_hunt(workspace, generations=4, failing=0.0)
    return workspace


@pytest.fixture(scope="module")
def served(start_server, hunt):
    return start_server(workspace=hunt.root).url


def query(page):
    return dict(parse_qsl(page.evaluate("location.search.slice(1)")))


def headings(page):
    return page.locator(".tabulator-col-title").evaluate_all(HEADINGS)


def test_page_and_columns_of_the_list(served, open_page):
    page, errors, _ = open_page(served)
    page.get_by_text("1–10 of 32 runs").wait_for(timeout=TIMEOUT)
    page.get_by_role("button", name="page 3").click()
    page.get_by_text("21–30 of 32 runs").wait_for(timeout=TIMEOUT)
    page.get_by_role("combobox", name="Columns").click()
    page.get_by_role("menuitem", name="Peaks").click()
    page.get_by_role("menuitem", name="Status").click()
    page.keyboard.press("Escape")
    becomes(lambda: query(page) == {"page": "3", "columns": "n_peaks,-status"})
    becomes(lambda: "Peaks" in headings(page) and "Status" not in headings(page))
    shown, first = headings(page), page.locator(".tabulator-row").first.inner_text()
    page.reload()
    page.get_by_text("21–30 of 32 runs").wait_for(timeout=TIMEOUT)
    becomes(lambda: headings(page) == shown)
    becomes(lambda: page.locator(".tabulator-row").first.inner_text() == first)
    assert query(page) == {"page": "3", "columns": "n_peaks,-status"}
    page.get_by_role("button", name="page 1").click()
    becomes(lambda: query(page) == {"columns": "n_peaks,-status"})
    beyond = open_page(f"{served}/?page=99").page
    beyond.get_by_text("31–32 of 32 runs").wait_for(timeout=TIMEOUT)
    becomes(lambda: query(beyond) == {"page": "4"})
    assert errors == []


def test_the_zoom_of_the_hunt_s_figures(served, hunt, open_page):
    page, errors, _ = open_page(f"{served}/?tab=Hunt", height=1800)
    becomes(lambda: len(page.evaluate(RANGES)) == 2, 60)
    # A figure that was just drawn is measured once more.
    becomes(lambda: settled(page))
    whole = page.evaluate(RANGES)
    assert query(page) == {"tab": "Hunt"}
    for at, (name, label) in enumerate(FIGURES.items()):
        figure = page.evaluate_handle(FIGURE, label).as_element()
        if name == "evolution":
            figure.wait_for_selector("[title*='Wheel Zoom']").click()
        box = figure.bounding_box()
        page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.5 * box["height"])
        page.mouse.wheel(0, -300)
        names = {f"{name}.x", f"{name}.y"}
        becomes(lambda names=names: names <= query(page).keys())
        assert page.evaluate(RANGES)[at] != whole[at]
    becomes(lambda: settled(page))
    zoomed = page.evaluate(RANGES)
    page.reload()
    becomes(lambda: len(page.evaluate(RANGES)) == 2, 60)
    becomes(lambda: settled(page))
    np.testing.assert_allclose(page.evaluate(RANGES), zoomed, rtol=1e-6)
    assert query(page).keys() == {
        "tab",
        *(f"{figure}.{axis}" for figure in FIGURES for axis in "xy"),
    }

    # Reset gives the whole back, which grows with the runs that come in.
    for label in FIGURES.values():
        figure = page.evaluate_handle(FIGURE, label).as_element()
        figure.wait_for_selector("[title*='Reset']").click()
    becomes(lambda: query(page) == {"tab": "Hunt"})
    becomes(lambda: np.allclose(page.evaluate(RANGES), whole, rtol=1e-6))
    [row] = LedgerReader(hunt.ledger_path).hunts()
    with Ledger(hunt.ledger_path) as ledger:
        play(ledger, row["hunt_id"], SETTINGS, np.random.default_rng(8), 7, 0.0, begin=5)
    becomes(lambda: page.evaluate(RANGES)[1][1] > 7)
    assert errors == []


def test_a_zoom_of_another_figure_is_forgotten(served, open_page):
    asked = "tab=Hunt&evolution.x=2:3&evolution.y=0.1:2"
    page, *_ = open_page(f"{served}/?{asked}", height=1800)
    becomes(lambda: len(page.evaluate(RANGES)) == 2, 60)
    becomes(lambda: page.evaluate(RANGES)[1] == [2, 3, 0.1, 2])
    page.get_by_role("button", name="SSE", exact=True).first.click()
    becomes(lambda: query(page) == {"tab": "Hunt", "evolution": "log_prime_sse"})
    becomes(lambda: page.evaluate(RANGES)[1][1] > 3)
    wrong = open_page(f"{served}/?scatter.x=0:1&scatter.y=1:2").page
    wrong.get_by_text(re.compile("scatter.x, scatter.y: got '0:1 1:2'")).wait_for(timeout=TIMEOUT)


def settled(page):
    before = page.evaluate(RANGES)
    page.wait_for_timeout(700)
    return page.evaluate(RANGES) == before

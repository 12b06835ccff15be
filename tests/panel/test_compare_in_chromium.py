"""Runs that are ticked in the list stand side by side in a browser, and move together."""

from urllib.parse import parse_qs, urlsplit

import pytest
from browsing import TIMEOUT, becomes
from compared_panes import PANES
from panel_samples import hunt_in

from engine.store.reader import LedgerReader

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served(start_server, tmp_path_factory):
    workspace = hunt_in(tmp_path_factory.mktemp("compared"), population_size=6, strategy="sobol")
    runs = [row["config_hash"] for row in LedgerReader(workspace.ledger_path).runs(order="-")]
    return start_server(workspace=workspace.root).url, runs


def tick(page, run):
    row = page.locator(".tabulator-row", has=page.locator(f"span[title='{run}']"))
    row.get_by_role("checkbox").click(timeout=TIMEOUT)


def test_four_runs_of_two_pages_are_ticked_compared_and_panned_together(served, open_page):
    url, runs = served
    page, errors, foreign = open_page(url)
    page.get_by_text("Tick up to 4 runs").wait_for(timeout=TIMEOUT)
    for run in runs[:3]:
        tick(page, run)
    page.get_by_text("3 of 4").wait_for()
    page.get_by_role("button", name="page 2").click()
    tick(page, runs[11])
    page.get_by_text("4 of 4").wait_for()
    tick(page, runs[10])
    page.get_by_text(f"Run {runs[10][:8]} was not marked: got a fifth run").wait_for()
    page.get_by_text(f"Run {runs[0][:8]}").first.wait_for()  # still the newest is selected
    page.get_by_role("button", name="Compare").click()
    becomes(lambda: len(page.evaluate(PANES)) == 4, 60)
    wanted = ",".join([*runs[:3], runs[11]])
    link = {"tab": ["Compare"], "page": ["2"], "compare": [wanted]}
    becomes(lambda: parse_qs(urlsplit(page.url).query) == link)
    becomes(lambda: len({each["range"][1] for each in page.evaluate(PANES)}) == 1)
    before = page.evaluate(PANES)
    assert len({(each["low"], each["high"]) for each in before}) == 1, "one scale for all"
    assert len({each["spans"] for each in before}) == 1, "one crosshair for all"
    assert before[0]["spans"]

    second = page.locator(".bk-Figure:visible").nth(3)
    second.scroll_into_view_if_needed()
    at = page.evaluate(PANES)[1]
    page.mouse.move(at["x"] + at["width"] / 2, at["y"] + at["height"] / 2)
    page.mouse.wheel(0, -600)
    becomes(lambda: page.evaluate(PANES)[0]["range"][1] < before[0]["range"][1])
    zoomed = page.evaluate(PANES)[0]["range"]
    page.mouse.down()
    page.mouse.move(at["x"] + at["width"] / 2 - 60, at["y"] + at["height"] / 2, steps=4)
    page.mouse.up()
    becomes(lambda: page.evaluate(PANES)[0]["range"][0] > zoomed[0])
    becomes(lambda: len({tuple(each["range"]) for each in page.evaluate(PANES)}) == 1)
    # and the server has drawn that part anew, in each
    becomes(lambda: all(each["left"] > before[0]["left"] for each in page.evaluate(PANES)))

    page.get_by_role("button", name=f"Select run {runs[2][:8]}").click()
    page.get_by_text(f"Run {runs[2][:8]}").first.wait_for(timeout=TIMEOUT)
    page.wait_for_url(f"**/?run={runs[2]}&tab=Compare&compare={wanted}&panes.x=*&panes.y=*")
    assert errors == []
    assert [address for address in foreign if not address.startswith(url)] == []


@pytest.mark.parametrize(("width", "columns"), [(1440, 2), (800, 2), (600, 1)])
def test_a_link_shows_the_panes_in_as_many_columns_as_fit(served, open_page, width, columns):
    url, runs = served
    named = ",".join([*runs[:3], "nonsense"])
    page, errors, _ = open_page(f"{url}/?tab=Compare&compare={named}", width=width)
    page.get_by_text("compare: got 'nonsense'").wait_for(timeout=TIMEOUT)
    becomes(lambda: len(page.evaluate(PANES)) == 3, 60)
    becomes(lambda: len({round(each["x"]) for each in page.evaluate(PANES)}) == columns)
    sides = [each["width"] for each in page.evaluate(PANES)]
    assert max(sides) - min(sides) <= 2, "equal cells are equally large, in the last row too"
    for each in page.evaluate(PANES):
        assert each["width"] == pytest.approx(each["height"], abs=2)
        assert each["width"] > 180
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert errors == []

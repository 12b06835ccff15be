"""The hunt's figures under a person's hands: a tap, a box, a zoom, and runs that come in."""

import numpy as np
import pytest
from browsing import TIMEOUT, becomes
from hunt_samples import SETTINGS, fill_hunt, play

from engine.store.ledger import Ledger
from engine.store.workspace import Workspace
from irer_panel.wording import number

pytestmark = pytest.mark.browser

FIGURES = """(wanted) => { const found = []
const walk = (view) => {
  if (view.model?.type === "Figure") found.push(view)
  for (const child of view.children_views?.() ?? []) if (child) walk(child)
}
for (const root of Bokeh.index.roots) walk(root)
return wanted(found) }"""


def ask(page, script):
    """What a script says of the page's figures, in reading order."""
    return page.evaluate(FIGURES.replace("wanted(found)", f"({script})(found)"))


# The scatter's points: the only glyph of its kind that has a colour column.
DOTS = """([figure]) => { for (const view of figure.renderer_views.values())
  if (view.model.glyph?.type === "Scatter" && view.model.glyph.size?.field) return %s }"""
SELECTED = DOTS % "view.model.data_source.selected.indices"
COUNT = DOTS % "view.model.data_source.data.id.length"
AT = DOTS % "[view.model.data_source.data.id[4], view.glyph.sx[4], view.glyph.sy[4]]"
RANGE = "([figure]) => [figure.model.x_range.start, figure.model.x_range.end]"


@pytest.fixture(scope="module")
def served(start_server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("figures") / "workspace"
    workspace = Workspace.open(folder)
    fill_hunt(workspace, generations=4)
    return start_server("tests.panel.hunt_page", workspace=folder)


@pytest.fixture
def opened(served, open_page):
    watched = open_page(served.url, height=1800)
    watched.page.locator(".bk-Figure").nth(3).wait_for(timeout=TIMEOUT)
    becomes(lambda: (ask(watched.page, COUNT) or 0) > 20)
    becomes(lambda: (ask(watched.page, AT) or [0, None])[1] is not None)
    yield watched
    assert not watched.errors
    assert not watched.foreign


def drag(page, box, begin, end):
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (begin, end)]
    page.mouse.move(*places[0])
    page.mouse.down()
    page.mouse.move(*places[1], steps=5)
    page.mouse.up()


def test_a_tap_on_a_point_opens_that_run(opened):
    page = opened.page
    run, x, y = ask(page, AT)
    box = page.locator(".bk-Figure").first.bounding_box()
    page.mouse.click(box["x"] + x, box["y"] + y)
    page.locator(f'code[title="{run}"]').wait_for(timeout=TIMEOUT)


def test_a_logarithmic_axis_writes_numbers_as_the_page_does(opened):
    script = "([figure]) => figure.model.left[0].formatter.doFormat(%s, {})"
    values = [2e-4, 0.00025, 0.001, 0.006, 0.15, 12340.0, 2e6, 0, -0.25, -3.1e-4, -12345.6]
    assert ask(opened.page, script % values) == [number(each) for each in values]


def test_a_box_over_an_axis_marks_its_runs_in_the_scatter(opened):
    page = opened.page
    assert ask(page, SELECTED) == []
    parallel = page.locator(".bk-Figure").nth(2)
    parallel.locator("[title*='Box Select']").first.click()
    drag(page, parallel.bounding_box(), (0.02, 0.3), (0.2, 0.75))
    becomes(lambda: ask(page, SELECTED))
    assert len(ask(page, SELECTED)) < ask(page, COUNT)


def test_runs_that_come_in_leave_zoom_and_marks(opened, served):
    page = opened.page
    before = ask(page, COUNT)
    scatter = page.locator(".bk-Figure").first
    scatter.locator("[title*='Box Select']").first.click()
    drag(page, scatter.bounding_box(), (0.3, 0.2), (0.95, 0.8))
    becomes(lambda: ask(page, SELECTED))
    box = scatter.bounding_box()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.5 * box["height"])
    whole = ask(page, RANGE)
    page.mouse.wheel(0, -200)
    becomes(lambda: ask(page, RANGE) != whole)
    marked, zoomed = ask(page, SELECTED), ask(page, RANGE)
    workspace = Workspace.open(served.workspace)
    [hunt] = _hunts(workspace)
    with Ledger(workspace.ledger_path) as ledger:
        play(ledger, hunt, SETTINGS, np.random.default_rng(8), 6, 0.0, begin=5)
    becomes(lambda: ask(page, COUNT) > before)
    assert ask(page, RANGE) == zoomed
    assert ask(page, SELECTED) == marked


@pytest.mark.parametrize("width", [1440, 800])
def test_no_card_is_cut_off(served, open_page, width):
    page, *_ = open_page(served.url, width=width, height=2600)
    page.locator(".bk-Figure").nth(3).wait_for(timeout=TIMEOUT)
    for figure in page.locator(".bk-Figure").all():
        box = figure.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["width"] > 240


def _hunts(workspace):
    from engine.store.reader import LedgerReader

    return [hunt["hunt_id"] for hunt in LedgerReader(workspace.ledger_path).hunts()]

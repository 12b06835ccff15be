"""The Spectrum and the Audit tab in a browser, served alone over a hunt that is over."""

import json

import pytest
from audited_hunt import hunted
from browsing import TIMEOUT, becomes

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served(start_server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tabs")
    engine = hunted(folder, null_draws=199)
    engine.close()
    run = engine.reader.best()["config_hash"]
    return start_server("tests.panel.tabs_page", workspace=folder), run


OPACITY = """(element) => {
  let all = 1
  for (let each = element; each; each = each.parentNode ?? each.host) {
    if (each instanceof Element) { all *= getComputedStyle(each).opacity }
  }
  return all
}"""
"""Of an element with all that it lies in."""


def figures(page):
    return page.locator(".bk-Figure:visible")


def test_the_spectrum_is_drawn_with_both_nulls_at_any_width(served, open_page):
    server, run = served
    page, errors, foreign = open_page(server.url)
    page.locator(f".bare[data-run='{run}']").wait_for(timeout=TIMEOUT)
    becomes(lambda: figures(page).count() == 3)
    page.get_by_text("draws score as low: p = ").wait_for()
    page.get_by_text("orders of the gaps score").wait_for()
    assert figures(page).nth(0).evaluate(OPACITY) == 1
    first = figures(page).nth(0).bounding_box()
    page.mouse.move(first["x"] + first["width"] / 2, first["y"] + first["height"] / 2)
    assert not errors
    page.set_viewport_size({"width": 800, "height": 900})
    becomes(lambda: figures(page).nth(0).bounding_box()["width"] <= 800)
    for index in range(3):
        box = figures(page).nth(index).bounding_box()
        assert 280 <= box["width"] <= 800
        assert box["x"] + box["width"] <= 800
    assert not errors
    assert not foreign


def test_a_run_is_validated_and_reproduced_and_the_golden_parameters_copied(served, open_page):
    server, run = served
    page, errors, _ = open_page(server.url)
    validate = page.get_by_role("button", name="Validate again")
    validate.wait_for(timeout=TIMEOUT)
    becomes(validate.is_enabled)
    validate.click()
    page.locator("[data-job=validate][data-holds=true]").wait_for(timeout=TIMEOUT)
    becomes(validate.is_enabled)
    page.get_by_role("button", name="Reproduce").click()
    page.get_by_text(f"Reproducing run {run[:8]}").wait_for(timeout=TIMEOUT)
    page.locator("[data-job=reproduce][data-holds=true]").wait_for(timeout=2 * TIMEOUT)

    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").click()
    page.get_by_role("button", name="Copied").wait_for(timeout=TIMEOUT)
    copied = page.evaluate("navigator.clipboard.readText()")
    assert json.loads(copied)["config_hash"] == run
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == f"golden_parameters_{run[:8]}.json"
    with open(download.value.path(), encoding="utf-8") as kept:
        assert kept.read() == copied
    assert not errors

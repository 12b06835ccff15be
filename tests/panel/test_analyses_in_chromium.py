"""The Analyses tab in a browser: from a choice to figures, a plot and a picture."""

import json

import pytest
from audited_hunt import hunted
from browsing import TIMEOUT, becomes
from plugged_in import plug_in

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served(start_server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("analyses")
    engine = hunted(folder, num_generations=1, population_size=2)
    plug_in(engine.workspace, "profile")
    engine.close()
    return start_server(workspace=folder)


def test_a_component_is_set_run_and_shown(served, open_page):
    page, errors, foreign = open_page(served.url)
    page.get_by_role("tab", name="Analyses").click(timeout=TIMEOUT)
    page.get_by_role("button", name="Analyze").wait_for(timeout=TIMEOUT)
    menu = page.get_by_role("combobox", name="Component")
    becomes(lambda: len(menu.inner_text()) > 1)
    menu.click()
    page.get_by_role("listbox").get_by_text("Profile").click()
    row = page.get_by_role("textbox", name="Row")
    row.wait_for(timeout=TIMEOUT)
    analyze = page.get_by_role("button", name="Analyze")
    becomes(analyze.is_enabled)
    row.fill("99")
    row.press("Enter")
    page.get_by_text("row: got '99', expected a whole number, at least 0, at most 31").wait_for()
    row.fill("7")
    row.press("Enter")
    page.get_by_text("a whole number, at least 0, at most 31", exact=True).wait_for()
    analyze.click()
    page.locator("[data-analysis=ok]").wait_for(timeout=2 * TIMEOUT)
    page.get_by_role("cell", name="row", exact=True).wait_for()
    picture = page.get_by_alt_text("picture")
    becomes(lambda: picture.evaluate("image => image.naturalWidth") == 4)
    becomes(lambda: page.locator(".bk-Figure:visible").count() >= 1)
    becomes(analyze.is_enabled)
    wanted = {"tab=Analyses", "component=profile"}
    becomes(lambda: wanted <= set(page.evaluate("location.search.slice(1)").split("&")))
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download figures.json").click()
    assert json.loads(waiting.value.path().read_text())["row"] == 7
    assert not errors
    assert not foreign

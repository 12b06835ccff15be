"""Two browsers over one engine see the same, and neither asks any other host for anything."""

import re

import pytest
from browsing import QUICK, TIMEOUT, becomes, fill, status_of

pytestmark = pytest.mark.browser

TABS = ("Hunt", "Spectrum", "Audit", "Time", "Analyses", "Live", "Log", "Runs")


def test_a_hunt_in_one_browser_shows_in_the_other_and_no_tab_leaves_the_host(
    start_server, open_page
):
    served = start_server()
    one, two = open_page(served.url), open_page(served.url)
    for each in (one, two):
        each.page.get_by_text("No runs yet").wait_for(timeout=TIMEOUT)
    one.page.get_by_role("button", name="Simulation").click()
    fill(one.page, {**QUICK, "Generations": "1", "Population size": "3"})
    one.page.get_by_text("1 × 3 = 3 runs").wait_for()
    one.page.get_by_role("button", name="Start").click()
    for each in (one, two):
        status_of(each.page).get_by_text("Completed").wait_for(timeout=3 * TIMEOUT)

    def rows(page):
        return page.locator(".tabulator-row").all_inner_texts()

    becomes(lambda: len(rows(one.page)) == 3 and rows(one.page) == rows(two.page))
    for name in ("sse", "h_norm", "fitness"):
        tile = f"[data-tile={name}] .value"
        becomes(
            lambda tile=tile: (
                one.page.locator(tile).inner_text() == two.page.locator(tile).inner_text()
            )
        )
    for tab in TABS:
        two.page.get_by_role("tab", name=tab).click()
        becomes(lambda: two.page.locator(".opening").locator("visible=true").count() == 0)
    for each in (one, two):
        assert each.errors == []
        assert each.foreign == []
    loaded = re.findall(r"""(?:src|href)=["'](https?://[^"']+)""", two.page.content())
    assert [address for address in loaded if not address.startswith(served.url)] == []

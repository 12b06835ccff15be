"""A run on another domain is shown whole, whatever was in sight before."""

import time

import pytest
from test_first_hunt import RASTERS, TIMEOUT, tile, wait_for

pytestmark = pytest.mark.browser


def test_the_window_follows_the_domain_up_and_down(start_server, open_page):
    page, errors, foreign = open_page(start_server().url)
    page.get_by_text("No runs yet").wait_for(timeout=TIMEOUT)

    def fill(label, value):
        field = page.get_by_role("textbox", name=label)
        field.fill(value)
        field.blur()

    fill("Generations", "1")
    fill("Population size", "2")
    page.get_by_role("button", name="Simulation").click()
    fill("T steps", "20")
    fill("N grid", "32")
    for length in (64, 256, 20):
        fill("Domain length", str(length))
        time.sleep(0.5)
        page.get_by_role("button", name="Start").click()
        half = length / 32 / 2
        whole = [pytest.approx(-half), pytest.approx(length - half)]
        wait_for(
            lambda: page.evaluate(RASTERS),
            lambda found, whole=whole: (
                len(found) == 2 and all(p["x_range"] == p["y_range"] == whole for p in found)
            ),
            seconds=60,
        )
        wait_for(lambda: tile(page, "status").inner_text(), lambda word: word == "Completed")
    assert not errors
    assert not foreign

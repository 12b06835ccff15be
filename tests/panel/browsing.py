"""What tests of the page do in a browser."""

import time

TIMEOUT = 120_000.0
QUICK = {"N grid": "32", "Domain length": "256", "T steps": "60"}
"""A hunt of seconds whose runs have scores."""


def fill(page, values):
    for label, value in values.items():
        field = page.get_by_role("textbox", name=label)
        field.fill(value)
        field.blur()


def status_of(page):
    return page.locator("[data-tile=status] .value")


def becomes(look, seconds=60.0):
    """Ask until it is so: each view of a page hears of a change in a message of its own."""
    until = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < until, f"still not {look}"
        time.sleep(0.05)


def pick(page, run):
    """Click a run's row until the page has it.

    A table that has just been built draws its rows a second time, and a row that is drawn anew
    between press and release hears no click.
    """
    row = page.locator(f".tabulator-row span[title='{run}']").first
    shown = page.locator(".run code").first

    def picked():
        row.click(timeout=TIMEOUT)
        page.wait_for_timeout(500)
        return shown.get_attribute("title") == run

    becomes(picked)

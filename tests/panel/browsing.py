"""What tests of the page do in a browser."""

import time

TIMEOUT = 60_000.0
QUICK = {"N grid": "32", "Domain length": "256", "T steps": "60"}
"""A hunt of seconds whose runs have scores."""


def fill(page, values):
    for label, value in values.items():
        field = page.get_by_role("textbox", name=label)
        field.fill(value)
        field.blur()


def status_of(page):
    return page.locator("[data-tile=status] .value")


def becomes(look, seconds=30.0):
    """Ask until it is so: each view of a page hears of a change in a message of its own."""
    until = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < until, f"still not {look}"
        time.sleep(0.05)

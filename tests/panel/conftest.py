"""Debian's Chromium, to look at a real server."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="module")
def chromium():
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not there; install Debian's chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


class Watched(NamedTuple):
    """A page, and what went wrong or left the host on it."""

    page: object
    errors: list[str]
    foreign: list[str]


@pytest.fixture
def open_page(chromium) -> Iterator[Callable[..., Watched]]:
    """Open a page that notes console errors and requests to other hosts."""
    opened = []

    def open_(url: str, width: int = 1440, height: int = 900) -> Watched:
        page = chromium.new_page(viewport={"width": width, "height": height})
        opened.append(page)
        errors: list[str] = []
        foreign: list[str] = []

        def ask(request):
            if not request.url.startswith((url, url.replace("http", "ws"), "data:", "blob:")):
                foreign.append(request.url)

        def say(message):
            if message.type == "error":
                errors.append(message.text)

        page.on("request", ask)
        page.on("console", say)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        return Watched(page, errors, foreign)

    yield open_
    for page in opened:
        page.close()

"""A real server in a process of its own, and Debian's Chromium to look at it."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
REPOSITORY = Path(__file__).parents[2]


class Served(NamedTuple):
    """A running dashboard."""

    url: str
    workspace: Path
    process: subprocess.Popen[str]


@pytest.fixture(scope="module")
def start_server(tmp_path_factory) -> Iterator[Callable[..., Served]]:
    """Start `irer serve` (or another command that prints its address) on a free port.

    Each in a session of its own, so that it can be killed with all its auditors.
    """
    started: list[subprocess.Popen[str]] = []

    def start(*command: str, workspace: Path | None = None) -> Served:
        workspace = workspace or tmp_path_factory.mktemp("served") / "workspace"
        process = subprocess.Popen(
            [sys.executable, "-m", *(command or ("engine.cli", "serve", "--port", "0"))],
            cwd=REPOSITORY,
            env={**os.environ, "IRER_WORKSPACE": str(workspace)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if found := re.search(r"http://(127\.0\.0\.1|localhost):\d+\S*", line):
                return Served(found[0].rstrip("/"), workspace, process)
        raise AssertionError(f"the server ended before it listened:\n{said}")

    yield start
    for process in started:
        process.terminate()
    for process in started:
        process.communicate(timeout=30)


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

"""What every test runs under: checked array shapes, one threading layer, no silent skips in CI.

And what many share: a real server in a process of its own, and Debian's Chromium to look at it.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from threading import Thread
from typing import IO, NamedTuple

import pytest
from jaxtyping import install_import_hook

# Datashader's kernels run from several threads at once, which Numba's own layer does not survive.
os.environ.setdefault("NUMBA_THREADING_LAYER", "omp")

# A shell's job in the background ignores SIGINT, and so would what the tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Before anything imports the package: each call then checks the shapes that its signature states.
install_import_hook("engine.physics", "beartype.beartype")

ROOT = Path(__file__).parents[1]

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

MUST_RUN = ("browser", "redis", "strace")
"""Markers of tests that CI has installed everything for: there a skip hides a hole."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip of a test that has to run in CI into a failure."""
    report = yield
    expected_failure = hasattr(report, "wasxfail")
    if any(item.get_closest_marker(mark) for mark in MUST_RUN) and not expected_failure:
        _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a module that skips as a whole, before its tests and marks are known."""
    report = yield
    if isinstance(collector, pytest.Module) and report.skipped:
        source = collector.path.read_text(encoding="utf-8")
        if any(f"mark.{mark}" in source for mark in MUST_RUN):
            _refuse_skip(report)
    return report


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if report.skipped and os.environ.get("CI") == "true":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = (
            f"{reason}; with CI=true tests marked {' or '.join(MUST_RUN)} have to run: "
            "install what is missing (.ci/run does so as root)."
        )


@pytest.fixture
def make_disk(tmp_path: Path) -> Generator[Callable[[str], Path], None, None]:
    """Make a real file system of a given size ("1m"), where mounting is allowed."""
    made: list[Path] = []

    def make(size: str) -> Path:
        disk = tmp_path / f"disk{len(made)}"
        disk.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            pytest.skip("a small file system needs mount, which is not installed")
        if done.returncode:
            pytest.skip(f"a small file system needs the right to mount: {done.stderr.strip()}")
        made.append(disk)
        return disk

    yield make
    for disk in made:
        subprocess.run(["umount", disk], check=True)


class Served(NamedTuple):
    """A running dashboard."""

    url: str
    workspace: Path
    process: subprocess.Popen[str]
    said: list[str]


@pytest.fixture(scope="module")
def start_server(tmp_path_factory) -> Iterator[Callable[..., Served]]:
    """Start `irer serve` (or another command that prints its address) on a free port.

    Each in a session of its own, so that it can be killed with all its auditors.
    """
    started: list[subprocess.Popen[str]] = []
    readers: list[Thread] = []

    def start(*command: str, workspace: Path | None = None) -> Served:
        workspace = workspace or tmp_path_factory.mktemp("served") / "workspace"
        process = subprocess.Popen(
            [sys.executable, "-m", *(command or ("engine.cli", "serve", "--port", "0"))],
            cwd=ROOT,
            env={**os.environ, "IRER_WORKSPACE": str(workspace)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        assert process.stdout is not None
        said: list[str] = []
        for line in process.stdout:
            said.append(line)
            if found := re.search(r"http://(127\.0\.0\.1|localhost):\d+\S*", line):
                # Read on: a server that says much would wait for a reader.
                readers.append(Thread(target=_read_on, args=(process.stdout, said)))
                readers[-1].start()
                return Served(found[0].rstrip("/"), workspace, process, said)
        raise AssertionError("the server ended before it listened:\n" + "".join(said))

    yield start
    for process in started:
        process.terminate()
    for process in started:
        process.wait(timeout=30)
    for reader in readers:
        reader.join(30)


def _read_on(stream: IO[str], said: list[str]) -> None:
    with stream:
        said.extend(stream)


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
        page.set_default_timeout(60_000)  # a shared machine may stand still for half a minute
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

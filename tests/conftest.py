"""What every test runs under: checked array shapes, one threading layer, no silent skips in CI."""

import os
import subprocess
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

# Datashader's kernels run from several threads at once, which Numba's own layer does not survive.
os.environ.setdefault("NUMBA_THREADING_LAYER", "omp")

# Before anything imports the package: each call then checks the shapes that its signature states.
install_import_hook("engine.physics", "beartype.beartype")

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

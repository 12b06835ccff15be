"""Markers decide what runs: campaigns are left out, and CI accepts no skip of what it installed."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import jax.numpy as jnp
import pytest
from jaxtyping import TypeCheckError

from engine.physics.grid import make_grid

ROOT = Path(__file__).parents[1]

TESTS = """
import pytest

@pytest.fixture
def program():
    pytest.skip("no such program")

@pytest.mark.browser
def test_browser_skips_inside():
    pytest.skip("no such program")

@pytest.mark.redis
def test_redis_skips_inside():
    pytest.skip("no such program")

@pytest.mark.browser
@pytest.mark.skipif(True, reason="no such program")
def test_browser_skips_by_condition():
    pass

@pytest.mark.browser
def test_browser_skips_in_a_fixture(program):
    pass

@pytest.mark.browser
@pytest.mark.xfail(raises=ZeroDivisionError)
def test_browser_fails_as_expected():
    1 / 0

@pytest.mark.gpu
def test_gpu_skips(program):
    pass

@pytest.mark.slow
def test_campaign():
    pass
"""

MODULE_THAT_SKIPS = """
import pytest

pytestmark = pytest.mark.redis
pytest.importorskip("no_such_program")
"""


def run_tests(folder: Path, source: str, *arguments: str, ci: str) -> tuple[dict[str, str], str]:
    """Outcome by test and the output of pytest, under this project's conftest and settings."""
    (folder / "test_it.py").write_text(source)
    for name in ("tests/conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", *arguments, "test_it.py"],
        cwd=folder,
        env={**os.environ, "CI": ci, "PYTEST_ADDOPTS": "", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    outcomes = dict(re.findall(r"^test_it\.py::(\w+) ([A-Z]+)", done.stdout, re.MULTILINE))
    return {**outcomes, "exit": str(done.returncode)}, done.stdout + done.stderr


def test_ci_fails_on_a_skip_of_what_it_installed(tmp_path: Path) -> None:
    outcomes, output = run_tests(tmp_path, TESTS, ci="true")
    assert outcomes == {
        "test_browser_skips_inside": "FAILED",
        "test_redis_skips_inside": "FAILED",
        "test_browser_skips_by_condition": "ERROR",
        "test_browser_skips_in_a_fixture": "ERROR",
        "test_browser_fails_as_expected": "XFAIL",
        "test_gpu_skips": "SKIPPED",
        "exit": "1",
    }
    assert (
        "no such program; with CI=true tests marked browser or redis or strace have to run"
        in output
    )


def test_ci_fails_on_a_module_that_skips_as_a_whole(tmp_path: Path) -> None:
    outcomes, output = run_tests(tmp_path, MODULE_THAT_SKIPS, ci="true")
    assert outcomes["exit"] not in ("0", "5")
    assert "no_such_program" in output
    assert "have to run" in output


def test_outside_ci_a_skip_stays_a_skip(tmp_path: Path) -> None:
    outcomes, output = run_tests(tmp_path, TESTS, ci="")
    assert outcomes.pop("exit") == "0", output
    assert outcomes.pop("test_browser_fails_as_expected") == "XFAIL"
    assert set(outcomes.values()) == {"SKIPPED"}


def test_a_campaign_runs_only_when_asked_for(tmp_path: Path) -> None:
    outcomes, output = run_tests(tmp_path, TESTS, "-m", "slow", ci="true")
    assert outcomes == {"test_campaign": "PASSED", "exit": "0"}, output


def test_every_warning_is_an_error_but_for_named_ones() -> None:
    options = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    first, *exceptions = options["filterwarnings"]
    assert first == "error"
    for exception in exceptions:
        action, message, category, module = (*exception.split(":"), "", "", "")[:4]
        assert action == "ignore"
        assert message or module, f"{exception!r} would hide every {category}"


def test_signatures_of_the_physics_are_checked() -> None:
    """The import hook is in force; the array shapes in the signatures go through it as well."""
    assert make_grid(8, 8.0, jnp.dtype("float32")).n == 8
    with pytest.raises(TypeCheckError):
        make_grid(8.0, 8.0, jnp.dtype("float32"))

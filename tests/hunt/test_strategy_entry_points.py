"""Strategies from other packages, by the example that docs/strategies.md gives."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from engine.errors import SettingsError
from engine.hunt.strategies import ENTRY_POINTS, Results, make_strategy, strategy_names
from engine.settings import HuntSettings

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs/strategies.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    """The one piece of code of a language in the docs."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", DOCS, re.DOTALL)
    return found


def install(folder: Path, points: dict[str, str]) -> None:
    """Put a package where an installer would."""
    project = tomllib.loads(block("toml"))["project"]
    about = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    lines = [f"[{ENTRY_POINTS}]", *(f"{name} = {value}" for name, value in points.items())]
    (about / "entry_points.txt").write_text("\n".join(lines) + "\n")


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """A folder whose packages can be imported."""
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("hill", None)


@pytest.fixture
def hill(packages):
    """The example of the docs, installed."""
    (packages / "hill.py").write_text(block("python"))
    points = tomllib.loads(block("toml"))["project"]["entry-points"]
    assert points.keys() == {ENTRY_POINTS}
    install(packages, points[ENTRY_POINTS])


@pytest.mark.usefixtures("hill")
def test_the_example_of_the_docs_is_found_and_searches():
    assert strategy_names()[-1] == "hill"
    strategy = make_strategy(HuntSettings(strategy="hill", population_size=10))
    for generation in range(30):
        points = strategy.ask()
        assert points.shape == (10, 3)
        costs = ((points - 0.3) ** 2).sum(axis=1, keepdims=True)
        costs[generation % 10] = np.nan
        unknown = np.full((10, 2), np.nan)
        strategy.tell(points, Results(costs, unknown, np.full_like(points, np.nan)))
    assert np.nanmin(costs) < 0.01


@pytest.mark.usefixtures("hill")
def test_a_name_that_ships_is_not_taken_over(packages):
    (packages / "irer_hill-1.0.dist-info/entry_points.txt").write_text(
        f"[{ENTRY_POINTS}]\ngenetic = hill:Hill\n"
    )
    assert strategy_names().count("genetic") == 1
    assert type(make_strategy(HuntSettings())).__name__ == "Genetic"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("nowhere_at_all:Hill", "ModuleNotFoundError: No module named 'nowhere_at_all'"),
        ("hill:Valley", "AttributeError: module 'hill' has no attribute 'Valley'"),
        ("hill_broken:Hill", "ZeroDivisionError: division by zero"),
    ],
)
def test_a_broken_package_is_named_with_its_reason(packages, value, reason):
    (packages / "hill.py").write_text(block("python"))
    (packages / "hill_broken.py").write_text("1 / 0\n")
    install(packages, {"broken": value})
    with pytest.raises(SettingsError) as caught:
        make_strategy(HuntSettings(strategy="broken"))
    assert f"whose package {value} cannot be loaded ({reason}" in str(caught.value)
    assert "reinstall it or choose another" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.field == "strategy"


def test_an_unknown_name_is_answered_with_all_names():
    with pytest.raises(SettingsError, match="got 'nsga3', expected one of genetic, nsga2, cmaes"):
        make_strategy(HuntSettings(strategy="nsga3"))


def test_the_docs_and_the_settings_name_what_ships():
    table = re.findall(r"^\| `(\w+)` \|", DOCS, re.MULTILINE)
    assert table == strategy_names()
    (spec,) = [f for f in HuntSettings.__dataclass_fields__.values() if f.name == "strategy"]
    assert ", ".join(table) in str(spec.metadata)


def test_no_strategy_is_loaded_before_it_is_asked_for():
    code = (
        "import sys, engine.hunt.strategies as s; s.strategy_names();"
        "print(*{m.split('.')[0] for m in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not {"pymoo", "cma", "ribs", "optax", "scipy", "jax"} & set(done.stdout.split())

"""One truth about packages: pyproject.toml, which environment.yml and constraints.txt follow."""

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
PYTHONS = ("3.11", "3.12", "3.13")
CONDA_NAMES = {"pyribs": "ribs", "redis-py": "redis"}


def bounds(lines: list[str]) -> dict[str, SpecifierSet]:
    """Accepted versions by package."""
    requirements = [Requirement(line) for line in lines]
    return {canonicalize_name(each.name): each.specifier for each in requirements}


def pins() -> list[Requirement]:
    """The lines of constraints.txt."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def pinned(python: str) -> dict[str, str]:
    """Version by package on Linux with one Python."""
    here = {"python_version": python, "sys_platform": "linux"}
    kept = [pin for pin in pins() if pin.marker is None or pin.marker.evaluate(here)]
    names = [canonicalize_name(pin.name) for pin in kept]
    assert len(names) == len(set(names)), "a package is pinned twice"
    return {name: str(pin.specifier)[2:] for name, pin in zip(names, kept, strict=True)}


def needed_by(requirements: list[str]) -> set[str]:
    """Every package that is installed for some requirements, theirs included."""
    todo, seen = [Requirement(line) for line in requirements], set()
    while todo:
        each = todo.pop()
        key = (canonicalize_name(each.name), frozenset(each.extras))
        if key in seen:
            continue
        seen.add(key)
        for line in importlib.metadata.requires(each.name) or []:
            child = Requirement(line)
            extras = [{"extra": extra} for extra in each.extras] or [{"extra": ""}]
            if child.marker is None or any(child.marker.evaluate(extra) for extra in extras):
                todo.append(child)
    return {name for name, _ in seen}


def test_conda_users_get_the_same_packages_and_bounds() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    conda = bounds([line for line in environment["dependencies"] if isinstance(line, str)])
    assert conda.pop("pip") == SpecifierSet()
    assert conda.pop("python") == SpecifierSet(PROJECT["requires-python"])
    ours = {CONDA_NAMES.get(name, name): accepted for name, accepted in conda.items()}
    assert ours == bounds(PROJECT["dependencies"])
    assert environment["channels"] == ["conda-forge"]
    assert environment["dependencies"][-1] == {"pip": ["-e ."]}


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("extra", ["", *EXTRAS])
def test_pins_lie_inside_the_bounds(python: str, extra: str) -> None:
    versions = pinned(python)
    for name, accepted in bounds(EXTRAS[extra] if extra else PROJECT["dependencies"]).items():
        assert name in versions, f"{name}: no line in constraints.txt"
        assert versions[name] in accepted, f"{name}=={versions[name]} is outside {accepted}"


def test_every_package_that_is_installed_is_pinned() -> None:
    needed = needed_by([*PROJECT["dependencies"], *EXTRAS["dev"]])
    assert needed - pinned("3.11").keys() == set()


def test_gpu_plugins_are_of_the_pinned_jax() -> None:
    versions = pinned("3.11")
    for extra in ("cuda12", "cuda13"):
        for part in ("plugin", "pjrt"):
            assert versions[f"jax-{extra}-{part}"] == versions["jax"] == versions["jaxlib"]


def test_constraints_are_plain_pins_that_name_no_index() -> None:
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        assert re.fullmatch(r"(#.*)?|[\w.-]+==[\w.]+( ; .+)?", line), line
        assert "://" not in line
    assert not [lock for lock in ROOT.iterdir() if lock.suffix == ".lock"]

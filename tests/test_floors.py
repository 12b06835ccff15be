"""The house stands: imports go down only, each library on its floor, no file grows out of hand."""

import ast
import importlib.metadata
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]

FLOORS = {
    "engine": -1,  # the package itself, its version
    "engine.cores": 0,
    "engine.errors": 0,
    "engine.schema": 1,
    "engine.dimensions": 2,
    "engine.settings": 3,
    "engine.stability": 4,
    "engine.store": 4,
    "engine.physics": 5,
    "engine.audit": 5,
    "engine.live": 6,
    "engine.hunt": 7,
    "engine.layer2": 7,
    "engine.cli": 8,
    "irer_panel": 8,
    "dashboard": 9,
}
"""An area imports itself and what lies lower; a neighbour on its own floor it does not."""

PAGE_LIBRARIES = {"bokeh", "holoviews", "hvplot", "panel", "panel_material_ui", "param"}
SOLVER_LIBRARIES = {"jax", "jaxlib"}
MAX_LINES = 400


class Import(NamedTuple):
    """One imported module; `late` inside a function."""

    target: str
    line: int
    late: bool


def source_files(root: Path) -> list[Path]:
    """The product's modules."""
    files = [*root.glob("engine/**/*.py"), *root.glob("irer_panel/**/*.py")]
    return sorted([*files, *root.glob("dashboard.py")])


def module_name(path: Path, root: Path) -> str:
    """`engine/store/__init__.py` is engine.store."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def area_of(module: str) -> str:
    """The part of the house that a module belongs to, or '' for a module from outside."""
    two = ".".join(module.split(".")[:2])
    top = module.split(".")[0]
    return two if two in FLOORS else top if top in FLOORS else ""


def imports(path: Path, root: Path) -> Iterator[Import]:
    """Everything a module imports, at its top or later, by statement or by a constant name."""
    package = path.relative_to(root).parent.parts

    def visit(node: ast.AST, late: bool) -> Iterator[Import]:
        match node:
            case ast.Import(names=names):
                yield from (Import(name.name, node.lineno, late) for name in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                base = ".".join([*package[: len(package) - level + 1], module or ""]).strip(".")
                base = base if level else module or ""
                yield from (Import(f"{base}.{name.name}", node.lineno, late) for name in names)
            case ast.Call(
                func=ast.Name(id="__import__" | "import_module")
                | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield Import(name, node.lineno, late)
        inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for child in ast.iter_child_nodes(node):
            yield from visit(child, late or inside)

    yield from visit(ast.parse(path.read_text(encoding="utf-8")), late=False)


def wrong_import(module: str, found: Import) -> str:
    """Why a module may not import something, or ''."""
    own, other = area_of(module), area_of(found.target)
    library = found.target.split(".")[0]
    if other:
        if own == "engine.cli" and other == "irer_panel" and found.late:
            return ""
        allowed = own == other or FLOORS[other] < FLOORS[own]
        return "" if allowed else f"{own} imports {other}, which does not lie below it"
    if library in PAGE_LIBRARIES and own.startswith("engine"):
        return f"{own} imports {library}, which belongs to irer_panel"
    if library in SOLVER_LIBRARIES and own != "engine.physics":
        return f"{own} imports {library}, which belongs to engine.physics"
    return ""


def violations(root: Path) -> list[str]:
    """Every sentence that the house's rules have to say about a tree."""
    found = []
    for path in source_files(root):
        module, where = module_name(path, root), path.relative_to(root).as_posix()
        if module.startswith("engine.") and area_of(module) == "engine":
            found.append(f"{where}: no floor; give it one in FLOORS")
        for each in imports(path, root):
            if reason := wrong_import(module, each):
                found.append(f"{where}:{each.line}: {reason}")
    others = [*root.glob("tests/**/*.py"), *root.glob("benchmarks/**/*.py")]
    for path in sorted([*source_files(root), *others]):
        where = path.relative_to(root).as_posix()
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > MAX_LINES:
            found.append(f"{where}: {lines} lines, expected at most {MAX_LINES}; split it by idea")
        if path.name == "utils.py":
            found.append(f"{where}: name it after its idea")
    return found


def test_the_house_stands() -> None:
    modules = {module_name(path, ROOT) for path in source_files(ROOT)}
    assert {"engine.settings", "engine.cli", "irer_panel.app", "dashboard"} <= modules
    assert violations(ROOT) == []


PLANTED = {
    "up": ("engine/store/x.py", "from engine.hunt import engine", "engine.hunt"),
    "up, relative": ("engine/store/x.py", "from ..live.bus import Bus", "engine.live"),
    "up, relative package": ("engine/store/x.py", "from .. import live", "engine.live"),
    "up, whole": ("engine/settings.py", "import engine.store.ledger", "engine.store"),
    "up, late": ("engine/live/x.py", "def f():\n    import engine.hunt.engine", "engine.hunt"),
    "up, by name": ("engine/hunt/x.py", "import_module('irer_panel.app')", "irer_panel"),
    "sideways": ("engine/audit/x.py", "from engine import physics", "engine.physics"),
    "sideways back": ("engine/physics/x.py", "import engine.audit", "engine.audit"),
    "page to command line": ("irer_panel/x.py", "import engine.cli", "engine.cli"),
    "early page": ("engine/cli.py", "import irer_panel.server", "irer_panel"),
    "page to entry": ("irer_panel/x.py", "import dashboard", "dashboard"),
    "package init": ("engine/__init__.py", "from engine.settings import RunConfig", "settings"),
    "panel": ("engine/hunt/x.py", "import panel as pn", "panel"),
    "param": ("engine/live/x.py", "def f():\n    import param", "param"),
    "holoviews": ("engine/audit/x.py", "from holoviews import Image", "holoviews"),
    "bokeh": ("engine/cli.py", "def f():\n    from bokeh.io import show", "bokeh"),
    "jax in audit": ("engine/audit/x.py", "import jax.numpy as jnp", "jax"),
    "jax in hunt": ("engine/hunt/x.py", "def f():\n    from jax import Array", "jax"),
    "jax on the page": ("irer_panel/x.py", "import jaxlib", "jaxlib"),
    "homeless": ("engine/misc.py", "", "no floor"),
    "utils": ("irer_panel/utils.py", "", "name it after its idea"),
    "long": ("dashboard.py", "x = 1\n" * 401, "401 lines"),
    "long test": ("tests/test_x.py", "x = 1\n" * 401, "401 lines"),
}


@pytest.mark.parametrize(("file", "source", "culprit"), PLANTED.values(), ids=PLANTED)
def test_a_planted_violation_is_named(tmp_path: Path, file: str, source: str, culprit: str) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source)
    (message,) = violations(tmp_path)
    assert message.startswith(file)
    assert culprit in message


ALLOWED = {
    "down": ("engine/hunt/x.py", "from engine.physics import simulate"),
    "within": ("engine/store/x.py", "from . import artifact\nfrom .workspace import Workspace"),
    "version": ("engine/store/x.py", "from engine import __version__"),
    "late page": ("engine/cli.py", "def serve():\n    from irer_panel import server"),
    "jax at home": ("engine/physics/x.py", "import jax\nfrom jax import numpy"),
    "page": ("irer_panel/x.py", "import panel\nimport param\nfrom engine.hunt import engine"),
    "400 lines": ("engine/hunt/x.py", "x = 1\n" * 400),
}


@pytest.mark.parametrize(("file", "source"), ALLOWED.values(), ids=ALLOWED)
def test_what_the_rules_allow_passes(tmp_path: Path, file: str, source: str) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source)
    assert violations(tmp_path) == []


def test_every_imported_package_is_declared() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    names = {canonicalize_name(Requirement(line).name) for line in declared}
    distributions = importlib.metadata.packages_distributions()
    for path in source_files(ROOT):
        for each in imports(path, ROOT):
            package = each.target.split(".")[0]
            if area_of(each.target) or package in sys.stdlib_module_names:
                continue
            owners = {canonicalize_name(owner) for owner in distributions.get(package, [])}
            assert owners & names, f"{path.name}:{each.line}: {package} is not in pyproject.toml"


def loaded_by(code: str) -> set[str]:
    """Top-level modules that a fresh interpreter has loaded after some code."""
    listing = f"{code}\nimport sys; print(*sys.modules, sep='\\n', file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", listing], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return {name.split(".")[0] for name in done.stderr.split()}


def test_importing_the_engine_brings_neither_page_nor_solver() -> None:
    loaded = loaded_by("import engine")
    assert "engine" in loaded
    assert not loaded & (PAGE_LIBRARIES | SOLVER_LIBRARIES | {"numpy"})


def test_asking_for_help_brings_no_heavy_library() -> None:
    loaded = loaded_by(
        "import contextlib, sys\n"
        "from engine.cli import main\n"
        "sys.argv = ['irer', '--help']\n"
        "with contextlib.suppress(SystemExit):\n"
        "    main()"
    )
    assert not loaded & (PAGE_LIBRARIES | SOLVER_LIBRARIES | {"numpy", "scipy", "pandas", "h5py"})

"""`make` sets up from nothing, once, for what was asked, and says in one line why it cannot."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PROGRAMS = "sh cat echo find ln make mkdir printf rm sleep test touch"

# Stands in for uv: notes its arguments, makes an environment, installs nothing.
FAKE_UV = """#!/bin/sh
case "$1" in
  --version) echo 'uv 0'; exit ;;
  venv) mkdir -p .venv/bin && ln -s '{python}' .venv/bin/python ;;
  pip) sleep "${{FAKE_SECONDS:-0}}" ;;
esac
echo "$@" >> log
exit "${{FAKE_STATUS:-0}}"
"""

# A Python that says it is of another version, or lacks a module.
FAKE_PYTHON = """#!/bin/sh
exec '{python}' -I -S -c 'import sys
sys.version_info = ({version}, 0, "final", 0)
sys._base_executable = "/chosen/{name}"
sys.modules.update({{name: None for name in "{missing}".split()}})
exec(sys.argv[1])' "$2"
"""


class Done(NamedTuple):
    """What a `make` ended with."""

    status: int
    output: str
    error: str


class Tree:
    """A tree that holds what `make setup` reads, on a machine whose programs are ours."""

    def __init__(self, folder: Path) -> None:
        self.root, self.programs = folder / "a tree", folder / "bin"
        self.root.mkdir()
        self.programs.mkdir()
        for name in ("Makefile", "pyproject.toml", "constraints.txt"):
            shutil.copy(ROOT / name, self.root)
        for tool in PROGRAMS.split():
            path = shutil.which(tool)
            assert path, f"{tool}: not on this machine"
            (self.programs / tool).symlink_to(path)

    def program(self, name: str, source: str) -> None:
        path = self.programs / name
        path.write_text(source)
        path.chmod(0o755)

    def uv(self) -> None:
        self.program("uv", FAKE_UV.format(python=sys.executable))

    def python(self, name: str, version: str, missing: str = "") -> None:
        source = FAKE_PYTHON.format(
            python=sys.executable, name=name, version=version.replace(".", ","), missing=missing
        )
        self.program(name, source)

    def start(self, *arguments: str, **settings: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            ["make", *arguments],
            cwd=self.root,
            # Nothing of this process: under `make test` it holds that make's own variables.
            env={"PATH": str(self.programs), "HOME": str(self.root), **settings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def make(self, *arguments: str, **settings: str) -> Done:
        process = self.start(*arguments, **settings)
        output, error = process.communicate(timeout=60)
        return Done(process.returncode, output, error)

    def log(self) -> list[str]:
        """What uv was asked for since the last look."""
        path = self.root / "log"
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return lines


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


@pytest.fixture
def machine(tree: Tree) -> Tree:
    """A machine with uv and a Python in range."""
    tree.uv()
    tree.python("python3", "3.12")
    return tree


def installed(lines: Sequence[str]) -> list[str]:
    return [line.split(" -e ")[1] for line in lines if line.startswith("pip install")]


def test_setup_installs_the_package_editable_and_pinned(machine: Tree) -> None:
    done = machine.make("setup")
    assert done.status == 0, done.error
    venv, install = machine.log()
    assert venv == "venv --quiet --python /chosen/python3 .venv"
    assert install.startswith("pip install --quiet --python .venv/bin/python")
    assert install.endswith("-c constraints.txt -e .")


def test_a_second_setup_does_nothing(machine: Tree) -> None:
    machine.make("setup")
    machine.log()
    start = time.perf_counter()
    assert machine.make("setup").status == 0
    assert time.perf_counter() - start < 1
    assert machine.make("-q", "setup").status == 0
    assert machine.log() == []


@pytest.mark.parametrize("changed", ["pyproject.toml", "constraints.txt"])
def test_a_changed_file_is_set_up_again_in_the_same_environment(
    machine: Tree, changed: str
) -> None:
    machine.make("setup")
    machine.log()
    later = time.time() + 5
    os.utime(machine.root / changed, (later, later))
    assert machine.make("-q", "setup").status == 1
    machine.make("setup")
    assert installed(machine.log()) == ["."]


def test_the_tests_share_the_setup_and_add_their_tools(machine: Tree) -> None:
    machine.make("setup")
    machine.log()
    planned = machine.make("-n", "test")
    assert "-e '.[dev]'" in planned.output
    assert "-e '.'\n" not in planned.output
    assert planned.output.rstrip().endswith(".venv/bin/python -m pytest")


def test_serve_runs_the_dashboard_of_the_environment(machine: Tree) -> None:
    planned = machine.make("-n", "serve", "ARGS=--port 5007")
    assert planned.output.splitlines()[-1] == ".venv/bin/irer serve --port 5007"


def test_the_choice_of_a_gpu_is_remembered_and_another_one_starts_anew(machine: Tree) -> None:
    machine.make("setup", "GPU=cuda13")
    assert installed(machine.log()) == [".[cuda13]"]
    assert machine.make("-q", "setup").status == 0
    assert "-e '.[dev,cuda13]'" in machine.make("-n", "test").output
    machine.make("setup", "GPU=cuda12")
    assert [line.split()[0] for line in machine.log()] == ["venv", "pip"]
    machine.make("setup", "GPU=none")
    assert installed(machine.log()) == ["."]


def test_an_unknown_gpu_is_one_line(machine: Tree) -> None:
    done = machine.make("setup", "GPU=cuda99")
    assert done.status == 2
    (line,) = done.error.splitlines()
    assert "GPU=cuda99: unknown, expected cuda13, cuda12 or none" in line
    assert not (machine.root / ".venv").exists()


def test_a_moved_tree_is_set_up_again(machine: Tree) -> None:
    machine.make("setup")
    machine.log()
    machine.root = machine.root.rename(machine.root.with_name("elsewhere"))
    assert machine.make("-q", "setup").status == 1
    assert machine.make("setup").status == 0
    assert installed(machine.log()) == ["."]
    assert machine.make("-q", "setup").status == 0


def test_a_failed_install_is_taken_up_again(machine: Tree) -> None:
    machine.make("setup")
    later = time.time() + 5
    os.utime(machine.root / "constraints.txt", (later, later))
    assert machine.make("setup", FAKE_STATUS="1").status == 2
    os.utime(machine.root / "constraints.txt", (0, 0))
    assert machine.make("-q", "setup").status == 1
    assert machine.make("setup").status == 0


def test_an_interrupted_setup_leaves_no_stamp(machine: Tree) -> None:
    process = machine.start("setup", FAKE_SECONDS="30")
    deadline = time.monotonic() + 20
    while not (machine.root / ".venv/.made-for").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.2)
    os.killpg(process.pid, signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode != 0
    assert machine.make("-q", "setup").status == 1
    assert machine.make("setup").status == 0


def test_a_broken_shim_and_an_old_python_are_passed_over(tree: Tree) -> None:
    tree.python("python3", "3.10")
    tree.program("python3.13", "#!/bin/sh\necho 'command not found' >&2\nexit 127\n")
    tree.python("python3.12", "3.12")
    assert "'/chosen/python3.12' -m venv .venv" in tree.make("-n", "setup").output


@pytest.mark.parametrize("version", ["3.10", "3.14", "2.7"])
def test_a_python_out_of_range_is_one_line(tree: Tree, version: str) -> None:
    tree.python("python3", version)
    done = tree.make("setup")
    assert done.status == 2
    (line,) = done.error.splitlines()
    assert f"got {version} " in line
    assert "expected 3.11, 3.12 or 3.13" in line


def test_no_python_at_all_is_one_line(tree: Tree) -> None:
    (line,) = tree.make("setup").error.splitlines()
    assert "got none" in line


def test_a_python_without_ensurepip_is_one_line_with_a_hint(tree: Tree) -> None:
    tree.python("python3", "3.11", missing="ensurepip")
    (line,) = tree.make("setup").error.splitlines()
    assert "python3-venv" in line
    tree.uv()
    assert tree.make("setup").status == 0, "uv needs no ensurepip"


def test_pip_is_used_where_uv_is_missing_or_unwanted(machine: Tree) -> None:
    planned = machine.make("-n", "setup", "UV=").output
    assert "'/chosen/python3' -m venv .venv" in planned
    assert ".venv/bin/python -m pip install" in planned
    assert "-c constraints.txt -e '.'" in planned


def test_help_names_every_target(machine: Tree) -> None:
    text = machine.make().output
    named = "setup", "serve", "test", "test-slow", "check", "bench", "mutants", "tamper", "clean"
    for target in named:
        assert f"make {target} " in text
    for target in ("lint", "format", "typecheck"):
        assert target in text


def test_clean_keeps_results(machine: Tree) -> None:
    machine.make("setup")
    (machine.root / "irer_workspace").mkdir()
    assert machine.make("clean").status == 0
    assert not (machine.root / ".venv").exists()
    assert (machine.root / "irer_workspace").is_dir()


@pytest.mark.slow
def test_a_fresh_copy_sets_up_and_starts(tmp_path: Path) -> None:
    """The real thing, from the package index, into a folder whose name has a space."""
    listing = ["git", "ls-files", "-coz", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    tree = tmp_path / "a fresh copy"
    for name in filter(None, names.split("\0")):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tree / name)
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}

    def run(*command: str) -> str:
        done = subprocess.run(
            command, cwd=tree, env=env, capture_output=True, text=True, timeout=900
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("make", "setup", "UV=")
    run("make", "-q", "setup", "UV=")
    assert "serve" in run(str(tree / ".venv/bin/irer"), "--help")
    where = run(str(tree / ".venv/bin/python"), "-c", "import engine; print(engine.__file__)")
    assert where.startswith(str(tree))
    shutil.rmtree(tree)

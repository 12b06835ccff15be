"""Plant one bug at a time into a copy of the solver and see which test catches it: `make mutants`.

Exit code 1 when one survives, when its text is not found exactly once, or when the tests fail
without any. An argument keeps the mutants whose name holds it.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from benchmarks.mutant_list import MUTANTS, Mutant

ROOT = Path(__file__).parents[1]
TESTS = (
    "test_etdrk.py",
    "test_grid.py",
    "test_verification_linear.py",
    "test_sdg.py",
    "test_sncgl.py",
    "test_verification_order.py",
    "test_verification_flux_form.py",
    "test_verification_manufactured.py",
    "test_verification_space.py",
)
"""Of tests/physics; the cheap ones first, since the first failure ends a run."""

AT_A_TIME = 2
PATIENCE = 900.0


class Verdict(NamedTuple):
    """What the tests made of one tree."""

    outcome: str
    test: str
    seconds: float


def main(wanted: list[str]) -> int:
    """Print the table, the unharmed tree first."""
    kept = [m for m in MUTANTS if not wanted or any(part in m.name for part in wanted)]
    unplantable = [m for m in kept if (ROOT / m.file).read_text("utf-8").count(m.old) != 1]
    for mutant in unplantable:
        print(f"{mutant.name}: {mutant.file} does not hold its text exactly once:\n{mutant.old}")
    if unplantable or not kept:
        return 1
    print(f"{'mutant':<44} {'outcome':<9} {'s':>4}  caught by", flush=True)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(AT_A_TIME) as pool:
        sound = judged(None, Path(folder))
        _print("(none planted)", sound)
        if sound.outcome != "survived":
            return 1
        verdicts = list(pool.map(lambda m: _report(m, judged(m, Path(folder))), kept))
    caught = sum(verdict.outcome == "caught" for verdict in verdicts)
    print(f"{caught} of {len(kept)} caught")
    return int(caught < len(kept))


def judged(mutant: Mutant | None, folder: Path) -> Verdict:
    """The tests' verdict on a copy of the tree with one bug, or with none."""
    tree = Path(tempfile.mkdtemp(dir=folder))
    _copy(tree)
    if mutant is not None:
        path = tree / mutant.file
        path.write_text(path.read_text("utf-8").replace(mutant.old, mutant.new), "utf-8")
    began = time.perf_counter()
    try:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-x",
                "-q",
                "--tb=no",
                "-rfE",
                "-p",
                "no:cacheprovider",
            ]
            + [f"tests/physics/{name}" for name in TESTS],
            cwd=tree,
            env={**os.environ, **_settings(tree, folder)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:
        return Verdict("timed out", "", PATIENCE)
    finally:
        shutil.rmtree(tree)
    seconds = time.perf_counter() - began
    if done.returncode == 0:
        return Verdict("survived", "", seconds)
    found = re.search(r"^FAILED (?:\S*/)?(\S+\.py::.*?)(?: - .*)?$", done.stdout, re.MULTILINE)
    if found is None:  # it does not even import: no test has caught anything
        return Verdict("broken", (done.stdout + done.stderr).strip()[-300:], seconds)
    return Verdict("caught", found[1], seconds)


def _copy(tree: Path) -> None:
    caches = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "engine", tree / "engine", ignore=caches)
    shutil.copytree(ROOT / "tests" / "physics", tree / "tests" / "physics", ignore=caches)
    shutil.copy(ROOT / "tests" / "conftest.py", tree / "tests")
    shutil.copy(ROOT / "pyproject.toml", tree)


def _settings(tree: Path, folder: Path) -> dict[str, str]:
    """One core each, and what the mutants have in common is compiled once."""
    return {
        "PYTHONPATH": str(tree),
        "PYTEST_ADDOPTS": "",
        "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
        "JAX_COMPILATION_CACHE_DIR": str(folder / "compiled"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }


def _report(mutant: Mutant, verdict: Verdict) -> Verdict:
    _print(mutant.name, verdict)
    return verdict


def _print(name: str, verdict: Verdict) -> None:
    print(f"{name:<44} {verdict.outcome:<9} {verdict.seconds:4.0f}  {verdict.test}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

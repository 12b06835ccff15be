import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture
def workspace(tmp_path):
    from engine.store.workspace import Workspace

    return Workspace.open(tmp_path / "workspace")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "simulation_ledger.sqlite"


@pytest.fixture
def ledger(path):
    from engine.store.ledger import Ledger

    with Ledger(path) as ledger:
        yield ledger


@pytest.fixture
def reader(path):
    from engine.store.reader import LedgerReader

    return LedgerReader(path)


@pytest.fixture
def start_python():
    """Start a real Python process that runs a script; whatever is left of it is killed."""
    started = []

    def start(script, *arguments, **environment):
        root = HERE.parents[1]
        path = os.pathsep.join([str(root), str(HERE)])
        process = subprocess.Popen(
            [sys.executable, "-c", script, *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": path, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def small_disk(make_disk):
    """A real file system of 1 MB."""
    return make_disk("1m")

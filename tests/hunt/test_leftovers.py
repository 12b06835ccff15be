"""What a killed `restore` or `reproduce` leaves goes with whatever next has the workspace."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small_hunts import SMALL

from engine.hunt.command import run
from engine.hunt.engine import Engine
from engine.hunt.reproduce import reproduce
from engine.hunt.restore import restore
from engine.hunt.retention import evict
from engine.settings import HuntSettings
from engine.store.ledger import Ledger
from engine.store.workspace import Workspace

ROOT = Path(__file__).parents[2]
RUN = {"N_grid": 16, "domain_length": 32.0, "T_steps": 30}


@pytest.fixture
def place(tmp_path):
    """A workspace with an evicted run, and one that has its artifact."""
    names = [run({**RUN, "seed": seed}, str(tmp_path))["config_hash"] for seed in (1, 2)]
    place = Workspace(tmp_path)
    with Ledger(place.ledger_path) as ledger:
        evict(place, ledger, names[:1])
    return place, *names


def left(place):
    return [path for path in place.root.iterdir() if path.name.startswith((".res", ".rep"))]


def killed(command, name, place):
    """Run a command until its folder is there, and kill it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "engine.cli", command, name, "--workspace", str(place.root)],
        cwd=ROOT,
        env=os.environ,
        stdin=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 120
        while not left(place):
            assert process.poll() is None, "it ended before its folder was seen"
            assert time.monotonic() < until, "it never came"
            time.sleep(0.001)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("command", ["restore", "reproduce"])
@pytest.mark.parametrize("heir", ["restore", "reproduce", "hunt"])
def test_the_next_one_removes_what_a_killed_one_left(place, command, heir):
    place, gone, there = place
    killed(command, gone if command == "restore" else there, place)
    [folder] = left(place)
    (folder / "simulation_data" / "rho_history.h5").parent.mkdir(exist_ok=True)
    (folder / "simulation_data" / "rho_history.h5").write_bytes(bytes(1000))
    mine = place.root / ".restore-notes.txt"
    mine.write_text("kept")
    if heir == "restore":
        assert restore(gone, str(place.root))["restored"]
    elif heir == "reproduce":
        assert reproduce(there, str(place.root))["reproduced"]
    else:
        engine = Engine(place)
        engine.start_hunt(HuntSettings.from_mapping({**SMALL, "num_generations": 1}))
        assert left(place) == [mine], "before the hunt's first run"
        engine.close()
    assert left(place) == [mine]

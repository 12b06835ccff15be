"""A hunt that is told to end, from the command line or in a server: what is done is kept."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from remains import ledger_faults, places_of, reader_of, torn_files

from engine.hunt.engine import Engine
from engine.store.workspace import Workspace

SMALL = {
    "num_generations": 6,
    "population_size": 3,
    "N_grid": 32,
    "domain_length": 128.0,
    "T_steps": 60,
    "null_draws": 19,
    "history_frames": 2,
}
TIMEOUT = 120
SOON = 30
"""Seconds that an end may take on a machine with much else to do."""

SERVED = """
import sys, threading
from engine.cli import main
from engine.settings import HuntSettings
from irer_panel.server import shared_engine
from engine.store.workspace import Workspace

def hunt():
    shared_engine(Workspace.open(sys.argv[1])).start_hunt(HuntSettings.from_mapping({values}))

if __name__ == "__main__":
    hunt()
    sys.exit(main(["serve", "--port", "0", "--workspace", sys.argv[1]]))
"""


def program(kind: str, place, values: dict) -> list[str]:
    if kind == "serve":
        return [sys.executable, "-c", SERVED.replace("{values}", repr(values)), str(place)]
    options = [f"--set={name}={value}" for name, value in values.items()]
    return [sys.executable, "-m", "engine.cli", "hunt", "--workspace", str(place), *options]


def ended(kind: str, place, values: dict, ready, tell) -> tuple[int, str, float]:
    """Exit code, words and seconds of a program that is told to end once it is ready."""
    log = place.parent / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            program(kind, place, values),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        until = time.monotonic() + TIMEOUT
        while not ready():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until
            time.sleep(0.01)
        children = psutil.Process(process.pid).children(recursive=True)
        began = time.monotonic()
        tell(process)
        code = process.wait(TIMEOUT)
        seconds = time.monotonic() - began
        _, alive = psutil.wait_procs(children, timeout=SOON)
        assert not alive, "auditors outlive their hunt"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return code, log.read_text(), seconds


def to_it(number):
    return lambda process: process.send_signal(number)


def to_all(number):
    return lambda process: os.killpg(process.pid, number)


def twice(number):
    def tell(process):
        process.send_signal(number)
        time.sleep(0.3)
        if process.poll() is None:
            process.send_signal(number)

    return tell


@pytest.mark.parametrize("kind", ["hunt", "serve"])
@pytest.mark.parametrize(
    "tell",
    [to_it(signal.SIGTERM), to_it(signal.SIGINT), to_all(signal.SIGTERM), to_all(signal.SIGINT)],
    ids=["SIGTERM", "SIGINT", "SIGTERM to all", "SIGINT to all"],
)
def test_a_hunt_that_is_told_to_end_keeps_what_is_done_and_goes_on_later(kind, tell, tmp_path):
    place = tmp_path / "workspace"
    reader = reader_of(place)
    code, words, _ = ended(kind, place, SMALL, lambda: len(reader.runs()) >= 4, tell)
    assert "Traceback" not in words, words
    assert code == (0 if kind == "serve" else 1), words
    if kind == "hunt":
        assert "stopped; what was done is kept" in words
    kept = places_of(reader)
    assert 4 <= len(kept) < 18
    assert [*torn_files(place), *ledger_faults(place)] == []
    assert reader.latest_hunt()["state"] == "stopped"
    assert {run["status"] for run in reader.runs()} <= {"ok", "too_few_peaks"}
    engine = Engine(Workspace.open(place))
    try:
        engine.continue_hunt()
        status = engine.wait(TIMEOUT)
        assert (status.state, status.runs_done) == ("completed", 18)
    finally:
        engine.close()
    assert kept.items() <= places_of(reader).items()


LONG = {
    "simulations": {**SMALL, "T_steps": 10_000_000},
    "audits": {**SMALL, "population_size": 2, "null_draws": 100_000, "T_steps": 60},
}

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
    "num_generations": 4,
    "population_size": 3,
    "N_grid": 32,
    "domain_length": 128.0,
    "T_steps": 60,
    "null_draws": 19,
    "history_frames": 2,
}
TIMEOUT = 120

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


def ended(kind: str, place, values: dict, ready, tell) -> tuple[int, str]:
    """Exit code and words of a program that is told to end once it is ready."""
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
        tell(process)
        code = process.wait(TIMEOUT)
        _, alive = psutil.wait_procs(children, timeout=TIMEOUT)
        assert not alive, "auditors outlive their hunt"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return code, log.read_text()


def to_it(number):
    return lambda process: process.send_signal(number)


def to_all(number):
    return lambda process: os.killpg(process.pid, number)


@pytest.mark.parametrize(
    ("kind", "tell"),
    [
        ("hunt", to_it(signal.SIGTERM)),
        ("hunt", to_all(signal.SIGINT)),
        ("serve", to_it(signal.SIGINT)),
        ("serve", to_all(signal.SIGTERM)),
    ],
    ids=["hunt, SIGTERM", "hunt, SIGINT to all", "serve, SIGINT", "serve, SIGTERM to all"],
)
def test_a_hunt_that_is_told_to_end_keeps_what_is_done_and_goes_on_later(kind, tell, tmp_path):
    place = tmp_path / "workspace"
    reader = reader_of(place)
    code, words = ended(kind, place, SMALL, lambda: len(reader.runs()) >= 2, tell)
    assert "Traceback" not in words, words
    assert code == (0 if kind == "serve" else 1), words
    if kind == "hunt":
        assert "stopped; what was done is kept" in words
    kept = places_of(reader)
    assert 2 <= len(kept) < 12
    assert [*torn_files(place), *ledger_faults(place)] == []
    assert reader.latest_hunt()["state"] == "stopped"
    assert {run["status"] for run in reader.runs()} <= {"ok", "too_few_peaks"}
    engine = Engine(Workspace.open(place))
    try:
        engine.continue_hunt()
        status = engine.wait(TIMEOUT)
        assert (status.state, status.runs_done) == ("completed", 12)
    finally:
        engine.close()
    assert kept.items() <= places_of(reader).items()


def test_a_server_ends_where_nobody_reads_its_words_any_more(tmp_path):
    command = [sys.executable, "-m", "engine.cli", "serve", "--port", "0"]
    process = subprocess.Popen(
        [*command, "--workspace", str(tmp_path / "workspace")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        assert b"IRER dashboard" in process.stdout.readline()
        process.stdout.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT) == 0
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def test_an_audit_under_way_does_not_keep_a_hunt_from_its_end(tmp_path):
    """It would take much longer than this test waits; the artifact is kept, and audited later."""
    place = tmp_path / "workspace"
    values = {**SMALL, "num_generations": 1, "population_size": 2, "N_grid": 256}
    artifacts = place / "simulation_data"

    def auditing():
        return len(list(artifacts.glob("rho*.h5"))) == 2

    ended("hunt", place, {**values, "null_draws": 100_000}, auditing, to_it(signal.SIGTERM))
    assert reader_of(place).latest_hunt()["state"] == "stopped"
    assert [*torn_files(place), *ledger_faults(place)] == []
    assert len(list(artifacts.glob("rho*.h5"))) == 2
    assert reader_of(place).runs() == []

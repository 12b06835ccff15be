"""The command line as a person uses it: real processes, exit codes, one-line errors."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.store.lock import WorkspaceLock
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace

TINY = {"N_grid": 16, "domain_length": 32.0, "T_steps": 30}
TINY_HUNT = [  # its runs score, so that its second generation depends on its first
    "--num-generations", "2", "--population-size", "2", "--set", "domain_length=256",
    "--set", "N_grid=32", "--set", "T_steps=60", "--set", "null_draws=19",
]  # fmt: skip


def irer(*arguments, timeout=120) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "engine.cli", *map(str, arguments)],
        capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip


def write(path, text) -> str:
    path.write_text(text if isinstance(text, str) else json.dumps(text))
    return str(path)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A workspace with one run, and what `irer run --json` printed."""
    folder = tmp_path_factory.mktemp("ran")
    config = write(folder / "config.json", TINY)
    done = irer("run", config, "--workspace", folder / "w", "--json")
    return folder / "w", config, done


def test_run_prints_one_object_and_leaves_the_run_behind(ran):
    root, config, done = ran
    report = json.loads(done.stdout)
    assert set(report) == {"config_hash", "artifact", "status", "error", "warnings"}
    workspace = Workspace.open(root)
    assert str(workspace.artifact_path(report["config_hash"])) == report["artifact"]
    assert workspace.artifact_path(report["config_hash"]).stat().st_size > 0
    assert workspace.provenance_path(report["config_hash"]).exists()
    assert report["status"] in ("ok", "too_few_peaks")
    assert done.returncode == 0
    before = workspace.artifact_path(report["config_hash"]).stat().st_mtime_ns
    again = json.loads(irer("run", config, "--workspace", root, "--json").stdout)
    assert again == report
    assert workspace.artifact_path(report["config_hash"]).stat().st_mtime_ns == before


def test_validate_repeats_the_verdict_by_id_and_by_file(ran):
    root, _, done = ran
    report = json.loads(done.stdout)
    by_id = irer("validate", report["config_hash"], "--workspace", root, "--json")
    by_file = irer("validate", report["artifact"], "--json")
    assert json.loads(by_id.stdout)["status"] == report["status"]
    for name in ("log_prime_sse", "sdg_h_norm_l2", "pcs_score", "spectral_fidelity"):
        assert json.loads(by_id.stdout)[name] == json.loads(by_file.stdout)[name]
    assert by_id.returncode == 0
    text = irer("validate", report["config_hash"], "--workspace", root).stdout
    assert "yes evolution" in text
    assert "nan" not in text.lower()


def test_validate_says_no_to_a_file_that_is_not_there(tmp_path):
    done = irer("validate", "0" * 40, "--workspace", tmp_path)
    assert done.returncode == 3
    assert "artifact_missing" in done.stdout
    assert "999.0" not in done.stdout


def test_a_damaged_artifact_is_refused_and_made_again_byte_for_byte(tmp_path):
    config = write(tmp_path / "config.json", TINY)
    report = json.loads(irer("run", config, "--workspace", tmp_path / "w", "--json").stdout)
    path = Path(report["artifact"])
    honest = path.read_bytes()
    for damage in (lambda: os.truncate(path, 5000), path.unlink):
        damage()
        done = irer("validate", report["config_hash"], "--workspace", tmp_path / "w")
        assert done.returncode == 3
        again = irer("run", config, "--workspace", tmp_path / "w", "--json")
        assert json.loads(again.stdout) == report
        assert path.read_bytes() == honest


def test_a_hunt_gives_the_same_ids_twice_from_the_same_seed(tmp_path):
    one, two, other = (
        json.loads(irer("hunt", *TINY_HUNT, "--seed", seed, "--workspace", tmp_path / name,
                        "--json").stdout)
        for name, seed in (("a", 7), ("b", 7), ("c", 8))
    )  # fmt: skip
    assert one["state"] == two["state"] == "completed"
    assert len(one["runs"]) == 4
    assert one["runs"] == two["runs"]
    assert one["best"] is not None
    assert not set(one["runs"]) & set(other["runs"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_hunt_that_is_interrupted_keeps_what_is_done_and_fails_nothing(number, tmp_path):
    arguments = ["hunt", *TINY_HUNT, "--num-generations", "10000", "--workspace", str(tmp_path)]
    process = subprocess.Popen(
        [sys.executable, "-m", "engine.cli", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    reader = LedgerReader(Workspace.open(tmp_path).ledger_path)
    while len(reader.runs()) < 4:
        assert process.poll() is None
        time.sleep(0.05)
    os.killpg(process.pid, number)  # as a terminal does: the auditors get it too
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said == "irer: stopped; what was done is kept.\n"
    assert reader.latest_hunt()["state"] == "stopped"
    assert "worker_failed" not in {row["status"] for row in reader.runs()}


BAD_CONFIGS = {
    "unknown key": ({"param_kapa": 0.1}, "did you mean 'param_kappa'"),
    "zero steps": ({"T_steps": 0}, "T_steps: got 0"),
    "not a number": ('{"dt": NaN}', "dt: got nan"),
    "infinity": ('{"dt": Infinity}', "dt: got inf"),
    "too large": ({"N_grid": 65536}, "choose N_grid ≤"),
    "text": ({"epsilon": "big"}, "expected a number"),
    "not an object": ("[1, 2]", "expected an object"),
    "not JSON": ("{", "expected a JSON object"),
    "a missing file": (None, "No such file"),
}


@pytest.mark.parametrize("case", BAD_CONFIGS)
def test_a_bad_config_is_one_line_and_exit_2(case, tmp_path):
    content, message = BAD_CONFIGS[case]
    path = tmp_path / "config.json"
    if content is not None:
        write(path, content)
    assert_refused(irer("run", path, "--workspace", tmp_path / "w"), message)


BAD_HUNTS = {
    "out of range": (["--num-generations", "0"], "num_generations: got 0"),
    "an unknown setting": (["--set", "N_gird=3"], "did you mean 'N_grid'"),
    "no value": (["--set", "N_grid"], "expected KEY=VALUE"),
    "a start from a file": (
        ["--set", 'initial_state_sha256="' + "a" * 64 + '"'],
        "from their seed",
    ),
    "a key of two lines": (["--set", "a\nb=1"], "unknown key"),
    "a very long number": (["--set", "seed=" + "9" * 5000], "seed: got"),
    "deep nesting": (["--set", "dt=" + "[" * 100_000], "dt: got"),
    "text for a number": (["--set", "dt=fast"], "dt: got 'fast'"),
    "too much disk": (["--num-generations", "100000", "--population-size", "100000"], "free"),
}


@pytest.mark.parametrize("case", BAD_HUNTS)
def test_a_bad_hunt_is_one_line_and_exit_2(case, tmp_path):
    arguments, message = BAD_HUNTS[case]
    assert_refused(irer("hunt", *arguments, "--workspace", tmp_path / "w"), message)


@pytest.mark.parametrize("command", [["hunt", *TINY_HUNT], ["serve", "--port", "0"], ["doctor"]])
def test_a_workspace_that_cannot_be_made_is_named(command, tmp_path):
    write(tmp_path / "file", "in the way")
    done = irer(*command, "--workspace", tmp_path / "file")
    assert done.returncode == (1 if command == ["doctor"] else 2)
    assert str(tmp_path / "file") in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "file").read_text() == "in the way"


@pytest.mark.parametrize("command", ["hunt", "run"])
def test_a_workspace_in_which_another_hunts_is_refused(command, tmp_path):
    workspace = Workspace.open(tmp_path / "w")
    arguments = TINY_HUNT if command == "hunt" else [write(tmp_path / "config.json", TINY)]
    with WorkspaceLock(workspace.root).acquire("hunt"):
        done = irer(command, *arguments, "--workspace", workspace.root)
    assert_refused(done, "held by process")


def test_a_port_in_use_is_refused(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = irer("serve", "--port", port, "--workspace", tmp_path / "w")
    assert_refused(done, str(port))


def test_doctor_finds_a_working_machine(tmp_path):
    done = irer("doctor", "--workspace", tmp_path / "w", "--json")
    findings = json.loads(done.stdout)
    assert done.returncode == 0, findings
    assert set(findings) >= {"device", "threading layer", "workspace", "free disk"}
    assert "cpu" in findings["device"]["text"] or "gpu" in findings["device"]["text"]


def assert_refused(done: subprocess.CompletedProcess[str], message: str) -> None:
    assert done.returncode == 2, done
    assert message in done.stderr
    assert done.stderr.startswith("irer: ")
    assert done.stderr.count("\n") == 1, done.stderr
    assert not done.stdout

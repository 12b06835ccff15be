"""Every way to falsify or damage an artifact has its class, in this process and by itself."""

import json
import subprocess
import sys

import pytest
from tampering import BAD_INPUT, HONEST, UNSEEN, WAYS, forged

from engine.audit.command import validate
from engine.errors import SettingsError
from engine.hunt.command import run
from engine.hunt.reproduce import reproduce
from engine.settings import FAILURES, RunConfig
from engine.store.run_row import RunRow
from engine.store.workspace import Workspace

SCORES = (
    "log_prime_sse",
    "p_phase_scramble",
    "p_target_shuffle",
    "sse_null_phase_scramble",
    "sse_null_target_shuffle",
)
BY_ITSELF = (
    "rings at ln p planted",
    "checkpoint at 1e308",
    "dt × 1000 with its times, re-hashed",
    "config in a heap",
    "100,000 groups",
    "a terabyte of hole after it",
    "a bit of the history flipped",
    "a pipe",
    "no file",
    "a name without an id",
)
RUN = RunConfig.from_mapping(HONEST)


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    """Artifacts of two runs by the solver: the honest one, and one to steal from."""
    place = Workspace.open(tmp_path_factory.mktemp("honest"))
    for seed in (42, 43):
        assert run({**HONEST, "seed": seed}, str(place.root))["status"] == "ok"
    other = RunConfig.from_mapping({**HONEST, "seed": 43})
    return place.artifact_path(RUN.config_hash), place.artifact_path(other.config_hash)


def test_the_list_is_long_and_meets_every_class_that_an_artifact_can_have():
    assert len(WAYS) >= 30
    never = {"too_few_peaks", "worker_failed", "timed_out"}  # an honest run's, and the machine's
    assert {way.failure for way in WAYS.values()} == {*FAILURES, BAD_INPUT} - never


def test_the_honest_run_is_scored(honest):
    found = validate(str(honest[0]), None)
    assert found["status"] == "ok", found["error"]
    assert all(found["spectral_fidelity"][score] is not None for score in SCORES)


@pytest.mark.parametrize("name", WAYS)
def test_a_tampered_artifact_has_its_class_and_no_score(name, honest, tmp_path):
    way = WAYS[name]
    path = forged(way.forge, *honest, tmp_path)
    if way.failure == BAD_INPUT:
        with pytest.raises(SettingsError, match=way.complaint):
            validate(str(path), None)
        return
    found = validate(str(path), None)
    assert (found["status"], found["error"]) == (way.failure, found["error"])
    assert way.complaint in found["error"]
    assert "\n" not in found["error"]
    assert all(found["spectral_fidelity"][score] is None for score in SCORES)
    sentinel = {"artifact_unreadable": 998.0, "artifact_missing": 999.0}.get(way.failure)
    assert found["log_prime_sse"] == found["sdg_h_norm_l2"] == sentinel
    if sentinel is not None:
        assert found["artifact"] == {"sha256": None, "bytes": None}
    assert not any(verdict["passed"] for verdict in found["verdicts"][4:])
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert any(verdict["passed"] is False for verdict in found["verdicts"][:3])
    if found["config_hash"] == RUN.config_hash:
        RunRow.from_provenance(RUN, found)


@pytest.mark.parametrize("name", BY_ITSELF)
def test_a_tampered_artifact_ends_the_command_in_good_order(name, honest, tmp_path):
    way = WAYS[name]
    path = forged(way.forge, *honest, tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "engine.cli", "validate", str(path)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    if way.failure == BAD_INPUT:
        assert (done.returncode, done.stdout) == (2, "")
        assert len(done.stderr.splitlines()) == 1
        return
    assert (done.returncode, done.stderr) == (3, "")
    run_line, status, *verdicts = done.stdout.splitlines()
    assert run_line.startswith("run ")
    assert status.startswith(f"status        {way.failure}: ")
    assert sum(line.startswith("NO ") for line in verdicts) <= 2
    assert not any(line.startswith("yes fidelity") for line in verdicts)


@pytest.mark.parametrize("name", UNSEEN)
def test_what_the_artifact_alone_cannot_show_a_repetition_does(name, honest, tmp_path):
    """The audit's limit, so that nobody believes more of it than it can bear."""
    way, place = UNSEEN[name], Workspace.open(tmp_path)
    path = forged(way.forge, *honest, tmp_path / "simulation_data")
    found, before = validate(str(path), None), validate(str(honest[0]), None)
    assert found["status"] == "ok", found["error"]
    same = found["log_prime_sse"] == pytest.approx(before["log_prime_sse"], rel=1e-3)
    assert same is way.same_score
    assert reproduce(found["config_hash"], str(place.root))["reproduced"] is way.reproduced

"""`irer run` from one's own fields, from a checkpoint, and in the corners of the model."""

import dataclasses
import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from engine.cli import BAD_INPUT, main
from engine.errors import SettingsError
from engine.hunt.command import run
from engine.settings import RunConfig
from engine.store.artifact import open_artifact
from engine.store.provenance import read_provenance
from engine.store.workspace import Workspace

N = 16
TINY = {"N_grid": N, "domain_length": 64.0, "T_steps": 40, "precision": "float64"}


def fields(report) -> tuple[np.ndarray, np.ndarray]:
    with open_artifact(report["artifact"]) as artifact:
        return artifact.read("final_psi"), artifact.read("final_rho_s")


@pytest.mark.parametrize(
    "corner",
    [
        {"sdg_tau": 0.0, "gradient_weight": 0.3},
        {"metric_ansatz": "exponential", "param_alpha": 1.0},
        {"sdg_tau": 0.0, "metric_ansatz": "exponential", "precision": "float32"},
    ],
)
def test_the_auditor_follows_the_run_into_every_corner(tmp_path, corner):
    report = run({**TINY, **corner}, str(tmp_path))
    assert report["status"] in ("ok", "too_few_peaks"), report["error"]
    verdict = read_provenance(Workspace(tmp_path).provenance_path(report["config_hash"]))
    assert verdict["integrity"]["evolution_residual"] < 1e-5
    assert verdict["integrity"]["evolution_residual_rho_s"] < 1e-5


@pytest.mark.parametrize("tau", [1.0, 0.0])
@pytest.mark.parametrize(("precision", "error"), [("float64", 1e-12), ("float32", 1e-5)])
def test_a_run_continued_from_its_checkpoint_ends_in_the_same_fields(
    tmp_path, precision, error, tau
):
    settings = {**TINY, "precision": precision, "sdg_tau": tau}
    whole = run(settings, str(tmp_path))
    with h5py.File(whole["artifact"]) as file:
        left = round((file.attrs["t_end"] - file["checkpoint"].attrs["t"]) / RunConfig().dt)
    rest = run({**settings, "T_steps": left}, str(tmp_path), Path(whole["artifact"]))
    assert 0 < left < TINY["T_steps"]
    for a, b in zip(fields(whole), fields(rest), strict=True):
        assert np.abs(a - b).max() < error * np.abs(a).max()


@pytest.fixture
def start(tmp_path):
    random = np.random.default_rng(2)
    path = tmp_path / "start.h5"
    with h5py.File(path, "w") as file:
        file["psi"] = 0.2 * (random.normal(size=(N, N)) + 1j * random.normal(size=(N, N)))
        file["rho_s"] = 1 + 0.1 * random.random((N, N))
    return path


def test_a_run_from_a_file_can_be_repeated_from_its_stored_config_alone(tmp_path, start):
    first = run(TINY, str(tmp_path / "w"), start)
    assert first["config_hash"] != RunConfig.from_mapping(TINY).config_hash
    stored = Workspace(tmp_path / "w").config_path(first["config_hash"]).read_text()
    ours = fields(first)
    Workspace(tmp_path / "w").artifact_path(first["config_hash"]).unlink()
    start.unlink()
    again = run(json.loads(stored), str(tmp_path / "w"))
    assert again == first
    for a, b in zip(ours, fields(again), strict=True):
        assert a.tobytes() == b.tobytes()


def test_a_checksum_whose_file_is_nowhere_is_refused_with_what_to_do(tmp_path, start):
    with pytest.raises(SettingsError, match="not in the workspace; give it with --initial-state"):
        run({**TINY, "initial_state_sha256": "a" * 64}, str(tmp_path / "w"))
    with pytest.raises(SettingsError, match=r"the checksum of start\.h5"):
        run({**TINY, "initial_state_sha256": "a" * 64}, str(tmp_path / "w"), start)


def test_the_command_line_takes_a_start_and_refuses_a_bad_one(tmp_path, start, capsys):
    config = tmp_path / "config.json"
    config.write_text(json.dumps(TINY))
    arguments = ["run", str(config), "--workspace", str(tmp_path / "w"), "--json"]
    assert main([*arguments, "--initial-state", str(start)]) == 0
    assert json.loads(capsys.readouterr().out)["status"] in ("ok", "too_few_peaks")
    assert main([*arguments, "--initial-state", str(config)]) == BAD_INPUT
    assert "config.json" in capsys.readouterr().err


def test_a_diverged_run_names_its_step_and_a_step_size_that_would_do(tmp_path):
    wild = {**TINY, "param_alpha": 3.0, "sdg_coupling": 20.0, "epsilon": 2.0, "dt": 1.0}
    report = run({**wild, "domain_length": 8.0}, str(tmp_path))
    assert report["status"] == "diverged"
    with open_artifact(report["artifact"]) as artifact:
        assert 0 < artifact.diverged_step < TINY["T_steps"]
        assert f"before step {artifact.diverged_step} " in report["error"]
    assert "choose dt ≤ " in report["error"]


def test_an_unusual_grid_and_kernel_are_warned_of(tmp_path):
    report = run({**TINY, "N_grid": 22, "param_sigma_k": 50.0}, str(tmp_path))
    assert [text.partition(":")[0] for text in report["warnings"]] == ["param_sigma_k", "N_grid"]
    assert run(TINY, str(tmp_path))["warnings"] == []


def test_the_solvers_word_on_divergence_is_no_evidence(tmp_path):
    """The auditor judges by the arrays: an attribute that lies changes no verdict."""
    from engine.audit.report import audit_artifact

    report = run(TINY, str(tmp_path))
    with h5py.File(report["artifact"], "a") as file:
        file.attrs["diverged_step"] = 3
    verdict = audit_artifact(Workspace(tmp_path).artifact_path(report["config_hash"]),
                             report["config_hash"], draws=19)  # fmt: skip
    assert verdict["status"] == report["status"]
    assert dataclasses.asdict(RunConfig.from_mapping(TINY)) == verdict["config"]

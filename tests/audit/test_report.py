"""The verdict on artifacts: honest, damaged and falsified."""

import dataclasses
import json
import math
import multiprocessing
import shutil
from concurrent.futures import ProcessPoolExecutor

import h5py
import numpy as np
import pytest
from audit_runs import honest_artifact, honest_result, noise, small_config

from engine.audit.geometry import emergent_g_tt
from engine.audit.primes import score_field
from engine.audit.report import audit_artifact, audit_run
from engine.errors import SettingsError
from engine.settings import FAILURES, RunConfig
from engine.store.artifact import sha256_file, write_artifact
from engine.store.provenance import read_provenance
from engine.store.run_row import RunRow
from engine.store.workspace import Workspace

CONFIG = small_config()
OTHER = small_config(seed=43)


def audited(path, config: RunConfig = CONFIG, draws: int = 19) -> dict:
    """The provenance of an artifact, which is always strict JSON that the ledger accepts."""
    found = audit_artifact(path, config.config_hash, draws=draws)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["status"] == "ok" or found["status"] in FAILURES
    assert bool(found["error"]) == (found["status"] != "ok")
    assert "\n" not in found["error"]
    RunRow.from_provenance(config, found)
    return found


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    return honest_artifact(tmp_path_factory.mktemp("honest"), CONFIG)


@pytest.fixture
def forged(honest, tmp_path):
    """A function that changes a copy of the honest artifact, in place."""

    def forge(change):
        path = tmp_path / honest.name
        shutil.copy(honest, path)
        with h5py.File(path, "r+") as file:
            change(file)
        return path

    return forge


def scale_consistently(file):
    """ψ up by a thousandth, and ρ with it: only the evolution can tell."""
    psi = file["final_psi"][...] * np.float32(1.001)
    file["final_psi"][...] = psi
    file["final_rho"][...] = psi.real**2 + psi.imag**2


def test_honest_run_passes_and_is_scored(honest):
    found = audited(honest, draws=99)
    assert found["status"] == "ok", found["error"]
    assert found["config_hash"] == CONFIG.config_hash
    assert found["config"] == CONFIG.to_dict()
    fidelity, integrity = found["spectral_fidelity"], found["integrity"]
    assert found["log_prime_sse"] == fidelity["log_prime_sse"] >= 0
    assert fidelity["n_peaks"] == len(fidelity["peaks_k"]) >= 3
    assert 0.01 <= fidelity["p_phase_scramble"] <= 1
    assert 0.01 <= fidelity["p_target_shuffle"] <= 1
    assert found["pcs_score"] == pytest.approx(1, abs=1e-4)
    assert found["sdg_h_norm_l2"] > 0
    assert integrity["evolution_residual"] < integrity["evolution_tolerance"] / 2
    assert integrity["evolution_residual_rho_s"] < integrity["evolution_tolerance"] / 2
    assert integrity["g_tt_consistency"] < 1e-6
    assert integrity["rho_consistency"] < 1e-6
    assert (integrity["checkpoint_t"], integrity["t_end"]) == (4.0, 6.0)
    assert found["artifact"] == {
        "sha256": sha256_file(honest),
        "bytes": honest.stat().st_size,
        "device_kind": "cpu",
    }
    assert set(found["software"]) == {"irer", "python", "numpy", "scipy", "jaxlib", "h5py"}
    assert found["warnings"] == []


def test_the_same_artifact_gives_the_same_verdict(honest):
    one, other = (audited(honest) for _ in range(2))
    del one["timing"], other["timing"]
    assert one == other


@pytest.mark.parametrize(
    "changes",
    [
        {"precision": "float64"},
        {"model": "fmia", "epsilon": 0.0, "diffusion": 0.0, "nonlinear_dispersion": 1.0},
        {"param_alpha": 0.0},
        {"gradient_weight": 0.5},
        {"T_steps": 1},
        {"T_steps": 12},
        {"N_grid": 8, "domain_length": 8.0, "T_steps": 20},
    ],
)
def test_every_kind_of_honest_run_passes_its_integrity_checks(changes, tmp_path):
    config = small_config(**changes)
    found = audited(honest_artifact(tmp_path, config), config)
    assert found["status"] in ("ok", "too_few_peaks"), found["error"]


def test_pcs_score_sees_a_scaled_field_too(honest, forged):
    assert audited(forged(scale_consistently))["pcs_score"] < audited(honest)["pcs_score"] - 2e-4


def test_a_machine_without_memory_left_is_a_class_and_no_traceback(honest, monkeypatch):
    def exhausted(*_):
        raise MemoryError

    monkeypatch.setattr("engine.audit.integrity.follow", exhausted)
    found = audited(honest)
    assert found["status"] == "worker_failed"
    assert "too little memory" in found["error"]
    assert (found["log_prime_sse"], found["pcs_score"]) == (None, None)
    assert all(line["passed"] is None for line in found["verdicts"])


def test_missing_artifact(tmp_path):
    found = audited(tmp_path / "rho_history.h5")
    assert found["status"] == "artifact_missing"
    assert found["log_prime_sse"] == found["sdg_h_norm_l2"] == 999.0
    assert found["spectral_fidelity"]["log_prime_sse"] is None
    assert found["config"] is None


def test_another_runs_artifact_is_a_mismatch(honest):
    assert audited(honest, OTHER)["status"] == "config_mismatch"


@pytest.mark.parametrize("relief", [0.0, 1e-7])
def test_a_uniform_field_has_nothing_to_score_but_its_other_figures(relief, tmp_path):
    config = small_config(N_grid=32, T_steps=5, nonlinear_dispersion=0.0)
    rho = config.epsilon / (config.saturation + config.param_kappa)
    shape = (32, 32)
    noise = 1 + relief * np.random.default_rng(1).normal(size=shape)  # of one float32 rounding
    psi = (np.sqrt(rho) * noise).astype(np.complex64)
    spectrum = score_field(np.abs(psi.astype(complex)) ** 2, config.domain_length)
    assert (spectrum.log_prime_sse is not None) == (relief > 0)  # the noise alone has peaks
    rho_s = np.full(shape, config.sdg_rho_vac + rho, np.float32)
    result = dataclasses.replace(
        honest_result(config),
        psi=psi,
        rho_s=rho_s,
        final_rho=np.abs(psi) ** 2,
        final_g_tt=emergent_g_tt(rho_s, config),
        checkpoint_psi=psi,
        checkpoint_rho_s=rho_s,
    )
    path = tmp_path / f"rho_history_{config.config_hash}.h5"
    write_artifact(path, config, result)
    found = audited(path, config)
    assert found["status"] == "too_few_peaks", found["error"]
    assert found["log_prime_sse"] is None
    assert found["spectral_fidelity"]["n_peaks"] == 0
    assert found["sdg_h_norm_l2"] < 1e-6
    assert found["pcs_score"] == pytest.approx(1, abs=1e-4)
    assert found["integrity"]["evolution_residual"] < 1e-6
    assert "relative contrast" in found["error"]
    assert found["verdicts"][-1]["passed"] is None


@pytest.mark.parametrize(
    ("changes", "warned"),
    [
        ({"param_sigma_k": 0.19}, True),  # 2π/L = 0.196
        ({"param_sigma_k": 3.2}, True),  # k_max = π
        ({"param_sigma_k": 3.2, "param_kappa": 0.0}, False),
        ({"param_sigma_k": 3.1}, False),
    ],
)
def test_kernel_outside_its_range_is_warned_of(changes, warned, tmp_path):
    config = small_config(T_steps=5, **changes)
    found = audited(honest_artifact(tmp_path, config), config)
    assert any("param_sigma_k" in text for text in found["warnings"]) == warned


def test_alpha_so_small_that_rounding_shows_is_warned_of(tmp_path):
    for alpha, warned in ((1e-4, True), (0.1, False)):
        config = small_config(T_steps=5, param_alpha=alpha)
        found = audited(honest_artifact(tmp_path, config), config)
        assert any("param_alpha" in text for text in found["warnings"]) == warned
        assert math.isfinite(found["sdg_h_norm_l2"])


def test_no_draws_are_refused(honest):
    with pytest.raises(SettingsError, match="draws: got 0"):
        audit_artifact(honest, CONFIG.config_hash, draws=0)


def test_audit_in_a_spawned_process_writes_the_provenance(honest, tmp_path):
    workspace = Workspace.open(tmp_path)
    run_id = CONFIG.config_hash
    shutil.copy(honest, workspace.artifact_path(run_id))
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        found = pool.submit(audit_run, str(tmp_path), run_id, 19).result(timeout=60)
    assert found["status"] == "ok"
    assert read_provenance(workspace.provenance_path(run_id)) == found


def test_missing_artifact_leaves_a_provenance_too(tmp_path):
    workspace = Workspace.open(tmp_path)
    found = audit_run(str(tmp_path), CONFIG.config_hash, 19)
    assert found["status"] == "artifact_missing"
    assert read_provenance(workspace.provenance_path(CONFIG.config_hash)) == found


def test_noise_of_the_starting_state_is_only_a_start():
    """The stand-in solver does evolve: otherwise the tests above would prove nothing."""
    start, end = noise(CONFIG)[0], honest_result(CONFIG).psi
    assert np.linalg.norm(end - start) > np.linalg.norm(start)

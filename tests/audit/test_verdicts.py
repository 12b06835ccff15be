"""The list of verdicts: the same seven lines for every run, and nothing said that was not found."""

import h5py
import numpy as np
import pytest
from audit_runs import honest_artifact, small_config

from engine.audit.report import audit_artifact
from engine.store import strict_json

NAMES = ["identity", "integrity", "evolution", "noether", "fidelity", "stability", "significance"]
CONFIG = small_config()


def verdicts_on(path, config=CONFIG, draws=99):
    found = audit_artifact(path, config.config_hash, draws=draws)
    strict_json.dumps(found)
    assert [line["name"] for line in found["verdicts"]] == NAMES
    assert all(line["meaning"] and line["threshold"] for line in found["verdicts"])
    return found, {line["name"]: line for line in found["verdicts"]}


@pytest.fixture
def forged(tmp_path):
    """An honest artifact after a change."""

    def forge(change):
        path = honest_artifact(tmp_path, CONFIG)
        with h5py.File(path, "r+") as file:
            change(file)
        return path

    return forge


def passed(lines):
    return [lines[name]["passed"] for name in NAMES]


def test_an_honest_run_is_judged_on_every_line(tmp_path):
    found, lines = verdicts_on(honest_artifact(tmp_path, CONFIG))
    assert passed(lines)[:4] == [True] * 4
    assert None not in passed(lines)
    fidelity = found["spectral_fidelity"]
    assert lines["evolution"]["figure"] == max(
        found["integrity"]["evolution_residual"], found["integrity"]["evolution_residual_rho_s"]
    )
    assert lines["noether"]["figure"] == found["pcs_score"]
    assert lines["fidelity"]["figure"] == found["log_prime_sse"]
    assert lines["stability"]["figure"] == found["sdg_h_norm_l2"]
    weaker = max(fidelity["p_phase_scramble"], fidelity["p_target_shuffle"])
    assert lines["significance"]["figure"] == weaker
    assert lines["significance"]["passed"] == (weaker < 0.01)


def test_an_altered_field_fails_its_lines_and_no_score_is_reached(forged):
    def alter(file):
        file["final_psi"][...] = file["final_psi"][...] * np.float32(1.01)
        psi = file["final_psi"][...]
        file["final_rho"][...] = psi.real**2 + psi.imag**2

    found, lines = verdicts_on(forged(alter))
    assert found["status"] == "audit_failed"
    assert passed(lines) == [True, True, False, False, None, None, None]
    assert "altered" in lines["evolution"]["meaning"]


def test_fields_that_do_not_belong_together_fail_integrity(forged):
    def alter(file):
        file["final_g_tt"][...] = file["final_g_tt"][...] * np.float32(1.001)

    _, lines = verdicts_on(forged(alter))
    assert lines["integrity"]["passed"] is False
    assert lines["significance"]["passed"] is None


def test_a_figure_that_is_no_number_is_the_worst_of_its_line(forged):
    def alter(file):
        file["final_g_tt"][3, 4] = np.nan

    _, lines = verdicts_on(forged(alter))
    assert passed(lines)[:4] == [True, False, True, True]
    assert "final_g_tt" in lines["integrity"]["meaning"]


@pytest.mark.parametrize("also", [False, True], ids=["alone", "with another fault"])
def test_a_checkpoint_that_cannot_be_followed_fails_evolution(forged, also):
    def alter(file):
        file.attrs["t_end"] = 7.0
        if also:
            file["final_rho"][3, 4] = 0

    _, lines = verdicts_on(forged(alter))
    assert passed(lines) == [True, not also, False, *[None] * 4]
    assert ("t_end" in lines["evolution"]["meaning"]) is not also


def test_a_missing_file_fails_integrity(tmp_path):
    _, lines = verdicts_on(tmp_path / "nothing.h5")
    assert passed(lines) == [None, False, *[None] * 5]


def test_another_runs_file_fails_identity_and_nothing_else_is_reached(tmp_path):
    other = small_config(seed=7)
    path = honest_artifact(tmp_path, other)
    found = audit_artifact(path, CONFIG.config_hash, draws=19)
    lines = {line["name"]: line for line in found["verdicts"]}
    assert passed(lines) == [False, *[None] * 6]


def test_a_diverged_run_fails_integrity(forged):
    def alter(file):
        file["final_psi"][3, 4] = np.nan

    found, lines = verdicts_on(forged(alter))
    assert found["status"] == "diverged"
    assert passed(lines) == [True, False, *[None] * 5]


def test_a_damaged_file_fails_integrity(tmp_path):
    path = tmp_path / f"rho_history_{CONFIG.config_hash}.h5"
    path.write_bytes(b"not HDF5")
    _, lines = verdicts_on(path)
    assert passed(lines) == [None, False, *[None] * 5]


def test_too_few_peaks_fail_fidelity_and_leave_significance_unreached(tmp_path):
    plain = small_config(N_grid=8, domain_length=8.0, T_steps=20)
    found, lines = verdicts_on(honest_artifact(tmp_path, plain), plain)
    assert found["status"] == "too_few_peaks"
    assert passed(lines)[:5] == [True, True, True, True, False]
    assert lines["stability"]["passed"] is not None
    assert lines["significance"]["passed"] is None

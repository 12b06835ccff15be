import numpy as np
import pytest
from store_samples import run_row

from engine.errors import LedgerError
from engine.settings import FAILURES, RunConfig
from engine.store.run_row import EVIDENCE, SCORES, RunRow

CONFIG = RunConfig()
FULL = {
    "config_hash": CONFIG.config_hash,
    "status": "ok",
    "log_prime_sse": 0.25,
    "sdg_h_norm_l2": 0.01,
    "pcs_score": 0.9999,
    "spectral_fidelity": {
        "log_prime_sse": 0.25,
        "sse_null_phase_scramble": 0.5,
        "sse_null_target_shuffle": 0.75,
        "p_phase_scramble": 0.005,
        "p_target_shuffle": 0.01,
        "n_peaks": 9,
        "peaks_k": [0.1, 0.2, 0.3],
        "scale": 3.0,
    },
    "integrity": {"evolution_residual": 1e-6},
    "artifact": {"sha256": "ab" * 32, "bytes": 12345},
    "error": "",
}


def test_the_row_of_an_audited_run_holds_all_its_metrics():
    row = RunRow.from_provenance(CONFIG, FULL)
    assert row == RunRow(
        config=CONFIG,
        status="ok",
        log_prime_sse=0.25,
        sse_null_phase_scramble=0.5,
        sse_null_target_shuffle=0.75,
        p_phase_scramble=0.005,
        p_target_shuffle=0.01,
        n_peaks=9,
        sdg_h_norm_l2=0.01,
        pcs_score=0.9999,
        evolution_residual=1e-6,
        artifact_sha256="ab" * 32,
        artifact_bytes=12345,
    )


@pytest.mark.parametrize(
    ("status", "sentinel"), [("artifact_missing", 999.0), ("artifact_unreadable", 998.0)]
)
def test_the_old_contract_s_sentinels_never_become_metrics(status, sentinel):
    provenance = {
        "config_hash": CONFIG.config_hash,
        "status": status,
        "log_prime_sse": sentinel,
        "sdg_h_norm_l2": sentinel,
        "error": "no such file",
    }
    row = RunRow.from_provenance(CONFIG, provenance)
    assert all(getattr(row, name) is None for name in (*SCORES, *EVIDENCE))
    assert row.error == "no such file"


@pytest.mark.parametrize("status", FAILURES)
def test_a_failure_class_never_has_a_score(status):
    row = RunRow.from_provenance(CONFIG, {**FULL, "status": status})
    assert all(getattr(row, name) is None for name in SCORES)
    with pytest.raises(LedgerError, match=r"log_prime_sse is 0\.5"):
        run_row(status=status, log_prime_sse=0.5)


def test_too_few_peaks_still_says_how_many_and_how_stable():
    row = RunRow.from_provenance(CONFIG, {**FULL, "status": "too_few_peaks"})
    assert (row.n_peaks, row.sdg_h_norm_l2, row.evolution_residual) == (9, 0.01, 1e-6)


def test_an_ok_run_without_a_score_is_a_contradiction():
    with pytest.raises(LedgerError, match="log_prime_sse is None"):
        RunRow(config=CONFIG, status="ok")


@pytest.mark.parametrize("name", [*SCORES, *EVIDENCE])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.float32("nan"), "0.5", True])
def test_what_is_not_a_finite_number_is_no_metric(name, value):
    with pytest.raises(LedgerError, match=name):
        run_row(**{name: value})


def test_numpy_numbers_become_plain_ones():
    row = run_row(log_prime_sse=np.float32(0.5), n_peaks=np.int64(4))
    assert type(row.log_prime_sse) is float
    assert type(row.n_peaks) is int


def test_the_provenance_of_another_run_is_refused():
    with pytest.raises(LedgerError, match="expected"):
        RunRow.from_provenance(RunConfig(seed=1), FULL)


def test_an_unknown_status_is_refused():
    with pytest.raises(LedgerError, match="status is 'fine'"):
        run_row(status="fine")

"""What a hunt's scores say together, in figures and in words."""

import numpy as np
import pytest

from engine.audit.nulls import sequential
from engine.hunt.engine import Engine
from engine.hunt.significance import read_report, report_path, weigh
from engine.settings import HuntSettings
from engine.store.provenance import read_provenance
from engine.store.workspace import Workspace


def scored(name, sse, p=0.5, h_norm=5e-4):
    return {
        "config_hash": name,
        "status": "ok",
        "log_prime_sse": sse,
        "sdg_h_norm_l2": h_norm,
        "n_peaks": 8,
        "p_phase_scramble": p,
        "p_target_shuffle": p / 2,
    }


def unscored(name):
    return {
        "config_hash": name,
        "status": "too_few_peaks",
        "log_prime_sse": None,
        "sdg_h_norm_l2": 5e-4,
        "n_peaks": 2,
        "p_phase_scramble": None,
        "p_target_shuffle": None,
    }


def uniform_null(_):
    """A null whose scores are uniform in [0, 1]."""
    scores = np.random.default_rng(0).random(1999)
    return sequential(0.5, lambda count: scores[:count], 1999, 1999).to_dict()


def test_every_run_that_was_tried_is_corrected_for():
    rows = [scored("a", 0.005, p=0.002), *(unscored(str(i)) for i in range(9))]
    report = weigh("h", rows, uniform_null)
    assert report["best"]["p_phase_scramble_holm"] == pytest.approx(0.02)
    assert report["best"]["p_target_shuffle_holm"] == pytest.approx(0.01)
    assert report["significant"] == []
    assert "Nothing significant: of 10 runs" in report["conclusion"]


def test_both_nulls_must_be_refuted():
    row = {**scored("a", 0.005), "p_phase_scramble": 1e-5, "p_target_shuffle": 0.2}
    assert weigh("h", [row], uniform_null)["significant"] == []
    row["p_target_shuffle"] = 1e-5
    assert weigh("h", [row], uniform_null)["significant"] == ["a"]


def test_success_asks_for_the_thresholds_too():
    rows = [
        scored("low", 0.005, p=1e-5),
        scored("high", 0.5, p=1e-5),
        scored("rough", 0.005, p=1e-5, h_norm=0.1),
    ]
    report = weigh("h", rows, uniform_null)
    assert report["significant"] == ["low", "high", "rough"]
    assert report["success"] == ["low"]
    assert "claims, not findings" in report["conclusion"]


def test_chance_counts_the_runs_that_random_phases_would_have_put_below_the_best():
    rows = [scored(str(i), 0.1 + 0.01 * i) for i in range(20)]
    assert weigh("h", rows, uniform_null)["expected_below_best"] == pytest.approx(2, abs=0.3)


def test_a_run_without_its_null_leaves_chance_unsaid():
    report = weigh("h", [scored("a", 0.1)], lambda _: None)
    assert report["expected_below_best"] is None
    assert "chance" not in report["conclusion"]


def test_a_long_hunt_says_that_only_replicates_can_bear_a_score_out():
    rows = [scored("a", 0.001, p=1e-9), *(unscored(str(i)) for i in range(50))]
    rows[0]["p_target_shuffle"] = 1 / 5040
    report = weigh("h", rows, uniform_null)
    assert report["significant"] == []
    assert "With more than 50 runs no score can be" in report["conclusion"]
    assert weigh("h", rows[:-1], uniform_null)["significant"] == ["a"]


def test_without_a_score_nothing_is_significant():
    report = weigh("h", [unscored("a"), unscored("b")], uniform_null)
    assert (report["best"], report["strongest"]) == (None, None)
    assert report["conclusion"] == "None of 2 runs has a score, so nothing can be significant."


def test_a_hunt_ends_with_its_report(tmp_path):
    engine = Engine(Workspace.open(tmp_path))
    small = {
        "num_generations": 1,
        "population_size": 4,
        "N_grid": 32,
        "domain_length": 256.0,
        "T_steps": 60,
        "null_draws": 19,
        "history_frames": 0,
    }
    try:
        hunt_id = engine.start_hunt(HuntSettings.from_mapping(small))
        assert engine.wait(120).state == "completed"
        rows = engine.reader.runs(hunt_id)
    finally:
        engine.close()
    report = read_report(engine.workspace, hunt_id)
    scores = [row["log_prime_sse"] for row in rows if row["status"] == "ok"]
    assert scores, "this hunt is meant to have scores"
    assert (report["runs"], report["scored"]) == (4, len(scores))
    assert report["best"]["log_prime_sse"] == min(scores)
    assert 0 < report["expected_below_best"] <= len(scores)
    best = read_provenance(engine.workspace.provenance_path(report["best"]["config_hash"]))
    null = best["spectral_fidelity"]["null_phase_scramble"]
    assert null["draws"] >= 19
    assert len(null["percentiles"]) == 101


def test_a_report_that_fails_makes_the_hunt_no_failure(tmp_path, monkeypatch, caplog):
    def fail(*_):
        raise ValueError("no report")

    monkeypatch.setattr("engine.hunt.outcome.write_report", fail)
    engine = Engine(Workspace.open(tmp_path))
    one = {"num_generations": 1, "population_size": 1, "N_grid": 16, "T_steps": 20}
    try:
        hunt_id = engine.start_hunt(HuntSettings.from_mapping(one))
        assert engine.wait(120).state == "completed"
        assert engine.reader.events_after()[-1].kind == "hunt_completed"
    finally:
        engine.close()
    assert f"The report on hunt {hunt_id} could not be written." in caplog.text
    assert read_report(engine.workspace, hunt_id) is None


def test_a_damaged_report_is_none(tmp_path):
    workspace = Workspace.open(tmp_path)
    assert read_report(workspace, "h") is None
    report_path(workspace, "h").write_text("[]")
    assert read_report(workspace, "h") is None

"""The golden parameters: exactly the run's config, and no more claimed than was found."""

import json

import pytest
from audited_hunt import becomes, hunted

from engine.errors import SettingsError
from engine.hunt.significance import read_report
from engine.settings import RunConfig
from irer_panel.background import NoLoop
from irer_panel.golden import golden_json
from irer_panel.snapshot import Snapshot, look
from irer_panel.views.golden import GoldenParameters


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    engine = hunted(tmp_path_factory.mktemp("golden"))
    yield engine
    engine.close()


def test_the_config_is_the_runs_whole_and_the_verdict_is_the_reports(engine):
    snapshot = look(engine, Snapshot())
    best = snapshot.best
    report = read_report(engine.workspace, best["hunt_id"])
    found = json.loads(golden_json(best, report, snapshot.conclusion))
    assert RunConfig.from_mapping(found["config"], complete=True).to_dict() == found["config"]
    assert RunConfig.from_mapping(found["config"]).config_hash == found["config_hash"]
    row = engine.reader.run(found["config_hash"])
    assert found["scores"]["log_prime_sse"] == row["log_prime_sse"]
    assert found["p_values"]["p_target_shuffle"] == row["p_target_shuffle"]
    significance = found["significance"]
    assert significance["significant"] is False
    assert significance["runs_tried"] == report["runs"]
    assert significance["conclusion"].startswith("Nothing significant")


def test_a_significant_run_says_so_with_its_corrected_p(engine):
    best = look(engine, Snapshot()).best
    run = best["config_hash"]
    evidence = {"config_hash": run, "p_phase_scramble_holm": 0.002, "p_target_shuffle_holm": 0.004}
    report = {
        "significant": [run],
        "success": [],
        "runs": 6,
        "level": 0.01,
        "best": evidence,
        "strongest": None,
    }
    found = json.loads(golden_json(best, report, "One refutes both."))
    assert found["significance"]["significant"] is True
    assert found["significance"]["success"] is False
    assert found["p_values"]["p_target_shuffle_holm"] == 0.004


def test_before_the_hunts_end_nothing_is_concluded(engine):
    best = look(engine, Snapshot()).best
    found = json.loads(golden_json(best, None, "not yet"))
    assert found["significance"]["significant"] is None
    assert "p_target_shuffle_holm" not in found["p_values"]


def test_a_config_that_is_not_whole_is_refused(engine):
    best = look(engine, Snapshot()).best
    part = {name: value for name, value in best["config"].items() if name != "seed"}
    with pytest.raises(SettingsError, match="seed: missing"):
        golden_json({**best, "config": part}, None, "")


def test_the_page_shows_copies_and_keeps_the_same_text(engine):
    view = GoldenParameters(engine, NoLoop())
    assert view.copy.disabled
    assert view.download.disabled
    view.snapshot = look(engine, Snapshot())
    becomes(lambda: view.text)
    run = view.snapshot.best["config_hash"]
    assert json.loads(view.text)["config_hash"] == run
    assert view.download.callback().read().decode() == view.text
    assert view.download.filename == f"golden_parameters_{run[:8]}.json"
    assert not view.copy.disabled
    assert "Nothing significant" in view._words.object
    view.copy.clicks += 1
    assert view.clipboard.asked == 1
    view.clipboard.done = 1
    assert view.copy.label == "Copied"
    view.close()

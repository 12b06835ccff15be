"""A run is put to the test again: what comes out, and when it cannot be done."""

import hashlib
import json
import threading
from dataclasses import replace

import h5py
import pytest
from audited_hunt import becomes, hunted

from engine.audit.command import validate
from engine.errors import WorkspaceError
from engine.live.status import HuntStatus
from engine.store.provenance import read_provenance
from irer_panel.job import REPRODUCE, VALIDATE, Finding, Job, desk_of
from irer_panel.recheck import reproduce_again, validate_again, weigh
from irer_panel.selection import Selection
from irer_panel.snapshot import Snapshot, look
from irer_panel.views.recheck import Recheck, outcome_html, refusal


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    engine = hunted(tmp_path_factory.mktemp("tested"))
    yield engine
    engine.close()


@pytest.fixture
def run(engine):
    return engine.reader.best()["config_hash"]


def files_of(engine):
    """Checksums of everything that is kept of runs, and every row of the ledger."""
    root = engine.workspace.root
    folders = ("input_configs", "simulation_data", "provenance_reports")
    paths = sorted(path for name in folders for path in (root / name).iterdir())
    sums = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
    return sums, engine.reader.runs(), engine.reader.last_seq()


def test_a_sound_run_comes_out_the_same_and_nothing_is_written(engine):
    before = files_of(engine)
    root = str(engine.workspace.root)
    for row in engine.reader.runs():
        found = validate_again(row["config_hash"], root)
        assert found.holds, found.words
        assert "every verdict came out the same" in found.words
    assert files_of(engine) == before


def test_the_command_draws_as_often_as_the_hunt_did(engine, run):
    kept = read_provenance(engine.workspace.provenance_path(run))
    again = validate(run, str(engine.workspace.root))
    assert kept["spectral_fidelity"]["null_phase_scramble"]["draws"] < 199
    assert again["spectral_fidelity"] == kept["spectral_fidelity"]


def test_a_run_computed_again_is_the_same_bit_for_bit_and_nothing_is_written(engine, run):
    before = files_of(engine)
    found = reproduce_again(run, str(engine.workspace.root))
    assert found.holds
    assert "bit for bit" in found.words
    assert files_of(engine) == before


def test_what_differs_is_named_with_both_values(engine, run):
    kept = read_provenance(engine.workspace.provenance_path(run))
    other = json.loads(json.dumps(kept))
    other["pcs_score"] = 0.5
    other["spectral_fidelity"]["peaks_k"].append(9.0)
    other["timing"]["total_s"] = 1e6
    found = weigh(kept, other)
    assert not found.holds
    assert f"pcs_score 0.5 instead of {kept['pcs_score']}" in found.words
    count = kept["spectral_fidelity"]["n_peaks"]
    assert f"spectral_fidelity.peaks_k (how many) {count + 1} instead of {count}" in found.words
    assert f"spectral_fidelity.peaks_k[{count}] 9.0 instead of –" in found.words
    assert "3 of " in found.words
    assert "software" not in found.words.lower()


def test_other_software_and_time_are_no_difference_but_a_reason(engine, run):
    kept = read_provenance(engine.workspace.provenance_path(run))
    other = {**kept, "software": {**kept["software"], "numpy": "1.0"}}
    assert weigh(kept, other).holds
    words = weigh(kept, {**other, "pcs_score": 0.5}).words
    assert f"Other software audited it: numpy {kept['software']['numpy']} is 1.0 here." in words


def test_an_altered_artifact_does_not_pass_either_test(tmp_path):
    engine = hunted(tmp_path, num_generations=1, population_size=2)
    run = engine.reader.best()["config_hash"]
    with h5py.File(engine.workspace.artifact_path(run), "r+") as file:
        file["final_psi"][0, 0] *= 1.5
    before = files_of(engine)
    root = str(engine.workspace.root)
    found = validate_again(run, root)
    assert not found.holds
    assert "status audit_failed instead of ok" in found.words
    again = reproduce_again(run, root)
    assert not again.holds
    assert "final_psi differs" in again.words
    assert files_of(engine) == before
    engine.close()


def test_a_run_without_an_audit_cannot_be_compared(engine):
    with pytest.raises(WorkspaceError, match="expected a provenance report"):
        validate_again("f" * 40, str(engine.workspace.root))


def test_both_buttons_do_their_work_and_keep_what_each_run_gave(engine, run):
    selection = Selection(run=run)
    view = Recheck(engine, selection, snapshot=look(engine, Snapshot()))
    for button, kind in ((view.validate, VALIDATE), (view.reproduce, REPRODUCE)):
        assert not button.disabled
        button.clicks += 1
        becomes(lambda kind=kind: desk_of(engine).outcome(kind, run))
        view.snapshot = look(engine, view.snapshot)
        assert f'data-job="{kind}" data-holds="true"' in view._words.object
    selection.run = next(
        row["config_hash"] for row in engine.reader.runs() if row["config_hash"] != run
    )
    assert "data-job" not in view._words.object
    selection.run = run
    assert view._words.object.count('data-holds="true"') == 2
    view.close()


def test_only_one_job_runs_and_its_progress_is_told(engine, run):
    desk = desk_of(engine)
    view = Recheck(engine, Selection(run=run), snapshot=look(engine, Snapshot()))
    go = threading.Event()
    assert desk.take(REPRODUCE, run, lambda: Finding("Reproduced: at last.", go.wait(30)))
    view.snapshot = look(engine, view.snapshot)
    assert view.validate.disabled
    assert view.reproduce.disabled
    assert f"Reproducing run {run[:8]}" in view._words.object
    assert not desk.take(VALIDATE, run, lambda: "never")
    go.set()
    becomes(lambda: not desk.job.active)
    view.snapshot = look(engine, view.snapshot)
    assert not view.validate.disabled
    assert "Reproduced: at last." in view._words.object
    view.close()


def test_why_a_run_cannot_be_tested_now():
    run = "a" * 40
    row = {"config_hash": run, "evicted": None, "artifact_sha256": "b" * 64}
    idle = Snapshot(runs=[row])
    assert refusal(idle, run) == ""
    assert "Select a run" in refusal(idle, "")
    status = HuntStatus(state="running", hunt_id="2026-11-20-001", runs_done=3, runs_total=9)
    hunting = replace(idle, status=status, shown=status)
    assert "Not while something hunts. Hunt 2026-11-20-001 is running" in refusal(hunting, run)
    elsewhere = replace(idle, elsewhere="process 7 on there (hunt)")
    assert "process 7 on there" in refusal(elsewhere, run)
    gone = replace(idle, runs=[{**row, "evicted": "2026-11-20T10:00:00+00:00"}])
    assert "evicted" in refusal(gone, run)
    none = replace(idle, runs=[{**row, "artifact_sha256": None}])
    assert "no artifact" in refusal(none, run)


def test_an_outcome_has_a_mark_and_words_that_are_no_markup():
    held = Job(VALIDATE, "a" * 40, conclusion="Validated: <b>all</b>.", holds=True)
    assert "✓" in outcome_html(held)
    assert "<b>all" not in outcome_html(held)
    assert "✗" in outcome_html(replace(held, holds=False))
    failed = Job(REPRODUCE, "a" * 40, problem="no room; make some.")
    assert "✗</b> Reproduce could not be done: no room; make some." in outcome_html(failed)

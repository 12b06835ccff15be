"""A run again, better resolved: what is the equations' stays, what is the grid's changes."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from engine import cli
from engine.errors import WorkspaceError
from engine.hunt.command import run
from engine.hunt.promote import METRICS, promote, weigh
from engine.hunt.reproduce import reproduce
from engine.settings import RunConfig
from engine.store.artifact import open_artifact
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace

RESOLVED = {"N_grid": 32, "domain_length": 32.0, "T_steps": 200}
COARSE = {"N_grid": 32, "domain_length": 256.0, "T_steps": 200}
"""Cells of 8 lengths, where the field varies over about 2."""

ROW = {
    "config_hash": "a" * 40,
    "status": "ok",
    "error": "",
    "config": RunConfig().to_dict(),
    "log_prime_sse": 0.2,
    "sdg_h_norm_l2": 1e-3,
    "pcs_score": 1.0,
    "n_peaks": 40,
    "defect_density": 0.0,
}


@pytest.fixture(scope="module")
def computed(tmp_path_factory):
    """A workspace with a resolved and an under-resolved run."""
    folder = str(tmp_path_factory.mktemp("workspace"))
    return folder, *(run(each, folder)["config_hash"] for each in (RESOLVED, COARSE))


def test_a_resolved_run_is_converged_on_the_finer_grid_and_with_the_shorter_step(computed):
    folder, name, _ = computed
    report = promote(name, folder)
    assert report["converged"], report["conclusion"]
    assert report["promoted"]["N_grid"] == 64
    assert (report["promoted"]["dt"], report["promoted"]["T_steps"]) == (0.1, 200)
    assert 0 < report["metrics"]["sdg_h_norm_l2"]["change"] < 1e-3
    assert report["metrics"]["log_prime_sse"] == {
        "origin": None, "promoted": None, "change": None, "converged": None,
    }  # fmt: skip
    assert "Undefined in both: log_prime_sse" in report["conclusion"]
    shorter = promote(name, folder, halve_dt=True)
    assert shorter["converged"]
    assert shorter["promoted"]["N_grid"] == 32
    assert (shorter["promoted"]["dt"], shorter["promoted"]["T_steps"]) == (0.05, 400)


def test_an_under_resolved_run_is_not(computed, capsys):
    folder, _, name = computed
    assert cli.main(["promote", name, "--workspace", folder, "--json"]) == cli.REFUSED
    report = json.loads(capsys.readouterr().out)
    assert not report["converged"]
    assert report["metrics"]["sdg_h_norm_l2"]["change"] > 0.5
    assert "sdg_h_norm_l2 changes by" in report["conclusion"]
    assert cli.main(["promote", name, "--workspace", folder]) == cli.REFUSED
    assert "NOT CONVERGED" in capsys.readouterr().out


def test_both_runs_begin_from_the_same_field(computed):
    folder, name, _ = computed
    place = Workspace.open(folder)
    other = promote(name, folder, 96)["promoted"]["config_hash"]
    first = []
    for each in (name, other):
        with open_artifact(place.artifact_path(each)) as artifact:
            assert artifact.read("history/t")[0] == 0
            first.append(artifact.read("history/rho")[0])
    np.testing.assert_allclose(first[1][::3, ::3], first[0], rtol=0, atol=1e-7)


def test_it_is_linked_reported_and_not_computed_twice(computed):
    folder, name, _ = computed
    place = Workspace.open(folder)
    reader = LedgerReader(place.ledger_path)
    report = promote(name, folder, 64, halve_dt=True)
    other = report["promoted"]["config_hash"]
    [link] = reader.links(other)
    assert (link["config_hash"], link["relation"], link["origin"]) == (other, "promotes", name)
    assert link in reader.links(name)
    seen = place.artifact_path(other).stat().st_mtime_ns, reader.last_seq(), reader.links(name)
    assert promote(name, folder, 64, halve_dt=True) == report
    assert seen == (
        place.artifact_path(other).stat().st_mtime_ns, reader.last_seq(), reader.links(name)
    )  # fmt: skip
    kept = json.loads(place.analysis_path("promotion", name).read_text())
    assert kept["config_hash"] == name
    assert report in kept["promotions"]
    earlier = promote(name, folder)
    kept = json.loads(place.analysis_path("promotion", name).read_text())["promotions"]
    assert report in kept, "a later promotion keeps the earlier one's report"
    assert earlier in kept


def test_a_promotion_is_reproducible_and_can_be_promoted_in_turn(computed):
    folder, name, _ = computed
    other = promote(name, folder)["promoted"]["config_hash"]
    config = LedgerReader(Workspace.open(folder).ledger_path).run(other)["config"]
    assert Workspace.open(folder).initial_state_path(config["initial_state_sha256"]).is_file()
    assert reproduce(other, folder)["reproduced"]
    again = promote(other, folder, 80)
    assert again["converged"]
    assert again["origin"]["config_hash"] == other


def test_a_run_from_a_file_is_promoted_from_that_file_without_its_artifact(computed, tmp_path):
    folder, name, _ = computed
    place = Workspace.open(tmp_path)
    path = Workspace.open(folder).artifact_path(name)
    start = run(RESOLVED | {"T_steps": 20}, str(tmp_path), path)["config_hash"]
    place.artifact_path(start).unlink()
    report = promote(start, str(tmp_path))
    assert report["converged"], report["conclusion"]
    config = LedgerReader(place.ledger_path).run(report["promoted"]["config_hash"])["config"]
    with h5py.File(path) as old, h5py.File(
        place.initial_state_path(config["initial_state_sha256"])
    ) as new:  # fmt: skip
        for field in ("psi", "rho_s"):
            np.testing.assert_allclose(
                new[field][::2, ::2], old[f"checkpoint/{field}"], rtol=0, atol=1e-6
            )


def test_a_start_is_not_written_where_its_run_has_no_room(make_disk):
    disk = str(make_disk("4m"))
    name = run(RESOLVED | {"T_steps": 20}, disk)["config_hash"]
    with pytest.raises(WorkspaceError, match="for one artifact and its start"):
        promote(name, disk, 256)
    assert not list(Path(disk).rglob("initial_*.h5"))


def test_every_metric_must_hold_and_one_side_alone_defines_none():
    assert weigh(ROW, ROW | {"n_peaks": 41})["converged"]
    for name in METRICS:
        moved = weigh(ROW, ROW | {name: (ROW[name] or 1.0) * 1.2})
        assert not moved["converged"]
        assert f"{name} changes by" in moved["conclusion"]
        lost = weigh(ROW, ROW | {name: None})
        assert lost["metrics"][name]["converged"] is False
        assert f"{name} is undefined in the promotion" in lost["conclusion"]
        assert f"{name} is undefined in the run" in weigh(ROW | {name: None}, ROW)["conclusion"]


def test_a_failed_run_is_a_class_and_never_converged():
    nothing = dict.fromkeys(METRICS)
    failed = weigh(ROW, ROW | nothing | {"status": "diverged"})
    assert not failed["converged"]
    assert failed["conclusion"].startswith("Not converged: the promotion is diverged. A finer grid")
    doubtful = weigh(ROW | {"status": "audit_failed"}, ROW)
    assert not doubtful["converged"], "its figures cannot be trusted"
    assert "the run is audit failed" in doubtful["conclusion"]
    assert not weigh(ROW | nothing, ROW | nothing)["converged"], "nothing was compared"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["f" * 40], "expected a run of this workspace"),
        (["../etc"], "expected 40 hex digits"),
        (["--n-grid", "32"], "n_grid: got 32, expected more than the 32 of the run; 64 is usual"),
        (["--n-grid", "65"], "N_grid: got 65, expected"),
        (["--n-grid", "65536"], "choose N_grid ≤"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_leaves_nothing(arguments, words, computed, capsys):
    folder, name, _ = computed
    target = [] if len(arguments) == 1 else [name]
    before = sorted(Workspace.open(folder).root.rglob("*.h5"))
    code = cli.main(["promote", *target, *arguments, "--workspace", folder])
    said = capsys.readouterr().err
    assert code == cli.BAD_INPUT
    assert words in said
    assert said.count("\n") == 1
    assert sorted(Workspace.open(folder).root.rglob("*.h5")) == before

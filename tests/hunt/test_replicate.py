"""The winner again, from seeds that no hunt has seen."""

import dataclasses
import json

import pytest

from engine import cli
from engine.hunt.command import run
from engine.hunt.replicate import fresh_seeds, replicate, weigh
from engine.settings import RunConfig
from engine.store.ledger import Ledger
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace

CONFIG = {"N_grid": 32, "domain_length": 256.0, "T_steps": 60}
ROW = {
    "config_hash": "a" * 40,
    "status": "ok",
    "log_prime_sse": 0.01,
    "sdg_h_norm_l2": 5e-4,
    "p_phase_scramble": 0.005,
    "p_target_shuffle": 0.004,
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("workspace")
    return folder, run(CONFIG, str(folder))["config_hash"]


def test_replicates_differ_in_their_seed_alone_and_are_audited(workspace):
    folder, name = workspace
    report = replicate(name, str(folder), 3)
    rows = [LedgerReader(Workspace(folder).ledger_path).run(r["config_hash"]) for r in
            report["replicates"]]  # fmt: skip
    original = RunConfig.from_mapping(CONFIG)
    for row, shown in zip(rows, report["replicates"], strict=True):
        config = RunConfig.from_mapping(row["config"])
        assert config != original
        assert dataclasses.replace(config, seed=original.seed) == original
        assert (row["log_prime_sse"], row["status"]) == (shown["log_prime_sse"], shown["status"])
        assert row["places"] == []
    assert len({row["config_hash"] for row in rows}) == 3
    assert replicate(name, str(folder), 3) == report
    links = LedgerReader(Workspace(folder).ledger_path).links(name)
    assert [(each["relation"], each["origin"]) for each in links] == [("replicates", name)] * 3
    kept = Workspace(folder).analysis_path("replicate", name)
    assert json.loads(kept.read_text()) == report


def test_a_seed_that_a_hunt_has_seen_is_not_fresh(tmp_path):
    place = Workspace.open(tmp_path)
    name = run(CONFIG, str(tmp_path))["config_hash"]
    reader = LedgerReader(place.ledger_path)
    config = RunConfig.from_mapping(CONFIG)
    first, second = (seed for seed, _ in zip(fresh_seeds(config, reader), range(2), strict=False))
    seen = run({**CONFIG, "seed": first}, str(tmp_path))["config_hash"]
    assert next(fresh_seeds(config, reader)) == first  # known, but to no hunt
    from engine.settings import HuntSettings
    from engine.store.run_row import RunRow

    provenance = json.loads(place.provenance_path(seen).read_text())
    row = RunRow.from_provenance(RunConfig.from_mapping({**CONFIG, "seed": first}), provenance)
    with Ledger(place.ledger_path) as ledger:
        ledger.commit_run(ledger.create_hunt(HuntSettings()), 0, 0, row)
    assert next(fresh_seeds(config, reader)) == second
    assert name == config.config_hash


def test_strong_replicates_bear_a_run_out_and_weak_ones_do_not():
    strong = weigh(ROW, [dict(ROW, seed=i) for i in range(8)])
    assert strong["borne_out"]
    assert strong["conclusion"].startswith("Borne out: 8 of 8")
    weak = weigh(ROW, [dict(ROW, seed=i, p_phase_scramble=0.4) for i in range(8)])
    assert not weak["borne_out"]


def test_peaks_that_the_physics_fixes_are_one_test_and_not_eight():
    rows = [dict(ROW, seed=i, p_target_shuffle=0.04) for i in range(8)]
    assert weigh(ROW, rows)["combined"]["p_target_shuffle"] == pytest.approx(0.08)


def test_the_score_that_chose_a_run_does_not_prove_it():
    rows = [dict(ROW, seed=0, p_phase_scramble=0.5)]
    assert weigh(ROW, rows)["combined"]["p_phase_scramble"] == pytest.approx(0.5)


def test_a_replicate_without_a_score_counts_against():
    unscored = dict.fromkeys(ROW) | {"config_hash": "b" * 40, "status": "too_few_peaks", "seed": 9}
    report = weigh(ROW, [unscored])
    assert (report["scored"], report["borne_out"]) == (0, False)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["f" * 40], "expected a run of this workspace"),
        (["../etc"], "expected 40 hex digits"),
        (["f" * 40, "--seeds", "0"], "seeds: got 0, expected 1 to 1000"),
    ],
)
def test_bad_input_is_one_line(arguments, words, tmp_path, capsys):
    assert cli.main(["replicate", *arguments, "--workspace", str(tmp_path)]) == cli.BAD_INPUT
    assert words in capsys.readouterr().err

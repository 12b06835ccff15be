import csv

import pandas as pd
import pytest
from store_samples import run_row

from engine.errors import WorkspaceError
from engine.settings import HuntSettings, RunConfig
from engine.store.export import export_csv
from engine.store.ledger import Ledger
from engine.store.reader import LedgerReader
from engine.store.run_row import RunRow

HEADER = (
    "generation,config_hash,param_kappa,param_sigma_k,param_alpha,log_prime_sse,"
    "sse_null_phase_scramble,sse_null_target_shuffle,sdg_h_norm_l2,pcs_score,fitness,status"
)


def exported(workspace):
    export_csv(LedgerReader(workspace.ledger_path), workspace.ledger_csv_path)
    with workspace.ledger_csv_path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_columns_are_those_that_scripts_read(workspace):
    assert exported(workspace) == []
    assert workspace.ledger_csv_path.read_text() == HEADER + "\n"


def test_every_place_of_a_run_is_a_row_and_numbers_read_back_exactly(workspace):
    config = RunConfig(param_kappa=0.1 + 0.2, param_alpha=1 / 3)
    row = RunRow(config=config, status="ok", log_prime_sse=2 / 3, pcs_score=1.0)
    with Ledger(workspace.ledger_path) as ledger:
        hunt = ledger.create_hunt(HuntSettings())
        ledger.commit_run(hunt, 0, 0, row, fitness=1.5)
        ledger.commit_run(hunt, 1, 0, row, fitness=1.5)
        ledger.commit_run(None, 0, 0, run_row(7))
    first, second, alone = exported(workspace)
    assert (first["generation"], second["generation"], alone["generation"]) == ("0", "1", "")
    assert first["config_hash"] == second["config_hash"] == config.config_hash
    assert float(first["param_kappa"]) == 0.1 + 0.2
    assert float(first["param_alpha"]) == 1 / 3
    assert float(first["log_prime_sse"]) == 2 / 3
    assert first["sdg_h_norm_l2"] == ""


def test_further_keys_that_a_hunt_searched_have_columns(workspace):
    config = RunConfig(epsilon=0.1 + 0.2, dispersion=1 / 3)
    with Ledger(workspace.ledger_path) as ledger:
        ledger.commit_run(ledger.create_hunt(HuntSettings()), 0, 0, run_row(1))
        hunt = ledger.create_hunt(HuntSettings(search="dispersion=0:1, epsilon=0.1:1:log"))
        ledger.commit_run(hunt, 0, 0, RunRow(config=config, status="diverged"), None)
    of_old, searched = exported(workspace)
    keys = "param_kappa,param_sigma_k,param_alpha,dispersion,epsilon,log_prime_sse"
    assert keys in workspace.ledger_csv_path.read_text().splitlines()[0]
    assert (float(searched["epsilon"]), float(searched["dispersion"])) == (0.1 + 0.2, 1 / 3)
    assert float(of_old["epsilon"]) == RunConfig().epsilon
    assert searched["status"] == "diverged"


def test_a_failure_has_empty_cells_and_its_class(workspace):
    with Ledger(workspace.ledger_path) as ledger:
        hunt = ledger.create_hunt(HuntSettings())
        ledger.commit_run(hunt, 0, 0, run_row(status="artifact_missing"))
    [row] = exported(workspace)
    assert row["status"] == "artifact_missing"
    assert row["log_prime_sse"] == row["sdg_h_norm_l2"] == row["fitness"] == ""
    frame = pd.read_csv(workspace.ledger_csv_path)
    assert frame.log_prime_sse.isna().all(), "no number stands for a failure"


def test_a_new_export_replaces_the_earlier_one_whole(workspace):
    with Ledger(workspace.ledger_path) as ledger:
        hunt = ledger.create_hunt(HuntSettings())
        for seed in range(5):
            ledger.commit_run(hunt, 0, seed, run_row(seed))
    assert len(exported(workspace)) == 5
    assert len(exported(workspace)) == 5
    assert not [p for p in workspace.root.iterdir() if p.suffix == ".tmp"]


def test_a_folder_in_the_way_is_a_workspace_error(workspace):
    workspace.ledger_csv_path.mkdir()
    with pytest.raises(WorkspaceError, match="move what is in the way"):
        export_csv(LedgerReader(workspace.ledger_path), workspace.ledger_csv_path)

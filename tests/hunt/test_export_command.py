"""`irer export` and `irer rebuild-ledger`, on a workspace with real runs and hunts."""

import json

import optuna
import pytest

from engine import cli
from engine.hunt.command import run
from engine.hunt.export import HUNT, LEDGER, RUN, export
from engine.hunt.terminal import TO
from engine.settings import HuntSettings, RunConfig
from engine.store.ledger import Ledger
from engine.store.reader import LedgerReader
from engine.store.run_row import RunRow
from engine.store.workspace import Workspace

SETTINGS = HuntSettings(search="epsilon=0.01:1:log param_alpha=off")


@pytest.fixture
def place(tmp_path):
    """A hunt for one objective and one for two, of three runs each; the last has failed."""
    place = Workspace.open(tmp_path / "workspace")
    with Ledger(place.ledger_path) as ledger:
        for objectives in ("fidelity", "fidelity,stability"):
            changes = {**SETTINGS.to_dict(), "objectives": objectives}
            hunt = ledger.create_hunt(HuntSettings.from_mapping(changes))
            for seed in range(3):
                config = RunConfig(seed=seed, epsilon=0.02 * (seed + 1))
                figures = {"log_prime_sse": 0.5 / (seed + 1), "sdg_h_norm_l2": 0.25 * seed}
                row = RunRow(config=config, status="ok", **figures)
                if seed == 2:
                    row = RunRow(config=config, status="diverged", error="at t = 3")
                ledger.commit_run(hunt, 1, seed, row, None)
    return place


def studies(url):
    storage = optuna.storages.RDBStorage(url)
    names = optuna.get_all_study_names(storage)
    return {name: optuna.load_study(study_name=name, storage=storage) for name in names}, storage


def test_a_hunt_becomes_a_study_that_optuna_opens(place):
    report = export(str(place.root), "optuna")
    assert report["rows"] == 6
    found, storage = studies(f"sqlite:///{report['output']}")
    one, two = (found[hunt["hunt_id"]] for hunt in LedgerReader(place.ledger_path).hunts()[::-1])
    assert one.direction == optuna.study.StudyDirection.MAXIMIZE
    assert two.directions == [optuna.study.StudyDirection.MINIMIZE] * 2
    assert [trial.state.name for trial in one.trials] == ["COMPLETE", "COMPLETE", "FAIL"]
    assert [trial.value for trial in one.trials] == [2.0, 4.0, None]
    assert [trial.values for trial in two.trials] == [[0.5, 0.0], [0.25, 0.25], None]
    assert one.best_trial.params == {"epsilon": 0.04, "param_kappa": 0.05, "param_sigma_k": 0.5}
    epsilon = one.trials[0].distributions["epsilon"]
    assert epsilon == optuna.distributions.FloatDistribution(0.01, 1.0, log=True)
    told = one.trials[2].user_attrs
    assert (told["status"], told["error"], told["member"]) == ("diverged", "at t = 3", 2)
    assert told["config_hash"] == RunConfig(seed=2, epsilon=0.06).config_hash
    assert one.user_attrs["settings"]["search"] == SETTINGS.search
    storage.engine.dispose()


def test_nothing_that_is_there_is_overwritten(place, capsys):
    output = place.root / "mine.sqlite"
    output.write_text("precious")
    arguments = ["export", "--workspace", str(place.root), "--to", "optuna"]
    assert cli.main([*arguments, "--output", str(output)]) == cli.BAD_INPUT
    assert "is there already" in capsys.readouterr().err
    assert output.read_text() == "precious"
    url = f"sqlite:///{place.root / 'shared.sqlite'}"
    assert cli.main([*arguments, "--output", url]) == cli.DONE
    assert cli.main([*arguments, "--output", url]) == cli.BAD_INPUT
    assert "study" in capsys.readouterr().err
    assert cli.main([*arguments, "--output", "nosuch://database"]) == cli.BAD_INPUT
    assert cli.main([*arguments, "--output", str(place.root / "no" / "where")]) == cli.BAD_INPUT


def test_export_alone_rewrites_the_csv(place, capsys):
    arguments = ["export", "--workspace", str(place.root)]
    assert cli.main([*arguments, "--json"]) == cli.DONE
    assert json.loads(capsys.readouterr().out)["rows"] == 6
    assert len(place.ledger_csv_path.read_text().splitlines()) == 7
    assert cli.main([*arguments, "--output", "elsewhere.csv"]) == cli.BAD_INPUT


def test_real_runs_come_back_from_their_files(tmp_path, capsys):
    config = {"N_grid": 32, "domain_length": 256.0, "T_steps": 60}
    names = [run({**config, "seed": seed}, str(tmp_path))["config_hash"] for seed in range(2)]
    place = Workspace.open(tmp_path)
    reader = LedgerReader(place.ledger_path)
    before = [reader.run(name) for name in names]
    place.ledger_path.write_bytes(b"scrambled")
    assert cli.main(["rebuild-ledger", "--workspace", str(tmp_path), "--json"]) == cli.DONE
    found = json.loads(capsys.readouterr().out)
    assert (found["runs"], found["damaged"]) == (2, {})
    for old in before:
        new = reader.run(old["config_hash"])
        assert {**new, "committed": ""} == {**old, "committed": ""}
    assert cli.main(["rebuild-ledger", "--workspace", str(tmp_path)]) == cli.DONE
    assert "the old ledger is kept as simulation_ledger-" in capsys.readouterr().out


def test_a_run_is_exported_by_its_id_and_the_ledger_without_one(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    root = str(tmp_path / "workspace")
    run_id = run({"N_grid": 32, "T_steps": 20}, root)["config_hash"]
    irer = ["export", "--workspace", root]
    assert cli.main([*irer, run_id, "--to", "npz"]) == 0
    assert capsys.readouterr().out.endswith(f" datasets, {run_id}.npz\n")
    assert (tmp_path / f"{run_id}.npz").exists()
    assert cli.main([*irer, run_id, "--to", "npz"]) == 2
    assert "is there already" in capsys.readouterr().err
    assert cli.main([*irer, run_id, "--to", "zarr", "--output", "a.zarr", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["output"] == "a.zarr"
    for wrong, words in (
        ([run_id], "expected no id"),
        (["--to", "vtk"], "got no id"),
        (["x", "--to", "vtk"], "expected 40 hex digits"),
        ([40 * "0", "--to", "vtk"], "no such file"),
    ):
        assert cli.main([*irer, *wrong]) != 0
        assert words in capsys.readouterr().err


def test_the_command_line_names_every_format():
    assert (*LEDGER, *RUN, *HUNT) == TO

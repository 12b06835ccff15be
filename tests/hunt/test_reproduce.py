"""A run computed again is the same in every byte, and what is not the same is named."""

import json

import h5py
import numpy as np
import pytest

from engine import cli
from engine.hunt.command import run
from engine.hunt.reproduce import Comparison, judge, reproduce
from engine.store.artifact import open_artifact
from engine.store.workspace import Workspace

CONFIG = {"N_grid": 32, "domain_length": 64.0, "T_steps": 60}


@pytest.fixture
def computed(tmp_path):
    name = run(CONFIG, str(tmp_path))["config_hash"]
    return tmp_path, name, Workspace(tmp_path).artifact_path(name)


def test_an_honest_run_is_reproduced_bit_for_bit_and_leaves_nothing_behind(computed, capsys):
    folder, name, path = computed
    before = sorted(p.name for p in folder.iterdir())
    assert cli.main(["reproduce", name, "--workspace", str(folder), "--json"]) == cli.DONE
    report = json.loads(capsys.readouterr().out)
    with open_artifact(path) as artifact:
        assert {each["name"] for each in report["datasets"]} == set(artifact.names)
    assert all(each["equal"] for each in report["datasets"])
    assert (report["same_device"], report["first_difference"]) == (True, None)
    assert sorted(p.name for p in folder.iterdir()) == before


def test_one_altered_cell_is_named(computed, capsys):
    folder, name, path = computed
    with h5py.File(path, "r+") as file:
        file["final_rho_s"][3, 4] *= np.float32(1.001)
    assert cli.main(["reproduce", name, "--workspace", str(folder)]) == cli.REFUSED
    assert "Not reproduced: final_rho_s differs by" in capsys.readouterr().out


def test_a_run_from_a_file_is_reproduced_too(computed, tmp_path_factory):
    folder, _, path = computed
    again = run(CONFIG | {"T_steps": 20}, str(folder), path)["config_hash"]
    assert reproduce(again, str(folder))["reproduced"]


def test_another_kind_of_device_may_differ_in_the_last_digits():
    near = [Comparison("final_psi", False, 3e-5)]
    assert judge("a" * 40, near, 1e-3)["reproduced"]
    assert not judge("a" * 40, near, 0.0)["reproduced"]
    assert not judge("a" * 40, near, 1e-6)["reproduced"]
    assert not judge("a" * 40, [Comparison("final_psi", False, None)], 1e-3)["reproduced"]


def test_a_run_that_is_not_there_is_one_line(tmp_path, capsys):
    assert cli.main(["reproduce", "f" * 40, "--workspace", str(tmp_path)]) != cli.DONE
    assert "expected" in capsys.readouterr().err

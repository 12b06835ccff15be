"""The components that ship, started as they are in the field, on artifacts of the real solver."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.hunt.runs import compute_batch
from engine.layer2.hamiltonian import constraint
from engine.layer2.instants import read_sound
from engine.layer2.singularities import locate
from engine.settings import RunConfig
from engine.store.export import COLUMNS
from engine.store.workspace import Workspace

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "engine/layer2/components"
NAMES = ("defects", "gr_benchmark", "gr_correlation", "tda")
BASE = {"N_grid": 32, "domain_length": 24.0, "T_steps": 200, "epsilon": 0.5, "seed": 1}


def start(name: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    manifest = json.loads((SHIPPED / name / "component_manifest.json").read_bytes())
    script = SHIPPED / name / manifest["script_to_run"]
    return subprocess.run(
        [sys.executable, str(script), *arguments, "--output-dir", str(folder)],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "HOME": str(folder.parent), "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def run(name: str, folder: Path, *arguments: str) -> dict:
    """Its figures, after every declared output was looked at."""
    folder.mkdir()
    done = start(name, folder, *arguments)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    manifest = json.loads((SHIPPED / name / "component_manifest.json").read_bytes())
    assert {each.name for each in folder.iterdir()} == {o["file"] for o in manifest["outputs"]}
    for output in manifest["outputs"]:
        path = folder / output["file"]
        if output["type"] == "path:png":
            with Image.open(path) as picture:
                picture.load()
                assert min(picture.size) > 300
        elif output["type"] == "path:csv":
            assert table(path) is not None
    return json.loads((folder / "figures.json").read_bytes())


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Workspace:
    place = Workspace.open(tmp_path_factory.mktemp("layer2") / "workspace")
    configs = [RunConfig(**{**BASE, "param_alpha": 0.1 * (i + 1)}) for i in range(6)]
    compute_batch(configs, place, history_frames=1)
    return place


@pytest.fixture(scope="module")
def artifact(place) -> Path:
    return place.artifact_path(RunConfig(**{**BASE, "param_alpha": 0.5}).config_hash)


def test_defects_are_those_of_the_final_field(artifact, tmp_path):
    figures = run("defects", tmp_path / "out", "--artifact", str(artifact), "--instants", "4")
    _, fields = read_sound(str(artifact))
    expected = locate(fields.psi, 24.0)
    rows = table(tmp_path / "out/defects.csv")
    found = np.array([[float(row[name]) for name in ("x", "y", "charge")] for row in rows])
    np.testing.assert_array_equal(found, np.column_stack([expected.places, expected.charges]))
    assert figures["charge_sum"] == 0
    assert figures["positive"] == figures["negative"] == len(rows) / 2 > 0
    tracking = figures["tracking"]
    assert tracking["frames"] == 6
    assert (tracking["from_t"], tracking["to_t"]) == pytest.approx((18.0, 20.0))
    ways = table(tmp_path / "out/tracks.csv")
    assert len({row["track"] for row in ways}) == tracking["tracks"]
    last = {(row["x"], row["y"]) for row in ways if float(row["t"]) == tracking["to_t"]}
    assert last == {(row["x"], row["y"]) for row in rows}
    counted = table(tmp_path / "out/counts.csv")
    assert float(counted[0]["t"]) == 0
    assert float(counted[-1]["defects"]) == len(rows)


def test_the_benchmark_says_by_how_much_others_differ(artifact, tmp_path):
    figures = run("gr_benchmark", tmp_path / "out", "--artifact", str(artifact))
    _, fields = read_sound(str(artifact))
    assert figures["hamiltonian_norm_l2"] == constraint(fields).hamiltonian_norm_l2 > 0
    assert figures["rms_of_terms"]["energy"] > 0
    differs = figures["curvature_differs_by"]
    # The solver's geometry is of ρ_s, the others' of g_tt: single precision lies between them.
    assert 0 < differs["christoffel_of_the_solver"] < 1e-3
    assert 0 < differs["christoffel_of_stored_metric"] < 1e-3


def test_the_correlation_is_taken_over_the_runs_whose_artifacts_are_there(place, tmp_path):
    configs = [RunConfig(**{**BASE, "param_alpha": 0.1 * (i + 1)}) for i in range(6)]
    ids = [config.config_hash for config in configs]
    rows = [[0, i, 0, 0, 0, (n + 1) ** 2 / 10, "", "", 0.1 / (n + 1), 1, 1, "ok"]
            for n, i in enumerate(ids)]  # fmt: skip
    rows += [rows[0], [1, "0" * 40, *rows[1][2:]], [1, "1" * 40, *[""] * 9, "diverged"]]
    folder = place.root / "analysis_reports/work"
    folder.mkdir(parents=True)
    ledger = folder / "final_ledger.csv"
    with ledger.open("w", newline="") as stream:
        csv.writer(stream).writerows([COLUMNS, *rows])
    figures = run("gr_correlation", tmp_path / "out", "--final_ledger", str(ledger))
    assert figures["scored_runs"] == 7
    assert figures["left_out"] == {"artifact_missing": 1}
    found = figures["hamiltonian_norm_l2"]
    assert found["runs"] == 6
    assert -1 <= found["low"] < found["pearson"] < found["high"] <= 1
    assert figures["sdg_h_norm_l2"]["spearman"] == pytest.approx(-1)
    listed = {
        row["config_hash"]: row["hamiltonian_norm_l2"] for row in table(tmp_path / "out/runs.csv")
    }
    assert len(listed) == 7
    assert listed["0" * 40] == ""
    for each in ids:
        expected = constraint(read_sound(str(place.artifact_path(each)))[1]).hamiltonian_norm_l2
        assert float(listed[each]) == expected


def test_topology_tells_diagram_peaks_and_p(artifact, tmp_path):
    arguments = ("--artifact", str(artifact), "--draws", "19", "--peaks", "12")
    figures = run("tda", tmp_path / "out", *arguments)
    _, fields = read_sound(str(artifact))
    zero, one = figures["superlevel"]
    assert zero["essential"] == [fields.rho.max()]
    assert len(one["essential"]) == 2
    assert zero["features"] == figures["peaks"] > 1
    diagram = table(tmp_path / "out/diagram.csv")
    essential = [row["dimension"] for row in diagram if row["death"] == ""]
    assert essential == ["0", "1", "1", "2"]
    assert len(table(tmp_path / "out/peaks.csv")) == figures["peaks_joined"] <= 12
    assert len(table(tmp_path / "out/null.csv")) == 20
    assert 0.05 <= figures["random_phases"]["p"] <= 1
    assert figures["rips"][0]["features"] == figures["peaks_joined"] - 1
    betti = table(tmp_path / "out/betti.csv")
    assert [betti[0][f"beta_{k}"] for k in range(3)] == ["1", "2", "1"]


@pytest.mark.parametrize("name", NAMES)
def test_bad_input_is_one_line_and_leaves_nothing(name, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    (tmp_path / "bad").write_text("not what it is taken for")
    option = "--final_ledger" if name == "gr_correlation" else "--artifact"
    done = start(name, folder, option, str(tmp_path / "bad"))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "bad" in done.stderr
    assert not list(folder.iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_manifests_defaults_are_the_scripts(name, tmp_path):
    manifest = json.loads((SHIPPED / name / "component_manifest.json").read_bytes())
    source = (SHIPPED / name / "main.py").read_text()
    for each in manifest["tunable_variables"]:
        assert f'"--{each["name"]}", type={each["type"]}, default={each["default"]})' in source
    for each in manifest["inputs"]:
        assert f'"--{each["name"]}"' in source

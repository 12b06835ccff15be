"""The examples of docs/files.md do what they say."""

import re
import subprocess
import sys
from pathlib import Path

import h5py
import pytest
from store_samples import SMALL, run_result

from engine.store.artifact import write_artifact
from engine.store.formats import FORMATS, export_run

DOC = Path(__file__).parents[2] / "docs" / "files.md"
SECTION = re.compile(r"^## ([^\n]+)\n(?:(?!^## ).)*?```python\n(.*?)```", re.DOTALL | re.MULTILINE)
EXAMPLES = dict(SECTION.findall(DOC.read_text()))


@pytest.fixture
def folder(workspace, tmp_path):
    run = SMALL.config_hash
    write_artifact(workspace.artifact_path(run), SMALL, run_result())
    (tmp_path / "run.h5").write_bytes(workspace.artifact_path(run).read_bytes())
    export_run(workspace, run, "vtk", str(tmp_path / "run.vti"))
    return tmp_path


def said_by(folder, title):
    command = [sys.executable, "-W", "error", "-c", EXAMPLES[title]]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_each_tool_says_what_is_in_the_file(folder):
    with h5py.File(folder / "run.h5") as file:
        rho, history = file["final_rho"][()], file["history/rho"][()]
    value, *means = said_by(folder, "xarray")
    assert float(value) == rho[1, 2]
    found = [float(each.strip("[]")) for each in means if each.strip("[]")]
    assert found == pytest.approx(history.mean((1, 2)), rel=1e-6)
    assert said_by(folder, "silx, and NeXus in general")[-4:] == ["(16,", "16)", "['y',", "'x']"]
    kappa, largest = said_by(folder, "h5py")
    assert (float(kappa), float(largest)) == (SMALL.param_kappa, pytest.approx(float(rho.max())))
    low, high = (float(each.strip("(),")) for each in said_by(folder, "ParaView"))
    assert (low, high) == (float(rho.min()), float(rho.max()))


def test_every_example_and_format_is_there():
    assert set(EXAMPLES) == {"xarray", "silx, and NeXus in general", "h5py", "ParaView"}
    for name, (suffix, _) in FORMATS.items():
        assert re.search(rf"irer export ID --to {name} +# ID{suffix}\b", DOC.read_text())

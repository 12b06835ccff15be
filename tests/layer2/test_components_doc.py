"""docs/components.md does what it says: its blocks are executed as they stand."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

from PIL import Image

from engine.layer2.discovery import ENTRY_POINTS
from engine.layer2.limits import Limits
from engine.layer2.manifest import INPUTS, OUTPUT_TYPES, SCHEMA, VALUE_TYPES

DOCS = (Path(__file__).parents[2] / "docs" / "components.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", DOCS, re.MULTILINE | re.DOTALL)


def test_the_example_of_the_docs_goes_from_nothing_to_a_picture(place, run_id, tmp_path):
    folder = tmp_path / "home"
    folder.mkdir()
    place.root.rename(folder / "irer_workspace")
    make, trust, analyze = blocks("sh")
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "irer").write_text(
        f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m engine.cli "$@"\n'
    )
    (bin_ / "irer").chmod(0o755)
    environment = {**os.environ, "PATH": f"{bin_}:{os.environ['PATH']}"}
    environment.pop("IRER_WORKSPACE", None)
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])

    def sh(script):
        return subprocess.run(
            ["sh", "-ec", script], cwd=folder, env=environment, capture_output=True, text=True,
            timeout=120, check=True,
        ).stdout  # fmt: skip

    sh(make)
    paths = re.findall(r"`(irer_workspace/components/contrast/\S+)`", DOCS)
    (manifest,), (script,) = blocks("json"), blocks("python")
    for path, text in zip(paths, (manifest, script), strict=True):
        (folder / path).write_text(text)
    assert "contrast " in sh(trust)
    said = sh(analyze.replace("ID", run_id))
    files = {Path(line.split()[-1]).name: Path(line.split()[-1]) for line in said.splitlines()
             if line.split()[-1].startswith("/")}  # fmt: skip
    assert set(files) == {"figures.json", "histogram.csv", "picture.png"}
    assert json.loads(files["figures.json"].read_text())["contrast"] > 0
    assert len(files["histogram.csv"].read_text().splitlines()) == 51
    with Image.open(files["picture.png"]) as picture:
        assert picture.size == (16, 16)


def test_the_docs_name_every_field_input_and_type():
    for name in (*SCHEMA["properties"], *INPUTS, *INPUTS.values(), *OUTPUT_TYPES, *VALUE_TYPES):
        assert f"`{name}`" in DOCS, name
    limits = Limits()
    assert f"{limits.seconds / 60:g} minutes and {limits.memory_bytes / 2**30:g} GiB" in DOCS
    assert f"killed after {limits.said_bytes // 2**20} MiB" in DOCS
    (points,) = blocks("toml")
    assert tomllib.loads(points)["project"]["entry-points"].keys() == {ENTRY_POINTS}

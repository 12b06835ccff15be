"""Components to run in tests: a manifest with a script, written into a folder."""

import json

MANIFEST = {
    "name": "Sum of squares",
    "version": "1.0",
    "description": "Adds up what it finds.",
    "script_to_run": "main.py",
    "dependencies": ["h5py"],
    "inputs": [{"name": "artifact", "type": "path:h5"}],
    "outputs": [{"name": "figures", "type": "path:json", "file": "figures.json"}],
    "tunable_variables": [
        {
            "name": "power",
            "label": "Power",
            "type": "int",
            "default": 2,
            "minimum": 1,
            "maximum": 8,
        }
    ],
}

SCRIPT = """
import argparse, json, pathlib, h5py
parser = argparse.ArgumentParser()
for name in ("--artifact", "--power", "--output-dir"):
    parser.add_argument(name, required=True)
options = parser.parse_args()
with h5py.File(options.artifact) as file:
    total = float((file["final_rho"][:] ** int(options.power)).sum())
pathlib.Path(options.output_dir, "figures.json").write_text(json.dumps({"total": total}))
print("done", options.power)
"""


def write_component(root, folder_name, script=SCRIPT, /, **changes):
    """A component's folder; a change to None leaves that field out."""
    folder = root / folder_name
    folder.mkdir(parents=True, exist_ok=True)
    manifest = {key: value for key, value in {**MANIFEST, **changes}.items() if value is not None}
    (folder / "component_manifest.json").write_text(json.dumps(manifest))
    (folder / "main.py").write_text(script)
    return folder


TINY = {"N_grid": 16, "domain_length": 32.0, "T_steps": 30}
"""Config of a run of a second."""

WRITING = """
import argparse, os, pathlib, sys
parser = argparse.ArgumentParser()
parser.add_argument("--output-dir", type=pathlib.Path, required=True)
options, rest = parser.parse_known_args()
out = options.output_dir
given = dict(zip(rest[::2], rest[1::2]))
"""
"""How a script of a test begins: `out` is its folder, `given` its other arguments."""

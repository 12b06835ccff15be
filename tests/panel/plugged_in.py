"""A component with an output of each kind that the page shows, for what the page makes of it."""

import json

from engine.layer2.discovery import find_component
from engine.layer2.trust import trust

MANIFEST = {
    "name": "Profile",
    "version": "1.0",
    "description": "A row of ρ <b>in numbers</b>.",
    "script_to_run": "main.py",
    "dependencies": ["numpy", "pillow"],
    "inputs": [{"name": "artifact", "type": "path:h5"}],
    "outputs": [
        {"name": "figures", "type": "path:json", "file": "figures.json"},
        {"name": "profile", "type": "path:csv", "file": "profile.csv"},
        {"name": "picture", "type": "path:png", "file": "picture.png"},
    ],
    "tunable_variables": [
        {"name": "row", "label": "Row", "type": "int", "default": 3, "minimum": 0, "maximum": 31},
        {"name": "scale", "label": "Scale", "type": "float", "default": 0.5},
        {"name": "mirror", "label": "Mirror", "type": "bool", "default": False},
        {"name": "word", "label": "Word", "type": "string", "default": "a"},
    ],
}
SCRIPT = """
import argparse, json, pathlib, h5py, numpy as np
from PIL import Image
parser = argparse.ArgumentParser()
for name in ("artifact", "row", "scale", "mirror", "word", "output-dir"):
    parser.add_argument(f"--{name}", required=True)
o = parser.parse_args()
out = pathlib.Path(o.output_dir)
with h5py.File(o.artifact) as file:
    row = file["final_rho"][int(o.row)].astype(float) * float(o.scale)
if o.word == "crash":
    raise RuntimeError("<i>as asked</i>")
given = {"row": int(o.row), "mirror": o.mirror, "<script>": o.word, "deep": {"x": [1, None]}}
(out / "figures.json").write_text(json.dumps(given))
lines = "".join(f"{i},{v},c\\n" for i, v in enumerate(row))
(out / "profile.csv").write_text("cell,rho,name\\n" + lines)
Image.fromarray(np.zeros((4, 4), np.uint8)).save(out / "picture.png")
"""


def plug_in(workspace, name, *, trusted=True):
    """Write it into a workspace under a name."""
    folder = workspace.root / "components" / name
    folder.mkdir(parents=True)
    named = {**MANIFEST, "name": name.title()}
    (folder / "component_manifest.json").write_text(json.dumps(named))
    (folder / "main.py").write_text(SCRIPT)
    if trusted:
        trust(workspace, find_component(workspace, name))

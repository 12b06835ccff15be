"""What the orchestrator adds to a component's own time, beside `python SCRIPT` started alone."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from engine.hunt.command import run
from engine.layer2.discovery import find_component
from engine.layer2.limits import limits_for
from engine.layer2.orchestrator import analyze
from engine.layer2.process import environment
from engine.layer2.trust import trust
from engine.store.workspace import Workspace

REPEATS = 15
CONFIG = {"N_grid": 128, "T_steps": 30}
SCRIPT = """
import argparse, hashlib, pathlib
parser = argparse.ArgumentParser()
for name in ("artifact", "salt", "output-dir"):
    parser.add_argument(f"--{name}", required=True)
options = parser.parse_args()
total = hashlib.sha256(pathlib.Path(options.artifact).read_bytes()).hexdigest()
pathlib.Path(options.output_dir, "figures.json").write_text(f'{{"sha256": "{total}"}}')
"""
MANIFEST = {
    "name": "Checksum",
    "version": "1.0",
    "description": "Reads a run's file.",
    "script_to_run": "main.py",
    "dependencies": [],
    "inputs": [{"name": "artifact", "type": "path:h5"}],
    "outputs": [{"name": "figures", "type": "path:json", "file": "figures.json"}],
    "tunable_variables": [{"name": "salt", "label": "Salt", "type": "int", "default": 0}],
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Workspace.open(Path(folder) / "workspace")
        name = run(CONFIG, str(place.root))["config_hash"]
        source = place.root / "components" / "checksum"
        source.mkdir(parents=True)
        (source / "component_manifest.json").write_text(json.dumps(MANIFEST))
        (source / "main.py").write_text(SCRIPT)
        trust(place, find_component(place, "checksum"))
        artifact = place.artifact_path(name)
        print(f"components, medians of {REPEATS}, a file of {artifact.stat().st_size / 1e6:.1f} MB")
        command = [sys.executable, str(source / "main.py"), "--artifact", str(artifact),
                   "--salt", "0", "--output-dir", folder]  # fmt: skip
        plain, whole, own, kept = [], [], [], []
        for salt in range(REPEATS):
            plain.append(seconds(lambda: direct(command, Path(folder))))
            began = time.perf_counter()
            component = find_component(place, "checksum")
            report, _ = analyze(place, component, name, {"salt": salt}, limits_for("run"))
            whole.append(time.perf_counter() - began)
            own.append(report["duration_s"])
            kept.append(
                seconds(lambda salt=salt: again(place, name, salt))
            )  # fmt: skip
        added = statistics.median(a - b for a, b in zip(whole, plain, strict=True))
        rows = {
            "python SCRIPT": plain,
            "orchestrated, in all": whole,
            "  of it its process": own,
            "asked again, kept": kept,
        }
        for words, times in rows.items():
            print(f"  {words:<22} {1e3 * statistics.median(times):7.1f} ms")
        print(f"  {'added':<22} {1e3 * added:7.1f} ms; wanted: under 50 ms")


def direct(command: list[str], folder: Path) -> None:
    subprocess.run(command, env=environment(folder), check=True)


def again(place: Workspace, name: str, salt: int) -> None:
    component = find_component(place, "checksum")
    analyze(place, component, name, {"salt": salt}, limits_for("run"))


def seconds(call) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()

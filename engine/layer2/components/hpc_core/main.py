"""A hunt as a component: runs `irer hunt` in the workspace, and hands out what came of it."""

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

from engine.store.export import export_csv
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace


def main() -> int:
    """Run one hunt; returns the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--job_uuid", required=True)
    parser.add_argument("--num_generations", required=True)
    parser.add_argument("--population_size", required=True)
    parser.add_argument("--output-dir", type=Path, required=True)
    options = parser.parse_args()
    hunt = subprocess.run(
        [
            *(sys.executable, "-m", "engine.cli", "hunt", "--json"),
            *("--num-generations", options.num_generations),
            *("--population-size", options.population_size),
        ],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if hunt.returncode:
        return hunt.returncode
    status = json.loads(hunt.stdout)
    workspace = Workspace.existing()
    ledger = LedgerReader(workspace.ledger_path)
    export_csv(ledger, options.output_dir / "final_ledger.csv", status["hunt_id"])
    target = options.output_dir / "best_run_provenance.json"
    best = ledger.best(status["hunt_id"])
    if best is None:
        words = f"no run of hunt {status['hunt_id']} has a score"
        target.write_text(json.dumps({"config_hash": None, "error": words}))
    else:
        shutil.copyfile(workspace.provenance_path(best["config_hash"]), target)
    print(f"job {options.job_uuid}: hunt {status['hunt_id']}, {status['state']}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""What the strategies find in real hunts at equal runs: 30 × 16, objective stability, three seeds.

The objective is −log₁₀ of the H-norm over runs that have a score. Every hunt has its own workspace,
so that nobody is given what another has computed.
"""

import statistics
import sys
import tempfile
from pathlib import Path

from engine.hunt.engine import Engine
from engine.settings import HuntSettings
from engine.store.workspace import Workspace

STRATEGIES = ("sobol", "genetic", "nsga2", "cmaes", "map_elites", "gradient")
SEEDS = (1, 2, 3)
HUNT = {
    "num_generations": 30,
    "population_size": 16,
    "objectives": "stability",
    "N_grid": 32,
    "domain_length": 128.0,
    "T_steps": 100,
    "null_draws": 19,
    "history_frames": 0,
}


def main() -> None:
    print(
        f"best −log10 H-norm of {HUNT['num_generations']} × {HUNT['population_size']} runs, "
        f"N = {HUNT['N_grid']}, {HUNT['T_steps']} steps; wanted: nsga2, cmaes and gradient above "
        "sobol"
    )
    print(f"  {'':<12}" + "".join(f"{f'seed {seed}':>10}" for seed in SEEDS) + f"{'median':>10}")
    for strategy in STRATEGIES:
        found = [best(strategy, seed) for seed in SEEDS]
        cells = "".join(f"{value:>10.4f}" for value in found)
        print(f"  {strategy:<12}{cells}{statistics.median(found):>10.4f}")
        sys.stdout.flush()


def best(strategy: str, seed: int) -> float:
    """The fitness of the best run of a hunt."""
    settings = HuntSettings.from_mapping({**HUNT, "strategy": strategy, "seed": seed})
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(Workspace.open(Path(folder)))
        engine.start_hunt(settings)
        status = engine.wait()
        engine.close()
    if status.state != "completed" or status.best is None:
        raise RuntimeError(f"hunt: got {status}, expected one that was completed with a score")
    return float(status.best["fitness"])

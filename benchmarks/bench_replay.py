"""Continuing a long hunt: from the start until the strategy knows 1,000 generations of 64 again.

Every run is asked for anew, its id is compared with the one in its place, and its scores are read
from the ledger. The runs were never computed: the ledger is filled with figures of a landscape.
"""

import math
import tempfile
import time
from pathlib import Path

from engine.hunt.engine import Engine
from engine.hunt.fitness import fitness
from engine.hunt.space import SearchSpace
from engine.hunt.strategies import make_strategy
from engine.hunt.tally import Outcome, results_of
from engine.settings import HuntSettings, RunConfig
from engine.store.ledger import Ledger
from engine.store.run_row import RunRow
from engine.store.workspace import Workspace

GENERATIONS, POPULATION = 1000, 64
STRATEGIES = ("genetic", "nsga2", "cmaes", "map_elites", "sobol")


def main() -> None:
    print(f"a hunt is continued after {GENERATIONS:,} generations of {POPULATION}; wanted: 10 s")
    for name in STRATEGIES:
        settings = HuntSettings(
            num_generations=GENERATIONS + 1, population_size=POPULATION, strategy=name
        )
        with tempfile.TemporaryDirectory() as folder:
            workspace = Workspace.open(Path(folder))
            pretend(workspace, settings)
            print(f"  {name:<14} {replay(workspace):6.1f} s", flush=True)


def pretend(workspace: Workspace, settings: HuntSettings) -> None:
    """Fill the ledger with a hunt's generations but the last."""
    space, strategy = SearchSpace.of(settings), make_strategy(settings)
    with Ledger(workspace.ledger_path) as ledger:
        ledger._connection.execute("PRAGMA synchronous=OFF")
        hunt = ledger.create_hunt(settings)
        for generation in range(1, GENERATIONS + 1):
            points = strategy.ask()
            told = []
            for member, config in enumerate(space.configs(points)):
                row = scored(config)
                outcome = Outcome(row, fitness(row, settings.sought[0]))
                ledger.commit_run(hunt, generation, member, row, outcome.fitness)
                told.append([outcome])
            strategy.tell(points, results_of(told, settings.sought, space.size))


def scored(config: RunConfig) -> RunRow:
    """One run in ten fails; the others find a bowl."""
    if math.sin(1e4 * config.param_sigma_k) > 0.95:
        return RunRow(config=config, status="too_few_peaks", sdg_h_norm_l2=1.0)
    cost = (config.param_kappa - 0.04) ** 2 + (config.param_alpha - 0.4) ** 2
    return RunRow(
        config=config,
        status="ok",
        log_prime_sse=cost,
        sdg_h_norm_l2=0.1 + cost,
        defect_density=0.01 * config.param_alpha,
    )


def replay(workspace: Workspace) -> float:
    """Seconds from asking for it until the last generation begins."""
    engine = Engine(workspace)
    began = time.perf_counter()
    engine.continue_hunt()
    while engine.status().generation <= GENERATIONS:
        if engine.status().state not in ("starting", "running"):
            raise RuntimeError(f"hunt: got {engine.status()}, expected a running one")
        time.sleep(0.01)
    seconds = time.perf_counter() - began
    engine.stop_hunt()
    engine.wait()
    engine.close()
    return seconds

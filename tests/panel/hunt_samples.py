"""Hunts in a real ledger, with known figures and without a simulation."""

import numpy as np

from engine.hunt.fitness import fitness
from engine.hunt.space import SearchSpace
from engine.hunt.strategies import make_strategy
from engine.hunt.strategies.contract import Results
from engine.settings import HuntSettings
from engine.store.ledger import Ledger
from engine.store.run_row import RunRow

SETTINGS = HuntSettings.from_mapping(
    {"num_generations": 5, "population_size": 8, "N_grid": 32, "search": "epsilon=0.01:1:log"}
)


def row_of(config, random, *, failing=0.1):
    """A run whose SSE and H-norm both grow with κ, and which fails now and then."""
    if random.random() < failing:
        return RunRow(config=config, status=str(random.choice(["diverged", "too_few_peaks"])))
    kappa = config.param_kappa
    sse = float(np.exp(random.normal(np.log(kappa * 20), 0.6)))
    p = float(random.uniform(0.002, 1) if random.random() < 0.9 else 0.004)
    return RunRow(
        config=config,
        status="ok",
        log_prime_sse=sse,
        sse_null_phase_scramble=1.0,
        sse_null_target_shuffle=0.8,
        p_phase_scramble=p,
        p_target_shuffle=p / 2,
        n_peaks=int(random.integers(3, 9)),
        sdg_h_norm_l2=float(np.exp(random.normal(np.log(kappa / 50), 0.7))),
        pcs_score=0.9999,
        defect_density=float(random.uniform(0, 0.1)),
    )


def fill_hunt(workspace, settings=SETTINGS, *, failing=0.1, seed=0, generations=None):
    """Play a hunt of a strategy against made-up audits, into the workspace's ledger.

    Returns:
        The hunt's id.
    """
    random = np.random.default_rng(seed)
    with Ledger(workspace.ledger_path) as ledger:
        hunt_id = ledger.create_hunt(settings)
        play(ledger, hunt_id, settings, random, generations or settings.num_generations, failing)
    return hunt_id


def play(ledger, hunt_id, settings, random, generations, failing, *, begin=1):
    """Commit generations `begin` to `generations`; a strategy is told of these alone."""
    strategy, space = make_strategy(settings), SearchSpace.of(settings)
    for generation in range(begin, generations + 1):
        points = strategy.ask()
        costs = []
        for member, config in enumerate(space.configs(points)):
            row = row_of(config, random, failing=failing)
            worth = fitness(row, settings.sought[0])
            ledger.commit_run(hunt_id, generation, member, row, worth)
            costs.append(np.nan if worth is None else -worth)
        unknown = np.full((len(points), 2), np.nan)
        strategy.tell(
            points, Results(np.array(costs)[:, None], unknown, np.full(points.shape, np.nan))
        )

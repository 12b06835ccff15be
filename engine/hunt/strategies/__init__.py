"""Search strategies: `ask` for points of the unit cube, `tell` their fitness.

A strategy is deterministic: its seed and what it was told determine every point that it asks,
so an interrupted hunt resumes by replaying the ledger.
"""

from engine.errors import SettingsError
from engine.hunt.strategies.genetic import Genetic

STRATEGIES = {"genetic": Genetic}


def make_strategy(name: str, *, dimensions: int, population: int, seed: int) -> Genetic:
    """The strategy of that name."""
    if name not in STRATEGIES:
        raise SettingsError(
            f"strategy: got {name!r}, expected one of {', '.join(STRATEGIES)}.", field="strategy"
        )
    return STRATEGIES[name](dimensions=dimensions, population=population, seed=seed)

"""From the runs of a generation to what its strategy is told.

A candidate has one run a seed. Its cost is the median over them in which a failed run counts as
worse than any other: a candidate that fails half the time has failed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from engine.hunt.fitness import costs
from engine.hunt.strategies import Results
from engine.store.run_row import RunRow

_SMALLEST = 1e-300


@dataclass(frozen=True)
class Outcome:
    """What came of one run in its place.

    Attributes:
        row: its row.
        fitness: as it was entered; None for a failure.
        gradient: as the strategy is told, in coordinates of the cube; None where it has none.
    """

    row: RunRow
    fitness: float | None
    gradient: Sequence[float] | None = None


def results_of(
    candidates: Sequence[Sequence[Outcome]], objectives: tuple[str, ...], dimensions: int
) -> Results:
    """What a strategy is told of its candidates, each with the outcomes of its seeds."""
    return Results(
        costs=np.array([_costs(each, objectives) for each in candidates]),
        behaviour=np.array([_behaviour(each) for each in candidates]),
        gradient=np.array([_gradient(each, dimensions) for each in candidates]),
    )


def replicate_seeds(seed: int, generation: int, replicates: int) -> list[int]:
    """The seeds that all candidates of a generation share; one alone is the hunt's own.

    Common random numbers: candidates differ by their parameters and not by their luck.
    """
    if replicates == 1:
        return [seed]
    state = np.random.SeedSequence([seed, generation]).generate_state(replicates, np.uint32)
    return [int(value) for value in state]


def spread_of(fitnesses: Sequence[float | None]) -> dict[str, Any]:
    """What a candidate's seeds say together: how many, how many failed, and their fitness.

    Args:
        fitnesses: one a seed; None for a failure, which counts as worse than any number.

    Returns:
        `seeds`, `failed`, and of the fitness `median`, `lowest` and `highest`: None where that is a
        failure's.
    """
    values = [-math.inf if each is None else each for each in fitnesses]
    figures = {"median": median(values), "lowest": min(values), "highest": max(values)}
    return {
        "seeds": len(values),
        "failed": sum(each is None for each in fitnesses),
        **{name: value if math.isfinite(value) else None for name, value in figures.items()},
    }


def _costs(outcomes: Sequence[Outcome], objectives: tuple[str, ...]) -> list[float]:
    found = []
    for outcome in outcomes:
        cost = costs(outcome.row, objectives) if outcome.fitness is not None else None
        found.append(cost or (math.inf,) * len(objectives))
    medians = [median(values) for values in zip(*found, strict=True)]
    sound = all(math.isfinite(value) for value in medians)  # the mean of inf and a number is inf
    return medians if sound else [math.nan] * len(objectives)


def _behaviour(outcomes: Sequence[Outcome]) -> list[float]:
    known = [
        (row.defect_density, math.log10(max(row.sdg_h_norm_l2, _SMALLEST)))
        for row in (outcome.row for outcome in outcomes if outcome.fitness is not None)
        if row.defect_density is not None and row.sdg_h_norm_l2 is not None
    ]
    if not known:
        return [math.nan, math.nan]
    return [median(values) for values in zip(*known, strict=True)]


def _gradient(outcomes: Sequence[Outcome], dimensions: int) -> list[float]:
    known = [outcome.gradient for outcome in outcomes if outcome.gradient is not None]
    if not known:
        return [math.nan] * dimensions
    return [float(value) for value in np.mean(np.array(known), axis=0)]

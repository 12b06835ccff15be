"""Which searched keys mattered for a figure: PED-ANOVA over the runs of a hunt.

Of the runs in the best tenth, the density of each key is held against its density over all runs;
a key that the best runs choose differently was important. It says nothing on the direction, and
nothing on keys that act only together.

Source: Watanabe, Bansal & Hutter (2023), IJCAI, arXiv:2304.10255; its implementation in Optuna.
"""

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from engine.hunt.table import HuntTable, Metric

LEAST = 20
"""Fewest runs: of fewer, the best tenth is one run."""

ADVISED = 50
"""Runs from which the best tenth has the five runs that Optuna advises."""

MOST = 2000
"""Most runs that are weighed; of more, so many evenly spread ones."""


@dataclass(frozen=True)
class Importances:
    """What was found, or why nothing can be said.

    Attributes:
        runs: how many runs were weighed.
        shares: share of the importance by key, largest first; they add up to 1. Empty for none.
        words: what to make of it.
    """

    runs: int
    words: str
    shares: Mapping[str, float] = field(default_factory=dict)


def importances(table: HuntTable, metric: Metric) -> Importances:
    """The searched keys by their importance for one of `table.METRICS` that has a best."""
    places = table.scored
    places = places[np.isfinite(table[metric.key][places])]
    found = len(places)
    if len(table.dimensions) < 2:
        return Importances(found, "One key is searched: there is nothing to compare it with.")
    if found < LEAST:
        have = "1 run has" if found == 1 else f"{found} runs have"
        return Importances(found, f"{have} a figure, {LEAST} are needed.")
    if np.ptp(table[metric.key][places]) == 0:
        return Importances(found, f"All {found:,} runs have the same {metric.name}.")
    if found > MOST:
        places = places[np.linspace(0, found - 1, MOST).astype(int)]
    shares = _ped_anova(table, metric, places)
    if not shares:
        return Importances(found, "The best runs chose every key as all runs did: none stands out.")
    n = len(places)
    best = math.ceil(0.1 * n)
    words = f"The best tenth is {best:,} of {n:,} runs."
    if n < found:
        words = f"Of {found:,} runs {n:,} evenly spread ones are weighed. {words}"
    if n < ADVISED:
        words += f" That is few: from {ADVISED} runs on the order can be trusted more."
    return Importances(found, words, shares)


def _ped_anova(table: HuntTable, metric: Metric, places: np.ndarray) -> dict[str, float]:
    """Shares by key, largest first; empty where all are 0."""
    import optuna  # late: half a second
    from optuna.distributions import BaseDistribution, FloatDistribution

    columns = [table[d.key][places].tolist() for d in table.dimensions]
    distributions: dict[str, BaseDistribution] = {
        d.key: FloatDistribution(min(d.low, *column), max(d.high, *column), log=d.log)
        for d, column in zip(table.dimensions, columns, strict=True)
    }
    values = table[metric.key][places].tolist()
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            study = optuna.create_study(
                direction="minimize" if metric.smaller_is_better else "maximize"
            )
            study.add_trials(
                optuna.trial.create_trial(
                    params=dict(zip(distributions, point, strict=True)),
                    distributions=distributions,
                    value=value,
                )
                for *point, value in zip(*columns, values, strict=True)
            )
            found = optuna.importance.get_param_importances(
                study, evaluator=optuna.importance.PedAnovaImportanceEvaluator(), normalize=False
            )
    finally:
        optuna.logging.set_verbosity(level)
    total = sum(found.values())
    if not math.isfinite(total) or total <= 0:
        return {}
    return {key: value / total for key, value in found.items()}

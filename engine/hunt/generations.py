"""How a hunt gets on: best, median and spread of a figure in each generation."""

from dataclasses import dataclass

import numpy as np

from engine.hunt.table import HuntTable, Metric, Numbers


@dataclass(frozen=True, eq=False)
class Generations:
    """One entry a generation, oldest first; a failed run is counted and enters nothing else.

    Attributes:
        number: of the generation.
        best: the best value of its runs, NaN where none has one.
        median: of their values.
        low: their lower quartile.
        high: their upper quartile.
        best_so_far: the best value up to here.
        runs: how many runs it has.
        failed: how many of them failed.
        winner: the place in the table of its best run, −1 for none.
    """

    number: Numbers
    best: Numbers
    median: Numbers
    low: Numbers
    high: Numbers
    best_so_far: Numbers
    runs: Numbers
    failed: Numbers
    winner: Numbers

    def __len__(self) -> int:
        return len(self.number)


def by_generation(table: HuntTable, metric: Metric) -> Generations:
    """Best, quartiles and counts of each generation, by one of `table.METRICS` that has a best.

    Quartiles interpolate linearly between order statistics (Hyndman & Fan's type 7).
    """
    sign = -1.0 if metric.smaller_is_better else 1.0
    values = np.where(table.ok, table[metric.key], np.nan)
    columns = np.full((len(table.generations), 8), np.nan)
    for line, each in zip(columns, table.generations.values(), strict=True):
        valid = each[np.isfinite(values[each])]
        line[5:] = len(each), np.count_nonzero(~table.ok[each]), -1
        if len(valid):
            winner = valid[np.argmax(sign * values[valid])]
            line[:4] = values[winner], *np.quantile(values[valid], [0.5, 0.25, 0.75])
            line[7] = winner
    columns[:, 4] = sign * np.fmax.accumulate(sign * columns[:, 0])
    return Generations(np.array([*table.generations], float), *columns.T)

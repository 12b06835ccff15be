"""How two figures of many runs go together: Pearson's r with its interval, Spearman's ρ.

    artanh r is nearly normal with variance 1/(n − 3):  95 % interval tanh(artanh r ± 1.96/√(n − 3))

Source: Fisher (1921), Metron 1, 3; Spearman (1904), Am. J. Psychol. 15, 72; computed by SciPy.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from engine.audit.spectrum import Floats

LEAST = 4
"""Fewest runs for which Fisher's interval is defined."""


@dataclass(frozen=True)
class Association:
    """The correlation of the logarithms of two figures.

    Attributes:
        runs: how many have both.
        pearson: r of log₁₀ of both; None where fewer than 4 runs have both, or one is constant.
        low: lower end of its 95 % interval.
        high: upper end.
        spearman: ρ of their ranks.
    """

    runs: int
    pearson: float | None = None
    low: float | None = None
    high: float | None = None
    spearman: float | None = None


def associate(one: Floats, two: Floats) -> Association:
    """The association of two figures (n,), > 0; runs in which either is not are left out."""
    with np.errstate(invalid="ignore"):
        both = np.isfinite(one) & np.isfinite(two) & (one > 0) & (two > 0)
    x, y = np.log10(one[both]), np.log10(two[both])
    if len(x) < LEAST or np.ptp(x) < 1e-9 or np.ptp(y) < 1e-9:
        return Association(len(x))
    pearson = stats.pearsonr(x, y)
    interval = pearson.confidence_interval(0.95)
    ends = (float(interval.low), float(interval.high))
    rank = float(stats.spearmanr(x, y).statistic)
    return Association(len(x), float(pearson.statistic), *ends, rank)

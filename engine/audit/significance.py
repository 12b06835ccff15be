"""What many p-values say together: correction, combination, and what chance alone would do.

*Holm*: of m tests, the i-th smallest p is multiplied by m − i + 1, and none may fall below the one
before it; under that correction the chance of even one false claim is at most the level, however
the tests depend on one another. *Stouffer*: Z = Σ Φ⁻¹(1 − pᵢ) / √k of k independent tests. *Twice
the mean* is a p-value too, and asks for no independence.

Sources: Holm (1979), Scand. J. Statist. 6, 65; Stouffer et al., The American Soldier (1949), note
to chapter 4; Rüschendorf (1982), J. Appl. Prob. 19, 623; Meng (1994), Ann. Statist. 22, 1142.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri  # Φ and its inverse; scipy.stats would cost half a second

from engine.audit.spectrum import Floats

_HIGHEST_P = 1 - 1 / 400
"""A p of 1 counts as the middle of the last step of 199 draws: one run is no veto."""


def holm(p_values: Sequence[float]) -> Floats:
    """The p-values of m tests, corrected so that all may be looked at; in their own order.

    A run that has no score belongs among the tests, with p = 1: it was tried.
    """
    p = np.asarray(p_values, float)
    order = np.argsort(p, kind="stable")
    steps = p[order] * np.arange(p.size, 0, -1)
    corrected = np.empty(p.size)
    corrected[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if p.size else steps
    return corrected


def stouffer(p_values: Sequence[float]) -> float:
    """The p-value of k independent tests of one claim, with equal weights."""
    z = -ndtri(np.minimum(np.asarray(p_values, float), _HIGHEST_P))
    return float(ndtr(-z.sum() / np.sqrt(z.size)))


def twice_mean(p_values: Sequence[float]) -> float:
    """The p-value of tests of one claim that may depend on one another in any way."""
    return min(1.0, 2 * float(np.mean(np.asarray(p_values, float))))


def share_below(score: float, null: Mapping[str, Any]) -> float:
    """Which share of a null hypothesis' scores is at or below a given one.

    Args:
        score: any score.
        null: `NullTest.to_dict()`. Among its ten lowest scores the share is counted, above them
            it is read from the percentiles.
    """
    lowest, percentiles = _floats(null["lowest"]), _floats(null["percentiles"])
    if lowest.size and score < lowest[-1]:
        return float(np.searchsorted(lowest, score, side="right")) / int(null["draws"])
    reached = int(np.searchsorted(percentiles, score, side="right"))
    share = (reached - 1) / (percentiles.size - 1)
    return max(share, lowest.size / int(null["draws"]))


def _floats(scores: Sequence[float | None]) -> Floats:
    return np.array([np.inf if score is None else score for score in scores])

"""The stability–fidelity correlation: do the runs that score well also sit still?

Pearson's r of log₁₀ SSE with log₁₀ H-norm, over the runs of a hunt that have both. Small is good in
both, so r > 0 says that fidelity and stability come together. Its interval is Fisher's: artanh r is
nearly normal with variance 1/(n − 3). Spearman's ρ, of the ranks, asks for no straight line.

Source: Fisher (1921), Metron 1, 3; Spearman (1904), Am. J. Psychol. 15, 72.
"""

import math
from dataclasses import dataclass

import numpy as np

from engine.hunt.table import H_NORM, SSE, HuntTable, Numbers

REPORTED = 0.72
"""The correlation that was once reported."""

LEAST = 4
"""Fewest runs for which Fisher's interval is defined."""

FEW = 30
"""Below so many runs the words say that they are few."""

_NORMAL_95 = 1.959964


@dataclass(frozen=True)
class Correlation:
    """What was found, or why nothing can be said.

    Attributes:
        runs: how many runs have both figures.
        pearson: r, None where it is undefined.
        low: lower end of its 95 % interval.
        high: upper end.
        spearman: ρ.
        words: what it means.
    """

    runs: int
    pearson: float | None
    low: float | None
    high: float | None
    spearman: float | None
    words: str


def stability_fidelity(table: HuntTable) -> Correlation:
    """The correlation over a hunt's runs, each run once."""
    places = table.scored
    return correlate(table[SSE.key][places], table[H_NORM.key][places])


def correlate(sse: Numbers, h_norm: Numbers) -> Correlation:
    """The correlation of the logarithms of two figures.

    Args:
        sse: log_prime_sse, shape (n,); a run with NaN or 0 in either is left out.
        h_norm: sdg_h_norm_l2, shape (n,).
    """
    valid = np.isfinite(sse) & np.isfinite(h_norm) & (sse > 0) & (h_norm > 0)
    n = int(valid.sum())
    if n < LEAST:
        have = "1 run has" if n == 1 else f"{n} runs have"
        return _nothing(n, f"{have} both figures, {LEAST} are needed.")
    x, y = np.log10(sse[valid]), np.log10(h_norm[valid])
    for name, values in (("SSE", x), ("H-norm", y)):
        if np.ptp(values) < 1e-9:
            return _nothing(n, f"All {n} runs have the same {name}: nothing to correlate.")
    r = float(np.clip(np.corrcoef(x, y)[0, 1], -1.0, 1.0))
    rho = float(np.clip(np.corrcoef(_ranks(x), _ranks(y))[0, 1], -1.0, 1.0))
    if abs(r) > 1 - 1e-12:
        low = high = r
    else:
        reach = _NORMAL_95 / math.sqrt(n - 3)
        low, high = (math.tanh(math.atanh(r) + side * reach) for side in (-1, 1))
    return Correlation(n, r, low, high, rho, _in_words(n, r, low, high))


def _in_words(n: int, r: float, low: float, high: float) -> str:
    if low <= 0 <= high:
        said = "The interval holds 0: these runs show no correlation."
    elif r > 0:
        said = "Runs of better fidelity are the more stable ones."
    else:
        said = "Runs of better fidelity are the less stable ones."
    place = "inside" if low <= REPORTED <= high else "outside"
    few = f" Only {n} runs: a wide guess." if n < FEW else ""
    return (
        f"{said} The reported {signed(REPORTED)} lies {place} the interval.{few} The interval "
        "takes runs for independent, which those of a search are not: it is too narrow."
    )


def signed(value: float) -> str:
    """A correlation with its sign and two decimals: +0.72."""
    return f"{value:+.2f}".replace("-", "−")


def _nothing(n: int, words: str) -> Correlation:
    return Correlation(n, None, None, None, None, words)


def _ranks(values: Numbers) -> Numbers:
    """Ranks from 0; equal values share the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts + 1) / 2)[inverse]

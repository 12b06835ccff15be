"""What an audited run is worth to a hunt.

A run of status ok has a fitness for each objective, larger is better, and a cost for each, which
strategies for several objectives minimize. Any other run has none: a failure is no number.
"""

import math

from engine.settings import STATUS_OK
from engine.store.run_row import RunRow

NULL_WEIGHT = 0.1
_SMALLEST_SSE = 1e-12
_SMALLEST = 1e-300


def fitness(row: RunRow, objective: str) -> float | None:
    """One of `settings.OBJECTIVES`: `fidelity`, −log₁₀ H-norm, or −log₁₀ of the larger p."""
    if row.status != STATUS_OK:
        return None
    if objective == "fidelity":
        return fidelity(row)
    figure = row.sdg_h_norm_l2 if objective == "stability" else larger_p(row)
    return None if figure is None else -math.log10(max(figure, _SMALLEST))


def costs(row: RunRow, objectives: tuple[str, ...]) -> tuple[float, ...] | None:
    """What to minimize, one number an objective; None for a failed run.

    One objective: its negative fitness. Several: log_prime_sse for fidelity, sdg_h_norm_l2 for
    stability and log₁₀ of the larger p for evidence.
    """
    if row.status != STATUS_OK:
        return None
    if len(objectives) == 1:
        worth = fitness(row, objectives[0])
        return None if worth is None else (-worth,)
    found = [_cost(row, objective) for objective in objectives]
    known = tuple(cost for cost in found if cost is not None)
    return known if len(known) == len(found) else None


def fidelity(row: RunRow) -> float | None:
    """1/SSE + 0.1 Σ max(0, null − SSE) over the two nulls' medians; None for a failed run."""
    sse = row.log_prime_sse
    if row.status != STATUS_OK or sse is None:
        return None
    nulls = (row.sse_null_phase_scramble, row.sse_null_target_shuffle)
    margin = sum(max(0.0, null - sse) for null in nulls if null is not None)
    return 1 / max(sse, _SMALLEST_SSE) + NULL_WEIGHT * margin


def larger_p(row: RunRow) -> float | None:
    """The larger, hence weaker, of a run's two p-values; None where there are not both."""
    values = (row.p_phase_scramble, row.p_target_shuffle)
    return None if None in values else max(p for p in values if p is not None)


def _cost(row: RunRow, objective: str) -> float | None:
    if objective == "fidelity":
        return row.log_prime_sse
    if objective == "stability":
        return row.sdg_h_norm_l2
    p = larger_p(row)
    return None if p is None else math.log10(max(p, _SMALLEST))

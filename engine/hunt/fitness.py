"""The classical fitness of an audited run."""

from engine.settings import STATUS_OK
from engine.store.run_row import RunRow

NULL_WEIGHT = 0.1
_SMALLEST_SSE = 1e-12


def fidelity(row: RunRow) -> float | None:
    """1/SSE + 0.1 Σ max(0, null − SSE) over the two nulls' medians; None for a failed run."""
    sse = row.log_prime_sse
    if row.status != STATUS_OK or sse is None:
        return None
    nulls = (row.sse_null_phase_scramble, row.sse_null_target_shuffle)
    margin = sum(max(0.0, null - sse) for null in nulls if null is not None)
    return 1 / max(sse, _SMALLEST_SSE) + NULL_WEIGHT * margin

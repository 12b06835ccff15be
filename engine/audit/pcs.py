"""pcs_score: the Noetherian integrity check on Q_coherence = ∫ρ dA.

    dQ/dt = 2∫Re(ψ*·RHS) dA = gain − loss
    pcs_score = max(0, 1 − |ΔQ − ∫(gain − loss)dt| / max(∫(|gain| + |loss|)dt, 1e-2·Q))

ΔQ is the difference between the stored fields; gain and loss, the positive and the negative terms
of the equations, are integrated along the auditor's own evolution by its own quadrature.
"""

from typing import Any

from numpy.typing import NDArray

from engine.audit.evolution import LEAST_TURNOVER, Continuation, q_coherence
from engine.settings import RunConfig


def pcs_score(
    checkpoint_psi: NDArray[Any],
    final_psi: NDArray[Any],
    continuation: Continuation,
    config: RunConfig,
) -> float:
    """1 for honest evolution to four digits, less where Q appears from or goes nowhere.

    An empty field with nothing to gain or lose scores 1.
    """
    before, after = q_coherence(checkpoint_psi, config), q_coherence(final_psi, config)
    unexplained = abs(after - before - float(continuation.power.sum()))
    turnover = max(continuation.gross, LEAST_TURNOVER * after)
    if turnover == 0:
        return 1.0 if unexplained == 0 else 0.0
    return max(0.0, 1.0 - unexplained / turnover)

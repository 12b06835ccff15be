"""What the solver hands to the store: the arrays of one run."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, kw_only=True, eq=False)
class RunResult:
    """What one run leaves behind; arrays `(y, x)`, N × N, times in units of the model.

    Attributes:
        psi: ψ at `t_end`, complex.
        rho_s: ρ_s at `t_end`.
        final_rho: ρ = |ψ|² at `t_end`.
        final_g_tt: g_tt at `t_end`.
        checkpoint_psi: ψ at `checkpoint_t`, shortly before the end: the auditor starts there.
        checkpoint_rho_s: ρ_s at `checkpoint_t`.
        history_t: times of the F history frames.
        history_rho: ρ at those times, (F, N, N).
        history_g_tt: g_tt at those times, (F, N, N).
        diagnostics: series over time, all (M,), under "t" their times.
        diverged_step: the first step at which the solver found the run diverged; it took none
            from there on. None for a sound run.
        device_kind: what computed it: "cpu", "gpu" …
    """

    psi: np.ndarray
    rho_s: np.ndarray
    final_rho: np.ndarray
    final_g_tt: np.ndarray
    checkpoint_psi: np.ndarray
    checkpoint_rho_s: np.ndarray
    checkpoint_t: float
    t_end: float
    history_t: np.ndarray
    history_rho: np.ndarray
    history_g_tt: np.ndarray
    diagnostics: Mapping[str, np.ndarray] = field(default_factory=dict)
    diverged_step: int | None = None
    device_kind: str = "cpu"

"""What the auditor reads of an artifact, and the states in which it has no meaning."""

from dataclasses import dataclass

import numpy as np

from engine.audit.equations import Complexes
from engine.audit.spectrum import Floats
from engine.settings import MAX_RHO, RunConfig
from engine.stability import largest_stable_dt
from engine.store.artifact import Artifact


@dataclass(frozen=True)
class Fields:
    """The raw arrays of a run, in double precision whatever they were stored in.

    `diverged_step` and `first_max_rho` are the solver's word: no verdict rests on them.
    """

    config: RunConfig
    psi: Complexes
    rho_s: Floats
    rho: Floats
    g_tt: Floats
    checkpoint_psi: Complexes
    checkpoint_rho_s: Floats
    checkpoint_t: float
    t_end: float
    diverged_step: int | None = None
    first_max_rho: float | None = None

    @classmethod
    def read(cls, artifact: Artifact) -> "Fields":
        """Everything that the audit needs.

        Raises:
            ArtifactError: a dataset is missing or damaged.
        """
        return cls(
            config=artifact.config,
            psi=artifact.read("final_psi").astype(np.complex128),
            rho_s=artifact.read("final_rho_s").astype(np.float64),
            rho=artifact.read("final_rho").astype(np.float64),
            g_tt=artifact.read("final_g_tt").astype(np.float64),
            checkpoint_psi=artifact.read("checkpoint/psi").astype(np.complex128),
            checkpoint_rho_s=artifact.read("checkpoint/rho_s").astype(np.float64),
            checkpoint_t=artifact.checkpoint_t,
            t_end=artifact.t_end,
            diverged_step=artifact.diverged_step,
            first_max_rho=_first(artifact, "max_rho"),
        )


def divergence(fields: Fields) -> str | None:
    """Why the run counts as diverged, or None: by its arrays alone."""
    if reason := _out_of_bounds(fields):
        return f"{reason}; {_account(fields)}"
    return None


def _out_of_bounds(fields: Fields) -> str | None:
    for name, array in (("final_psi", fields.psi), ("final_rho_s", fields.rho_s)):
        if not np.isfinite(array).all():
            return f"{name}: got values that are not finite, expected numbers"
    highest = float(np.max(fields.psi.real**2 + fields.psi.imag**2))
    if highest > MAX_RHO:
        return f"final_psi: got |ψ|² up to {highest:.4g}, expected at most {MAX_RHO:g}"
    lowest = float(fields.rho_s.min())
    if lowest <= 0:
        return f"final_rho_s: got {lowest:.4g}, expected a value above 0"
    return None


def _account(fields: Fields) -> str:
    """When that was, as the solver says, and what to do."""
    config = fields.config
    # What the field would have settled at, or started from, had it not blown up.
    settled = max(config.epsilon, 0) / config.saturation if config.saturation else 0.0
    allowed = largest_stable_dt(config, max(settled, fields.first_max_rho or 0.0))
    step = fields.diverged_step
    when = "" if step is None else f" before step {step} (t = {step * config.dt:.4g})"
    if allowed < config.dt:
        advice = f"choose dt ≤ {allowed:.2g}, the most that a linear estimate allows"
    else:
        advice = f"choose other parameters, or dt below {config.dt:g}"
    return f"the run blew up{when}: {advice}."


def _first(artifact: Artifact, name: str) -> float | None:
    """The first value of a diagnostic, where there is a finite one."""
    if name not in artifact.diagnostics:
        return None
    values = artifact.read(f"diagnostics/{name}")
    return float(values[0]) if values.size and np.isfinite(values[0]) else None

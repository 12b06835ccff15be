"""What the auditor reads of an artifact, and the states in which it has no meaning."""

from dataclasses import dataclass

import numpy as np

from engine.audit.equations import Complexes
from engine.audit.spectrum import Floats
from engine.settings import RunConfig
from engine.store.artifact import Artifact

MAX_RHO = 1e4


@dataclass(frozen=True)
class Fields:
    """The raw arrays of a run, in double precision whatever they were stored in."""

    config: RunConfig
    psi: Complexes
    rho_s: Floats
    rho: Floats
    g_tt: Floats
    checkpoint_psi: Complexes
    checkpoint_rho_s: Floats
    checkpoint_t: float
    t_end: float

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
        )


def divergence(fields: Fields) -> str | None:
    """Why the run counts as diverged, or None."""
    advice = "the run blew up: choose a smaller dt or other parameters."
    for name, array in (("final_psi", fields.psi), ("final_rho_s", fields.rho_s)):
        if not np.isfinite(array).all():
            return f"{name}: got values that are not finite, expected numbers; {advice}"
    highest = float(np.max(fields.psi.real**2 + fields.psi.imag**2))
    if highest > MAX_RHO:
        return f"final_psi: got |ψ|² up to {highest:.4g}, expected at most {MAX_RHO:g}; {advice}"
    lowest = float(fields.rho_s.min())
    if lowest <= 0:
        return f"final_rho_s: got {lowest:.4g}, expected a value above 0; {advice}"
    return None

"""evolution_residual: does the checkpoint, evolved by someone else, end where the run says?

The auditor takes ψ and ρ_s from the checkpoint, follows the equations to the end in float64 with
its own right-hand side and scheme, and reports ‖ψ − ψ'‖/‖ψ‖, and the same of ρ_s.

How much an honest run may differ is known from what it was computed with:

    tolerance = min(5e-4, 5e-5 + ε_p·log₂(N²)·n + 0.1·dt⁴·Σ h‖φ₁·d⁴N/dt⁴‖/‖y‖)

The floor covers the auditor's own error (below 1e-6) and what a one-step scheme loses on smooth
fields where ρ_s answers faster than dt (1e-6 at τ = dt/50). ε_p·log₂(N²) bounds the rounding that a
transform in the run's precision brings into each of its n steps (float32, N = 64, n = 20: 3e-5;
found: 5e-7 to 1e-6). The last term is the truncation of a scheme of fourth order at the run's dt,
from derivatives of the auditor's own solution; ETDRK4 was found between 1e-4 and 0.5 of it, from
the first noise to defect turbulence. The cap keeps a change of one part in a thousand visible in
every run: one whose dt is so coarse that it solves the equations no better than that (rough fields
with τ ≤ dt/2: 7e-4) has no score to defend.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.audit.collocation import System, integrate
from engine.audit.equations import Complexes, Equations
from engine.audit.geometry import emergent_g_tt
from engine.audit.spectrum import Floats
from engine.settings import RunConfig

LEAST_TURNOVER = 1e-2
"""Fraction of Q below which what it gains and loses over the interval needs no precision."""

FLOOR = 5e-5
CAP = 5e-4
_TRUNCATION = 0.1


@dataclass(frozen=True)
class Continuation:
    """Where the checkpoint leads, by the auditor's reckoning.

    Attributes:
        psi: ψ' at the end, (N, N).
        rho_s: ρ_s' at the end, (N, N).
        power: ∫ of each of `equations.POWER_TERMS` over the interval.
        gross: ∫(|gain| + |loss|) over the interval.
        roughness: `collocation.Solution.roughness`.
    """

    psi: Complexes
    rho_s: Floats
    power: Floats
    gross: float
    roughness: float


def follow(
    psi: NDArray[Any], rho_s: NDArray[Any], config: RunConfig, duration: float
) -> Continuation:
    """Evolve fields (N, N) over `duration`.

    Raises:
        IntegrationError: the fields leave the domain of the equations (ρ_s ≤ 0, overflow), or are
            too stiff to follow within the allowed work.
    """
    # Any m will do for the split into L and N; a wild checkpoint must not make it useless.
    typical = np.clip(np.median(rho_s), 1e-3 * config.sdg_rho_vac, 1e3 * config.sdg_rho_vac)
    with np.errstate(over="ignore", under="ignore", divide="ignore"):
        inverse_metric = -1 / emergent_g_tt(typical, config)
    equations = Equations(config, float(np.clip(inverse_metric, 1e-12, 1e12)))
    split = equations.split

    def norm(states: Complexes) -> Floats:
        parts = (states[..., :split], states[..., split:])
        return np.stack([np.linalg.norm(part, axis=-1) for part in parts], axis=-1)

    least_power = LEAST_TURNOVER * q_coherence(psi, config) / duration
    system = System(equations.rates, equations.linear, equations.which, norm, least_power)
    solution = integrate(system, equations.state(psi, rho_s), duration)
    end_psi, end_rho_s = equations.fields(solution.state)
    return Continuation(end_psi, end_rho_s, solution.power, solution.gross, solution.roughness)


def q_coherence(psi: NDArray[Any], config: RunConfig) -> float:
    """Q = ∫|ψ|² dA."""
    cell = (config.domain_length / config.N_grid) ** 2
    return float(np.sum(np.abs(psi.astype(np.complex128)) ** 2)) * cell


def residual(stored: NDArray[Any], recomputed: NDArray[Any]) -> float:
    """‖stored − recomputed‖ / ‖stored‖; 0 where both vanish."""
    difference = float(np.linalg.norm(stored - recomputed))
    size = float(np.linalg.norm(stored))
    return difference / size if size else (0.0 if difference == 0 else float("inf"))


def tolerance(config: RunConfig, steps: int, roughness: float) -> float:
    """The largest residual of an honest run over its last `steps` steps."""
    rounding = float(np.finfo(config.precision).eps) * np.log2(config.N_grid**2) * steps
    truncation = _TRUNCATION * roughness * config.dt**4
    return float(min(CAP, FLOOR + rounding + truncation))

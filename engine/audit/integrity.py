"""Checks that the arrays of an artifact belong to one another and to their config.

A run that fails one has no score. Limits come from the precision `ε_p` of the run (float32: 1.2e-7,
float64: 2.2e-16): two evaluations of |ψ|² differ by a few ε_p, and g_tt = −exp(lnΩ²) by a few
ε_p·(1 + |lnΩ²|). Tampering by one part in 1e4 exceeds them twentyfold.
"""

import math
from dataclasses import dataclass

import numpy as np

from engine.audit.collocation import IntegrationError
from engine.audit.evolution import Continuation, follow, residual, tolerance
from engine.audit.fields import Fields
from engine.audit.geometry import emergent_g_tt

MIN_STEPS, MAX_STEPS = 5, 100
"""Fewest and most steps from checkpoint to end: fewer show too little, more cost too much."""

_RHO_ROUNDINGS = 32
_METRIC_ROUNDINGS = 64
_STEP_SLACK = 0.25
_NOISE = 1e-4
_CONTRAST = 100


@dataclass(frozen=True)
class Check:
    """One figure against its limit; a figure that is not finite fails.

    Attributes:
        name: key of the figure in `integrity`.
        figure: what was found.
        limit: the largest that passes.
        meaning: what a larger one means, and what to do.
    """

    name: str
    figure: float
    limit: float
    meaning: str

    @property
    def passed(self) -> bool:
        """Whether the figure lies within its limit."""
        return self.figure <= self.limit

    def __str__(self) -> str:
        got = f"{self.figure:.3g}" if math.isfinite(self.figure) else "no finite number"
        return f"{self.name}: got {got}, expected at most {self.limit:.3g}; {self.meaning}"


def rho_consistency(fields: Fields) -> Check:
    """max|final_rho − |final_psi|²| over max ρ."""
    rho = fields.psi.real**2 + fields.psi.imag**2
    return Check(
        "rho_consistency",
        _relative(float(np.max(np.abs(fields.rho - rho))), float(rho.max())),
        _RHO_ROUNDINGS * _epsilon(fields),
        "final_rho is not |final_psi|²: re-create the artifact with `irer run`.",
    )


def g_tt_consistency(fields: Fields) -> Check:
    """Largest relative difference of final_g_tt from −Ω² of final_rho_s."""
    config = fields.config
    with np.errstate(all="ignore"):
        expected = emergent_g_tt(fields.rho_s, config)
        figure = float(np.max(np.abs(fields.g_tt / expected - 1)))
    tiny = np.finfo(np.float64).tiny
    steepness = float(np.max(np.abs(np.log(np.maximum(-expected, tiny)))))
    return Check(
        "g_tt_consistency",
        figure,
        _METRIC_ROUNDINGS * (1 + steepness) * _epsilon(fields),
        "final_g_tt is not the metric of final_rho_s under this config: re-create the artifact "
        "with `irer run`.",
    )


def interval_steps(fields: Fields) -> tuple[int, str | None]:
    """Whole steps from checkpoint to end, and what is wrong with them, if anything."""
    config = fields.config
    planned = config.T_steps * config.dt
    if abs(fields.t_end - planned) > _STEP_SLACK * config.dt:
        return 0, (
            f"t_end: got {fields.t_end:.6g}, expected {planned:.6g} (T_steps × dt); re-create the "
            "artifact with `irer run`."
        )
    exact = (planned - fields.checkpoint_t) / config.dt
    fewest, most = min(MIN_STEPS, config.T_steps), min(MAX_STEPS, config.T_steps)
    near = fewest - _STEP_SLACK <= exact <= most + _STEP_SLACK  # what is not may be infinite
    if not near or abs(exact - round(exact)) > _STEP_SLACK:
        return 0, (
            f"checkpoint: got {exact:.4g} steps before the end, expected {fewest} to {most} whole "
            "ones; re-create the artifact with `irer run`."
        )
    return round(exact), None


def evolve_checkpoint(fields: Fields, steps: int) -> tuple[Continuation | None, str | None]:
    """The auditor's evolution of the checkpoint, or why there is none."""
    for name, array in (("psi", fields.checkpoint_psi), ("rho_s", fields.checkpoint_rho_s)):
        if not np.isfinite(array).all():
            return None, (
                f"checkpoint/{name}: got values that are not finite, expected numbers; re-create "
                "the artifact with `irer run`."
            )
    duration = steps * fields.config.dt
    try:
        found = follow(fields.checkpoint_psi, fields.checkpoint_rho_s, fields.config, duration)
    except IntegrationError as error:
        return None, (
            f"evolution: {error}, expected to reach the end; the checkpoint is no state of this "
            "run, or its dt is too coarse: re-create the artifact with `irer run`."
        )
    return found, None


def evolution_checks(fields: Fields, continuation: Continuation, steps: int) -> tuple[Check, Check]:
    """The residuals of ψ and of ρ_s against what an honest run may show."""
    limit = tolerance(fields.config, steps, continuation.roughness)
    meaning = (
        "the checkpoint does not lead to the final fields under this config: they were altered, "
        "or dt is too coarse."
    )
    return (
        Check("evolution_residual", residual(fields.psi, continuation.psi), limit, meaning),
        Check(
            "evolution_residual_rho_s",
            residual(fields.rho_s, continuation.rho_s),
            limit,
            meaning,
        ),
    )


def warnings(fields: Fields) -> list[str]:
    """What a reader of the figures should know, though it fails nothing."""
    config, found = fields.config, []
    lowest = 2 * np.pi / config.domain_length
    highest = np.pi * config.N_grid / config.domain_length
    if config.param_kappa and not lowest < config.param_sigma_k < highest:
        found.append(
            f"param_sigma_k: got {config.param_sigma_k:g}, expected between 2π/L = {lowest:.4g} "
            f"and k_max = {highest:.4g}; outside, the kernel means nothing on this grid."
        )
    size = config.N_grid
    for prime in (2, 3, 5, 7):
        while size % prime == 0:
            size //= prime
    if size > 1:
        found.append(
            f"N_grid: got {config.N_grid}, expected a product of 2, 3, 5 and 7, for which Fourier "
            "transforms are several times faster."
        )
    if config.param_alpha:
        # g_tt is rounded with a standard deviation of 0.15 ε_p; recovering ρ_s multiplies that
        # by 1/α, and the Laplacian of white noise has 0.8 of its largest factor.
        stiffness = 1 + (config.sdg_length * highest) ** 2
        noise = 0.15 * _epsilon(fields) / config.param_alpha * stiffness
        if noise > _NOISE:
            found.append(
                f"param_alpha: got {config.param_alpha:g}, so small that rounding of g_tt alone "
                f"brings sdg_h_norm_l2 to about {noise:.1g}; choose precision float64."
            )
    return found


def featureless(fields: Fields) -> str | None:
    """Why there is nothing in ρ to score, where its relief is no more than rounding."""
    contrast = _relative(float(np.std(fields.rho)), float(np.mean(fields.rho)))
    if contrast >= _CONTRAST * _epsilon(fields):
        return None
    return (
        f"final_rho: got a relative contrast of {contrast:.1g}, expected more than the rounding of "
        f"{fields.config.precision}; the field is uniform, its spectrum noise."
    )


def _epsilon(fields: Fields) -> float:
    return float(np.finfo(fields.config.precision).eps)


def _relative(difference: float, size: float) -> float:
    return difference / size if size else (0.0 if difference == 0 else math.inf)

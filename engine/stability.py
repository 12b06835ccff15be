"""How large a time step may be, by a linear estimate: what to advise when a run has diverged."""

import cmath
import math
from collections.abc import Iterator

from engine.settings import RunConfig

_CONTOUR = [cmath.exp(2j * math.pi * (j + 0.5) / 32) for j in range(32)]
_WAVENUMBERS = 24
_SLACK = 1e-3


def largest_stable_dt(config: RunConfig, rho: float) -> float:
    """The largest step, at most `config.dt`, at which no small ripple grows that should not.

    Around a field of density ρ, a ripple of wavenumber k obeys u' = Lu + λu, where

        L = ε − (D + ic₁)k²                    is what ETDRK4 treats exactly, and
        λ = −(D + ic₁)(Ω⁻² − 1)k² − (3(b + ic₃) + κ)ρ    is left to its explicit stages.

    Ω⁻² is that of ρ_s = ρ_vac + χρ, the density at rest. One step multiplies u by R(Lh, λh); it is
    stable where |R| ≤ max(1, |e^{(L + λ)h}|). For diffusion and h → ∞, R → r²(2r² − 1) with
    r = Ω⁻² − 1: up to Ω⁻² = 2 no step is too large, and beyond it k²h must stay bounded. The kept k
    are sampled, and h halved, then bisected. It knows nothing of gradients of ρ_s or of how ψ and
    ρ_s answer each other: an estimate for advice, not a bound.

    Args:
        config: the run.
        rho: a density |ψ|² that the field has, or would settle at.

    Returns:
        `config.dt` where that is stable already.

    Source: Cox & Matthews (2002), sec. 3, for the kind of analysis.
    """
    modes = list(_linear_parts(config, rho))
    low, high = config.dt, config.dt
    while low > 1e-9 * config.dt and not _is_stable(modes, low):
        low, high = low / 2, low
    for _ in range(8 if high > low else 0):
        middle = (low + high) / 2
        low, high = (middle, high) if _is_stable(modes, middle) else (low, middle)
    return low


def _linear_parts(config: RunConfig, rho: float) -> Iterator[tuple[complex, complex]]:
    """(L, λ) of the wavenumbers from 0 to the corner of the kept modes."""
    excess = config.sdg_coupling * rho / config.sdg_rho_vac
    steepness = excess if config.metric_ansatz == "exponential" else math.log1p(excess)
    curved = math.expm1(min(config.param_alpha * steepness, 700))
    spread = complex(config.diffusion, config.dispersion)
    reaction = 3 * complex(config.saturation, config.nonlinear_dispersion) + config.param_kappa
    highest = math.sqrt(2) * 2 * math.pi / config.domain_length * ((config.N_grid - 1) // 3)
    for i in range(_WAVENUMBERS + 1):
        k2 = (highest * i / _WAVENUMBERS) ** 2
        yield config.epsilon - spread * k2, -spread * curved * k2 - reaction * rho


def _is_stable(modes: list[tuple[complex, complex]], dt: float) -> bool:
    for linear, explicit in modes:
        growth = math.exp(min(max(0.0, (linear + explicit).real * dt), 700))
        try:
            if not abs(_amplification(linear * dt, explicit * dt)) <= growth * (1 + _SLACK):
                return False
        except OverflowError:
            return False
    return True


def _amplification(z: complex, w: complex) -> complex:
    """R(z, w): what one ETDRK4 step of u' = (z + w)u with h = 1 multiplies u by."""
    e, half = cmath.exp(z), cmath.exp(z / 2)
    points = [z] if abs(z) >= 1 else [z + 2 * p for p in _CONTOUR]
    q = f1 = f2 = f3 = 0j
    for p in points:
        e_p = cmath.exp(p)
        q += (cmath.exp(p / 2) - 1) / p / len(points)
        f1 += (-4 - p + e_p * (4 - 3 * p + p * p)) / p**3 / len(points)
        f2 += (2 + p + e_p * (p - 2)) / p**3 / len(points)
        f3 += (-4 - 3 * p - p * p + e_p * (4 - p)) / p**3 / len(points)
    a = half + q * w
    b = half + q * w * a
    c = half * a + q * w * (2 * b - 1)
    return e + w * (f1 + 2 * f2 * (a + b) + f3 * c)

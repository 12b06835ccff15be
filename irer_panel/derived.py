"""Fields that a run's arrays imply: phase, constraint residual, curvature, difference of two runs.

    arg ψ ∈ (−π, π]
    residual  = ρ_s − ρ_vac − ℓ²∇²ρ_s − χT₀₀,     ρ_s recovered from g_tt, T₀₀ = |ψ|² + η|∇ψ|²
    R⁽³⁾      = −Ω⁻²(4∇²lnΩ + 2|∇lnΩ|²),          Ω² = −g_tt

Arrays are (y, x), N × N, on the periodic square of side L; derivatives are spectral, in float64.
The residual is the auditor's own, so that its RMS over ρ_vac is the run's `sdg_h_norm_l2`.
"""

from typing import Any

import numpy as np
import scipy.fft

from engine.audit.geometry import constraint, energy_density, rho_s_from_metric, wavenumbers
from engine.errors import EngineError
from engine.settings import RunConfig
from irer_panel.viewport import Array


class FieldError(EngineError, ValueError):
    """A field that cannot be made of what there is."""


def phase(psi: Array) -> Array:
    """Phase arg ψ in (−π, π], in the precision of ψ; 0 where ψ is."""
    angle: Array = np.angle(psi)
    angle[angle <= -np.pi] = np.pi  # of −1 − 0i
    return angle


def residual(config: RunConfig, g_tt: Array, rho_s: Array, rho: Array, psi: Array) -> Array:
    """How far ρ_s is from rest under its source, in units of ρ_s; zero where it is.

    Args:
        config: of the run.
        g_tt: tells ρ_s, as for the H-norm.
        rho_s: the stored one, for a flat run, whose metric tells nothing.
        rho: |ψ|².
        psi: for |∇ψ|².

    Raises:
        FieldError: g_tt or ψ has cells of which a spectrum cannot be taken.
    """
    _check("final_g_tt", g_tt, np.isfinite(g_tt) & (g_tt < 0), "finite values below 0")
    _check("final_psi", psi, np.isfinite(psi), "finite values")
    g_tt, rho_s, rho = (each.astype(np.float64) for each in (g_tt, rho_s, rho))
    source = energy_density(rho, psi, config)
    return constraint(rho_s_from_metric(g_tt, rho_s, config), source, config)


def curvature(config: RunConfig, g_tt: Array) -> Array:
    """R⁽³⁾ of γ_ij = Ω²δ_ij, in 1/x²; zero where space is flat.

    Raises:
        FieldError: g_tt has cells that are not finite, or not below 0.
    """
    _check("final_g_tt", g_tt, np.isfinite(g_tt) & (g_tt < 0), "finite values below 0")
    squared = -g_tt.astype(np.float64)
    ky, kx = wavenumbers(config)
    spectrum = scipy.fft.fft2(np.log(squared) / 2)
    spectra = np.stack([-(kx**2 + ky**2) * spectrum, 1j * kx * spectrum, 1j * ky * spectrum])
    laplacian, along_x, along_y = scipy.fft.ifft2(spectra, overwrite_x=True).real
    return -(4 * laplacian + 2 * (along_x**2 + along_y**2)) / squared


def difference(one: Array, two: Array, *, cyclic: bool = False) -> Array:
    """`one` − `two`; of angles the shorter way round, in (−π, π]."""
    found: Array = np.subtract(one, two)
    if cyclic:
        found = np.asarray(np.pi - np.mod(np.pi - found, 2 * np.pi))
    return found


def incomparable(one: RunConfig, two: RunConfig) -> str:
    """Why two runs have no difference, in words; empty where they have one."""
    for name, symbol in (("N_grid", "cells a side"), ("domain_length", "as its side")):
        got, expected = getattr(two, name), getattr(one, name)
        if got != expected:
            return (
                f"{name}: got {got:g} {symbol}, expected {expected:g}, as the selected run has; "
                "choose a run of the same grid and length."
            )
    return ""


def _check(name: str, array: Array, good: np.ndarray[Any, np.dtype[np.bool_]], want: str) -> None:
    bad = int(good.size - np.count_nonzero(good))
    if bad:
        raise FieldError(
            f"{name}: got {bad:,} of {array.size:,} cells otherwise, expected {want}; look at ρ or "
            "g_tt, which need no spectrum."
        )

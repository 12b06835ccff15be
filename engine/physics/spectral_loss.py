"""A smooth stand-in for log_prime_sse: the same score, with each of its decisions softened.

    yⱼ = ln(Pⱼ/ΣP)                             the radial spectrum's contrast on ring j
    wⱼ = Π s((yⱼ − y)/ϑ)                       is it a peak?  y = yⱼ₋₁, yⱼ₊₁ and ln 1e-9
    κⱼ = j + ½(yⱼ₊₁ − yⱼ₋₁)/(2yⱼ − yⱼ₋₁ − yⱼ₊₁)         the vertex of its parabola
    rⱼ = Σ_{i<j} wᵢ                            how many peaks lie below it?
    aⱼₚ = wⱼ [s(rⱼ − p + 1) − s(rⱼ − p)]       is it peak number p = 0 … 7?
    ℓ = Σ aⱼₚ (Sκⱼ − tₚ)² + (3 − Σ aⱼₚ)₊³/C    with S = Σ aκt / Σ aκ², tₚ = ln 2, ln 3 … ln 19

where s(x) = 6x⁵ − 15x⁴ + 10x³ rises from 0 at x ≤ 0 to 1 at x ≥ 1 with two continuous derivatives.

Where every local maximum of ln P stands ϑ above its neighbours, ℓ is log_prime_sse itself: low for
the comb c·ln p of every c, and for nothing that the score does not reward. Between such spectra,
where a peak appears, vanishes or merges and the score jumps, ℓ passes smoothly. Below three peaks,
where the score is undefined, the last term leads back: C, the mean of 2Pⱼ/(Pⱼ₋₁ + Pⱼ₊₁), is a slope
to follow even where there is no peak yet. ρ enters through ratios of P alone: ℓ(aρ + b) = ℓ(ρ).

It is a direction to search in and never a score: what a field is worth, the auditor says.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from engine.physics.sncgl import Physics

SOFTNESS = 0.1
"""ϑ, in ln P: how far a local maximum stands above its neighbours to count as a whole peak."""

_FLOOR = 1e-9
_EMPTY = 1e-30
_LOG_PRIMES = np.log([2.0, 3.0, 5.0, 7.0, 11.0, 13.0, 17.0, 19.0])
_FEWEST = 3


def spectral_loss(
    psi: Complex[Array, "n n"], rho_s: Float[Array, "n n"], physics: Physics
) -> Float[Array, ""]:
    """`comb_loss` of the radial spectrum of ρ = |ψ|²."""
    return comb_loss(radial_spectrum(psi.real**2 + psi.imag**2))


def radial_spectrum(rho: Float[Array, "n n"]) -> Float[Array, " rings"]:
    """P_j = mean of |FFT(ρ − ⟨ρ⟩)|² over the ring |k| in ((j−½), (j+½)]·2π/L, j = 1 … N/2.

    In double precision, whatever ρ has.
    """
    n = rho.shape[0]
    amplitude = jnp.fft.rfft2(rho.astype(jnp.float64) - rho.mean())
    power = amplitude.real**2 + amplitude.imag**2
    mx, my = jnp.arange(n // 2 + 1.0)[None, :], jnp.fft.fftfreq(n, 1 / n)[:, None]
    # On a ring's edge m² + ¼ = (j + ½)², whose root is exact: no rounding moves a mode.
    ring = jnp.ceil(jnp.sqrt(mx**2 + my**2 + 0.25) - 0.5).astype(jnp.int32)
    # A column stands for its mirror image too, except the two that are their own.
    modes = jnp.where((mx == 0) | (mx == n // 2), 1.0, 2.0) * jnp.ones_like(power)
    sums = jnp.zeros((2, n)).at[:, ring].add(jnp.stack([modes * power, modes]), mode="drop")
    return sums[0, 1 : n // 2 + 1] / sums[1, 1 : n // 2 + 1]


def comb_loss(power: Float[Array, " rings"]) -> Float[Array, ""]:
    """ℓ of a radial spectrum P_j, j = 1, 2, …, in any unit; equations above."""
    total = power.sum()
    share = power / jnp.where(total > 0, total, 1)
    y = jnp.log(share + _EMPTY)
    left, middle, right = y[:-2], y[1:-1], y[2:]
    neighbours = _rise((middle - left) / SOFTNESS) * _rise((middle - right) / SOFTNESS)
    peak = neighbours * _rise((middle - np.log(_FLOOR)) / SOFTNESS)
    # Where there is no peak there may be no parabola, and a NaN would reach the gradient.
    bend = jnp.where(peak > 0, 2 * middle - left - right, 1)
    vertex = (jnp.arange(2, power.size) + (right - left) / (2 * bend))[:, None]
    rank = (jnp.cumsum(peak) - peak)[:, None] - jnp.arange(_LOG_PRIMES.size)
    # Rows: rings. Columns: the numbers that a peak can have.
    assigned = peak[:, None] * (_rise(rank + 1) - _rise(rank))
    norm = (assigned * vertex**2).sum()
    scale = (assigned * vertex * _LOG_PRIMES).sum() / jnp.where(norm > 0, norm, 1)
    misfit = (assigned * (scale * vertex - _LOG_PRIMES) ** 2).sum()
    audible = share + _FLOOR
    contrast = (2 * audible[1:-1] / (audible[:-2] + audible[2:])).mean()
    return misfit + jnp.maximum(_FEWEST - assigned.sum(), 0) ** 3 / contrast


def _rise(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """s(x), from 0 to 1 with two continuous derivatives."""
    x = jnp.clip(x, 0, 1)
    return x**3 * (10 - 15 * x + 6 * x**2)

"""Spacetime-density gravity: the emergent metric, its connection, and the density's own equation.

    g_μν = Ω² diag(−1, 1, 1, 1)      coordinates (t, x, y, z), fields without z
    Ω² = (ρ_vac/ρ_s)^α  "power"      Ω² = exp(−α(ρ_s/ρ_vac − 1))  "exponential"
    τ ∂_t ρ_s = ℓ²∇²ρ_s − (ρ_s − ρ_vac) + χ T₀₀          T₀₀ = |ψ|² + η|∇ψ|²

The solver carries s = ρ_s − ρ_vac, which is zero in the vacuum. For τ = 0 there is nothing to
carry: ρ_s answers ψ at once.
"""

from collections.abc import Callable, Sequence
from typing import Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from engine.physics.grid import Grid, from_modes_real

Metric = Callable[[Float[Array, ""]], Float[Array, "4 4"]]

Ansatz = Literal["power", "exponential"]
"""Which Ω²(ρ_s) a run has, `metric_ansatz`; static in every compiled function."""


def conformal_metric(ansatz: Ansatz, rho_vac: Float[Array, ""], alpha: Float[Array, ""]) -> Metric:
    """g(ρ_s) = Ω² diag(−1, 1, 1, 1), pointwise."""

    def metric(rho_s: Float[Array, ""]) -> Float[Array, "4 4"]:
        if ansatz == "power":
            scale = (rho_vac / rho_s) ** alpha
        else:
            scale = jnp.exp(-alpha * (rho_s / rho_vac - 1))
        return scale * jnp.diag(jnp.array([-1.0, 1.0, 1.0, 1.0]))

    return metric


def christoffel(
    metric: Metric, rho_s: Float[Array, ""], gradient: Float[Array, "4"]
) -> Float[Array, "4 4 4"]:
    """Γ^λ_{μν} = ½ g^{λσ}(∂_μ g_σν + ∂_ν g_σμ − ∂_σ g_μν) at one point, index order [λ, μ, ν].

    ∂_λ g_μν = (dg_μν/dρ_s) ∂_λ ρ_s with dg/dρ_s by forward differentiation, so any pointwise
    metric will do.

    Args:
        metric: g(ρ_s).
        rho_s: spacetime density at the point.
        gradient: ∂_λ ρ_s in the order (t, x, y, z).
    """
    inverse = jnp.linalg.inv(metric(rho_s))
    d_metric = jax.jacfwd(metric)(rho_s)[None, :, :] * gradient[:, None, None]
    lowered = (jnp.einsum("msn->smn", d_metric) + jnp.einsum("nsm->smn", d_metric) - d_metric) / 2
    return jnp.einsum("ls,smn->lmn", inverse, lowered)


def laplace_beltrami(
    metric: Metric,
    rho_s: Float[Array, ""],
    gradient: Float[Array, "4"],
    d_psi: Complex[Array, "4"],
    d2_psi: Complex[Array, "4 4"],
) -> Complex[Array, ""]:
    """Spatial part of □_g ψ = g^{μν}(∂_μ∂_ν ψ − Γ^λ_{μν} ∂_λ ψ) at one point, any metric.

    The time derivatives of ψ and ρ_s are left out: pass zeros in their places.
    """
    gamma = christoffel(metric, rho_s, gradient)
    covariant = d2_psi - jnp.einsum("lmn,l->mn", gamma, d_psi)
    return jnp.einsum("mn,mn->", jnp.linalg.inv(metric(rho_s)), covariant)


def log_omega_squared(
    s: Float[Array, "n n"], ansatz: Ansatz, rho_vac: Float[Array, ""], alpha: Float[Array, ""]
) -> tuple[Float[Array, "n n"], Float[Array, "..."]]:
    """lnΩ² and dlnΩ²/dρ_s; both exactly 0 for α = 0. "power" has NaN where ρ_s < 0."""
    if ansatz == "power":
        return -alpha * jnp.log1p(s / rho_vac), -alpha / (rho_vac + s)
    return -alpha * s / rho_vac, -alpha / rho_vac


def conformal_laplacian(
    laplacian: Complex[Array, "n n"],
    d_psi: Sequence[Complex[Array, "n n"]],
    s: Float[Array, "n n"],
    d_s: Sequence[Float[Array, "n n"]],
    ansatz: Ansatz,
    rho_vac: Float[Array, ""],
    alpha: Float[Array, ""],
) -> Complex[Array, "n n"]:
    """Δ_g ψ = Ω⁻²(∇²ψ + 2 ∇lnΩ·∇ψ): `laplace_beltrami` in closed form.

    The 2 is D − 2 for D = 4 spacetime dimensions; 2 ∇lnΩ = (dlnΩ²/dρ_s) ∇ρ_s.
    """
    log_scale, slope = log_omega_squared(s, ansatz, rho_vac, alpha)
    coupling = slope * (d_s[0] * d_psi[0] + d_s[1] * d_psi[1])
    return jnp.exp(-log_scale) * (laplacian + coupling)


def energy_density(
    rho: Float[Array, "n n"],
    d_psi: Sequence[Complex[Array, "n n"]],
    gradient_weight: Float[Array, ""],
) -> Float[Array, "n n"]:
    """T₀₀ = |ψ|² + η|∇ψ|²."""
    return rho + gradient_weight * (_abs2(d_psi[0]) + _abs2(d_psi[1]))


def slaved(
    t00_hat: Complex[Array, "half m"],
    grid: Grid,
    length: Float[Array, ""],
    coupling: Float[Array, ""],
) -> Complex[Array, "half m"]:
    """ŝ = χT̂₀₀/(1 + ℓ²k²): the density at rest under its source, τ = 0."""
    return coupling * t00_hat / (1 + length**2 * grid.k_squared_half)


def constraint(
    s_hat: Complex[Array, "half m"],
    t00: Float[Array, "n n"],
    grid: Grid,
    length: Float[Array, ""],
    coupling: Float[Array, ""],
) -> Float[Array, "n n"]:
    """Residual ρ_s − ρ_vac − ℓ²∇²ρ_s − χT₀₀ of the static equation, in real space."""
    return from_modes_real((1 + length**2 * grid.k_squared_half) * s_hat, grid) - coupling * t00


def _abs2(z: Complex[Array, "..."]) -> Float[Array, "..."]:
    return z.real**2 + z.imag**2

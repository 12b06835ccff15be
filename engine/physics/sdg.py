"""Spacetime-density gravity: the emergent metric, its connection, and the density's own equation.

    g_μν = Ω² diag(−1, 1, 1, 1)    Ω² = (ρ_vac/ρ_s)^α    coordinates (t, x, y, z), fields without z
    τ ∂_t ρ_s = ℓ²∇²ρ_s − (ρ_s − ρ_vac) + χ T₀₀          T₀₀ = |ψ|² + η|∇ψ|²

The solver carries s = ρ_s − ρ_vac, which is zero in the vacuum.
"""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from engine.physics.grid import Grid

Metric = Callable[[Float[Array, ""]], Float[Array, "4 4"]]


def power_metric(rho_vac: Float[Array, ""], alpha: Float[Array, ""]) -> Metric:
    """g(ρ_s) = (ρ_vac/ρ_s)^α diag(−1, 1, 1, 1), pointwise."""

    def metric(rho_s: Float[Array, ""]) -> Float[Array, "4 4"]:
        return (rho_vac / rho_s) ** alpha * jnp.diag(jnp.array([-1.0, 1.0, 1.0, 1.0]))

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


def omega_squared(
    s: Float[Array, "n n"], rho_vac: Float[Array, ""], alpha: Float[Array, ""]
) -> Float[Array, "n n"]:
    """Ω² = (1 + s/ρ_vac)^−α; exactly 1 for α = 0; NaN where ρ_s < 0."""
    return jnp.exp(-alpha * jnp.log1p(s / rho_vac))


def conformal_laplacian(
    laplacian: Complex[Array, "n n"],
    d_psi: Sequence[Complex[Array, "n n"]],
    s: Float[Array, "n n"],
    d_s: Sequence[Float[Array, "n n"]],
    rho_vac: Float[Array, ""],
    alpha: Float[Array, ""],
) -> Complex[Array, "n n"]:
    """Δ_g ψ = Ω⁻²(∇²ψ + 2 ∇lnΩ·∇ψ) with ∇lnΩ = −α ∇s / 2ρ_s: `laplace_beltrami` in closed form.

    The 2 is D − 2 for D = 4 spacetime dimensions.
    """
    coupling = -alpha / (rho_vac + s) * (d_s[0] * d_psi[0] + d_s[1] * d_psi[1])
    return (laplacian + coupling) / omega_squared(s, rho_vac, alpha)


def energy_density(
    rho: Float[Array, "n n"],
    d_psi: Sequence[Complex[Array, "n n"]],
    gradient_weight: Float[Array, ""],
) -> Float[Array, "n n"]:
    """T₀₀ = |ψ|² + η|∇ψ|²."""
    return rho + gradient_weight * (_abs2(d_psi[0]) + _abs2(d_psi[1]))


def constraint(
    s_hat: Complex[Array, "n half"],
    t00: Float[Array, "n n"],
    grid: Grid,
    length: Float[Array, ""],
    coupling: Float[Array, ""],
) -> Float[Array, "n n"]:
    """Residual ρ_s − ρ_vac − ℓ²∇²ρ_s − χT₀₀ of the static equation, in real space."""
    left = jnp.fft.irfft2((1 + length**2 * grid.k_squared_half) * s_hat, s=t00.shape)
    return left - coupling * t00


def _abs2(z: Complex[Array, "..."]) -> Float[Array, "..."]:
    return z.real**2 + z.imag**2

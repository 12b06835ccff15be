"""Bugs that a solver of this system invites, each as one replacement of text."""

from typing import NamedTuple


class Mutant(NamedTuple):
    """One bug.

    Attributes:
        name: what is wrong, in words.
        file: where, from the root of the tree.
        old: text that the file holds exactly once.
        new: what stands in its place.
    """

    name: str
    file: str
    old: str
    new: str


ETDRK = "engine/physics/etdrk.py"
GRID = "engine/physics/grid.py"
SDG = "engine/physics/sdg.py"
SNCGL = "engine/physics/sncgl.py"

MUTANTS = (
    Mutant(
        "real part of the contour means",
        ETDRK,
        "(w.real if real else w).astype(dtype)",
        "w.real.astype(dtype)",
    ),
    Mutant(
        "f2 and f3 exchanged", ETDRK, "q, f1, f2, f3 = step * sums", "q, f1, f3, f2 = step * sums"
    ),
    Mutant("f2 counted once", ETDRK, "2 * w.f2 * (na + nb)", "w.f2 * (na + nb)"),
    Mutant("stage c from N(a) instead of N(b)", ETDRK, "a, n_b, n_u)", "a, n_a, n_u)"),
    Mutant("stage c from u instead of a", ETDRK, "a, n_b, n_u)", "state, n_b, n_u)"),
    Mutant(
        "stage b reuses N(u)",
        ETDRK,
        "b = combine(lambda u, w, n: w.half * u + w.q * n, n_a)",
        "b = combine(lambda u, w, n: w.half * u + w.q * n, n_u)",
    ),
    Mutant("no dealiasing", GRID, "return (n - 1) // 3", "return n // 2 - 1"),
    Mutant(
        "gradient along the wrong axis",
        GRID,
        "_along_x(1j * kx * f, grid),\n        _along_x(f_y, grid),",
        "_along_x(f_y, grid),\n        _along_x(1j * kx * f, grid),",
    ),
    Mutant(
        "density's gradient along the wrong axis",
        GRID,
        "_along_x_real(1j * grid.kx_half.T * f, grid),\n        _along_x_real(f_y, grid),",
        "_along_x_real(f_y, grid),\n        _along_x_real(1j * grid.kx_half.T * f, grid),",
    ),
    Mutant("∇² without ∂²/∂y²", GRID, "-(kx**2 * f + minus_f_yy)", "-(kx**2 * f)"),
    Mutant(
        "cells and modes confused: k from N",
        GRID,
        "scale = 2 * jnp.pi / jnp.asarray(length, jnp.float64)",
        "scale = 2 * jnp.pi / jnp.asarray(n, jnp.float64) + 0 * jnp.asarray(length)",
    ),
    Mutant("D = 3", SDG, "coupling = slope * (", "coupling = slope / 2 * ("),
    Mutant("D = 2", SDG, "coupling = slope * (", "coupling = 0 * slope * ("),
    Mutant("Ω² where Ω⁻² belongs", SDG, "jnp.exp(-log_scale) * (", "jnp.exp(log_scale) * ("),
    Mutant(
        "exponential metric of the wrong sign",
        SDG,
        "return -alpha * s / rho_vac, -alpha / rho_vac",
        "return alpha * s / rho_vac, alpha / rho_vac",
    ),
    Mutant(
        "exponential metric, slope without ρ_vac",
        SDG,
        "return -alpha * s / rho_vac, -alpha / rho_vac",
        "return -alpha * s / rho_vac, -alpha",
    ),
    Mutant("η squared", SDG, "rho + gradient_weight * (", "rho + gradient_weight**2 * ("),
    Mutant(
        "|∇ψ|² along x alone",
        SDG,
        "(_abs2(d_psi[0]) + _abs2(d_psi[1]))",
        "(_abs2(d_psi[0]) + _abs2(d_psi[0]))",
    ),
    Mutant(
        "constraint without screening",
        SDG,
        "return coupling * t00_hat / (1 + length**2 * grid.k_squared_half)",
        "return coupling * t00_hat / (1 + 0 * length * grid.k_squared_half)",
    ),
    Mutant(
        "ℓ instead of ℓ²",
        SNCGL,
        "-(1 + physics.sdg_length**2 * grid",
        "-(1 + physics.sdg_length * grid",
    ),
    Mutant("relaxation without τ", SNCGL, " / _relaxation_time(physics),\n    )", ",\n    )"),
    Mutant(
        "T₀₀ without χ",
        SNCGL,
        "physics.sdg_coupling / _relaxation_time(physics) * terms.t00_hat",
        "1 / _relaxation_time(physics) * terms.t00_hat",
    ),
    Mutant(
        "τ forgotten in the density's source",
        SNCGL,
        "physics.sdg_coupling / _relaxation_time(physics) * terms.t00_hat",
        "physics.sdg_coupling * terms.t00_hat",
    ),
    Mutant(
        "ρ_s of the step's beginning in every stage",
        SNCGL,
        "lambda u: nonlinear(u, physics, operators, grid, form),\n        operators.weights,",
        "lambda u: nonlinear(u._replace(s_hat=state.s_hat), physics, operators, grid, form),\n"
        "        operators.weights,",
    ),
    Mutant(
        "κ of the wrong sign",
        SNCGL,
        "damping = damping + physics.param_kappa * terms.smoothed",
        "damping = damping - physics.param_kappa * terms.smoothed",
    ),
    Mutant(
        "kernel not 1 at k = 0",
        SNCGL,
        "kernel=smoothing_kernel(physics, n).astype(real)",
        "kernel=0.9 * smoothing_kernel(physics, n).astype(real)",
    ),
    Mutant(
        "σ without its factor 2",
        SNCGL,
        "/ (2 * physics.param_sigma_k**2)",
        "/ physics.param_sigma_k**2",
    ),
    Mutant(
        "c₃ of the wrong sign",
        SNCGL,
        "(physics.saturation + 1j * physics.nonlinear_dispersion)",
        "(physics.saturation - 1j * physics.nonlinear_dispersion)",
    ),
    Mutant(
        "conjugate of ψ in the saturation",
        SNCGL,
        "operators.source - damping * terms.psi\n",
        "operators.source - damping * terms.psi.conj()\n",
    ),
    Mutant(
        "c₁ left out of the curved part",
        SNCGL,
        "change + diffusivity * (terms",
        "change + diffusivity.real * (terms",
    ),
    Mutant(
        "source off the centre by a cell",
        SNCGL,
        "x = jnp.arange(n) / n",
        "x = (jnp.arange(n) + 1) / n",
    ),
    Mutant(
        "source twice as wide",
        SNCGL,
        "/ (2 * physics.source_width**2)",
        "/ (8 * physics.source_width**2)",
    ),
    Mutant(
        "weights of another dt",
        SNCGL,
        "etdrk4_coefficients(l_psi, physics.dt, dtype",
        "etdrk4_coefficients(l_psi, physics.dt * 1.001, dtype",
    ),
    Mutant(
        "density's weights of half the dt",
        SNCGL,
        "etdrk4_coefficients(l_s, physics.dt, dtype",
        "etdrk4_coefficients(l_s, physics.dt / 2, dtype",
    ),
    Mutant(
        "start not relative to the vacuum",
        SNCGL,
        "to_modes_real(rho_s - physics.sdg_rho_vac)",
        "to_modes_real(rho_s - 1)",
    ),
    Mutant(
        "constraint not solved for τ = 0",
        SNCGL,
        "return jnp.where(physics.sdg_tau == 0, rest, s_hat)",
        "return s_hat + 0 * rest",
    ),
)

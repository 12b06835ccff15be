"""A manufactured solution: the forcing that makes chosen fields exact, with every term at work.

The forcing comes from the fields by automatic differentiation in x, y and t, with Δ_g in flux form
and the convolution by hand: no transform, and no formula of the solver.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from engine.physics import sncgl
from engine.physics.etdrk import etdrk4_coefficients, etdrk4_step
from engine.physics.evolve import physics_of
from engine.physics.grid import make_grid
from engine.settings import RunConfig

N, LENGTH, END = 48, 20.0, 2.0
Q = 2 * np.pi / LENGTH
ALL_TERMS = {
    "epsilon": 0.2, "dispersion": 0.9, "saturation": 0.8, "nonlinear_dispersion": -0.7,
    "param_kappa": 0.6, "param_sigma_k": 0.5, "param_alpha": 0.8, "source_amplitude": 0.3,
    "source_width": 2.5, "sdg_rho_vac": 1.3, "sdg_tau": 0.6, "sdg_length": 0.9,
    "sdg_coupling": 1.4, "gradient_weight": 0.7,
}  # fmt: skip


class Place(NamedTuple):
    """A point of space and time."""

    t: jax.Array
    x: jax.Array
    y: jax.Array


def psi_exact(at):
    wave = 0.4 * jnp.exp(1j * (Q * at.x - 0.7 * at.t))
    return wave + 0.3 * jnp.cos(0.9 * at.t) * jnp.cos(Q * at.y)


def rho_s_exact(at):
    return 1.6 + 0.3 * jnp.sin(Q * at.x + 0.4 * at.t) * jnp.cos(2 * Q * at.y)


def smoothed_density(at, sigma):
    """G_σ ∗ |ψ|²: the mean stays, the waves of wavenumber √2·q and 2q shrink."""
    small, large = (jnp.exp(-(k**2) / (2 * sigma**2)) for k in (np.sqrt(2) * Q, 2 * Q))
    a, b = 0.4, 0.3 * jnp.cos(0.9 * at.t)
    crossed = 2 * a * b * jnp.cos(Q * at.x - 0.7 * at.t) * jnp.cos(Q * at.y)
    return a**2 + b**2 / 2 + small * crossed + large * b**2 / 2 * jnp.cos(2 * Q * at.y)


def gradient(f, at):
    slope = jax.jacfwd(f)(at)
    return jnp.stack([slope.x, slope.y])


def divergence(flux, at):
    slope = jax.jacfwd(flux)(at)
    return slope.x[0] + slope.y[1]


def forcing(at, p, ansatz):
    """∂_t − right-hand side, of ψ and of ρ_s, at one point."""

    def omega2(here):
        stretch = rho_s_exact(here) / p.sdg_rho_vac
        power = ansatz == "power"
        return stretch**-p.param_alpha if power else jnp.exp(-p.param_alpha * (stretch - 1))

    psi, rho_s = psi_exact(at), rho_s_exact(at)
    rho, d_psi = jnp.abs(psi) ** 2, gradient(psi_exact, at)
    curved = divergence(lambda u: omega2(u) * gradient(psi_exact, u), at) / omega2(at) ** 2
    distance2 = (at.x - LENGTH / 2) ** 2 + (at.y - LENGTH / 2) ** 2
    d_psi_dt = (
        p.epsilon * psi
        + (p.diffusion + 1j * p.dispersion) * curved
        - (p.saturation + 1j * p.nonlinear_dispersion) * rho * psi
        - p.param_kappa * smoothed_density(at, p.param_sigma_k) * psi
        + p.source_amplitude * jnp.exp(-distance2 / (2 * p.source_width**2))
    )
    t00 = rho + p.gradient_weight * (jnp.abs(d_psi) ** 2).sum()
    screened = p.sdg_length**2 * divergence(lambda u: gradient(rho_s_exact, u), at)
    d_rho_s_dt = (screened - (rho_s - p.sdg_rho_vac) + p.sdg_coupling * t00) / p.sdg_tau
    return (
        jax.jacfwd(psi_exact)(at).t - d_psi_dt,
        jax.jacfwd(rho_s_exact)(at).t - d_rho_s_dt,
    )


def everywhere(f):
    """`f` at one time over the whole grid, (y, x)."""
    x = jnp.arange(N) * LENGTH / N
    places = jax.vmap(jax.vmap(f, (Place(None, 0, None),)), (Place(None, None, 0),))
    return lambda t: places(Place(t, x, x))


@functools.partial(jax.jit, static_argnums=2)
def end_errors(physics, steps, ansatz):
    """Largest deviations of ψ and of ρ_s from the manufactured fields at the end."""
    grid = make_grid(N, LENGTH, jnp.float64)
    operators = sncgl.make_operators(physics, N, jnp.dtype("float64"))
    clock = etdrk4_coefficients(jnp.zeros(()), physics.dt, dtype=jnp.float64)

    def state_of(psi, s):
        return sncgl.to_state(psi, physics.sdg_rho_vac + s, physics, grid)

    def rates(timed):
        state, t = timed
        added = state_of(*everywhere(lambda at: forcing(at, physics, ansatz))(t))
        every_term = sncgl.Form(ansatz, True, True, True)
        own = sncgl.nonlinear(state, physics, operators, grid, every_term)
        return jax.tree.map(jnp.add, own, added), jnp.ones(())

    def step(_, timed):
        return etdrk4_step(timed, rates, (operators.weights, clock))

    psi, rho_s = everywhere(psi_exact), everywhere(rho_s_exact)
    start = state_of(psi(0.0), rho_s(0.0) - physics.sdg_rho_vac), jnp.zeros(())
    end, t = jax.lax.fori_loop(0, steps, step, start)
    end_psi, end_rho_s = sncgl.to_fields(end, physics, grid)
    return abs(end_psi - psi(t)).max(), abs(end_rho_s - rho_s(t)).max()


@pytest.mark.parametrize("ansatz", ["power", "exponential"])
def test_the_solver_converges_to_a_manufactured_solution_at_fourth_order(ansatz):
    def errors(dt):
        c = RunConfig.from_mapping({**ALL_TERMS, "domain_length": LENGTH, "N_grid": N, "dt": dt})
        return np.array(end_errors(physics_of(c), round(END / dt), ansatz))

    coarse, fine = errors(0.1), errors(0.05)
    assert (fine < 1e-6).all(), fine
    assert (np.log2(coarse / fine) > 3.7).all(), f"{coarse=} {fine=}"

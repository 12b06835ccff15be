"""Evolution of one run by the solver's own parts, in float64, from any initial field."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from engine.physics.grid import make_grid
from engine.physics.simulate import advance, physics_of
from engine.physics.sncgl import State, make_operators
from engine.settings import RunConfig

Evolve = Callable[..., tuple[np.ndarray, np.ndarray]]


@jax.jit
def _advance(state, physics, operators, steps):
    return advance(state, physics, operators, steps)


_operators = jax.jit(make_operators, static_argnums=(1, 2))


@pytest.fixture(scope="session")
def evolve() -> Evolve:
    """(ψ, ρ_s) after `config.T_steps` steps from (ψ₀, ρ_s₀), float64."""

    def run(
        config: RunConfig, psi: np.ndarray, rho_s: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        n = config.N_grid
        grid = make_grid(n, config.domain_length, jnp.float64)
        physics = physics_of(config)
        s = np.zeros((n, n)) if rho_s is None else rho_s - config.sdg_rho_vac
        state = State(
            jnp.where(grid.keep, jnp.fft.fft2(psi), 0),
            jnp.where(grid.keep_half, jnp.fft.rfft2(s), 0),
        )
        operators = _operators(physics, n, "float64")
        end = _advance(state, physics, operators, jnp.asarray(config.T_steps))
        s = np.asarray(jnp.fft.irfft2(end.s_hat, s=(n, n)))
        return np.asarray(jnp.fft.ifft2(end.psi_hat)), s + config.sdg_rho_vac

    return run


@pytest.fixture(scope="session")
def smooth_field() -> Callable[[int, float], np.ndarray]:
    """A smooth periodic complex field of order one, the same on every grid."""

    def field(n: int, length: float) -> np.ndarray:
        q = 2 * np.pi / length
        x = np.arange(n) * length / n
        y = x[:, None]
        return 0.4 * np.exp(1j * q * x) + 0.3 * np.cos(q * y) + 0.2j * np.sin(q * (x - 2 * y))

    return field

"""Evolution of one run by the solver's own parts, in float64, from any initial field."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from engine.physics.evolve import advance, begin, form_of, physics_of
from engine.physics.grid import make_grid
from engine.physics.sncgl import make_operators, to_fields, to_state
from engine.settings import RunConfig

Evolve = Callable[..., tuple[np.ndarray, np.ndarray]]


_advance = jax.jit(advance, static_argnames="form")
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
        if rho_s is None:
            rho_s = np.full((n, n), config.sdg_rho_vac)
        state = to_state(jnp.asarray(psi, complex), jnp.asarray(rho_s), physics, grid)
        operators = _operators(physics, n, "float64")
        steps = jnp.asarray(config.T_steps)
        end = _advance(begin(state), physics, operators, steps, form_of(config)).state
        end_psi, end_rho_s = to_fields(end, physics, grid)
        return np.asarray(end_psi), np.asarray(end_rho_s)

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

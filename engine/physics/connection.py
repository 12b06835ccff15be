"""The solver's Christoffel symbols over a whole grid, for those who check its geometry."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from engine.physics.sdg import Ansatz, christoffel, conformal_metric
from engine.settings import RunConfig

_AT_ONCE = 4096
"""Points whose 4 × 4 × 4 symbols and their derivatives are held at a time."""


def spatial_connection(
    rho_s: Float[np.ndarray, "n n"], gradient: Float[np.ndarray, "2 n n"], config: RunConfig
) -> Float[np.ndarray, "3 3 3 n n"]:
    """Γᵏᵢⱼ of γᵢⱼ, indices [k, i, j] in the order x, y, z, in 1/x; in double precision.

    Args:
        rho_s: spacetime density at each point.
        gradient: (∂_x ρ_s, ∂_y ρ_s).
        config: says which metric.
    """
    n = rho_s.shape[0]
    flat = np.zeros((n * n, 4))  # (t, x, y, z)
    flat[:, 1:3] = gradient.reshape(2, -1).T
    ansatz: Ansatz = "power" if config.metric_ansatz == "power" else "exponential"
    found = _symbols(
        jnp.asarray(rho_s.reshape(-1), jnp.float64),
        jnp.asarray(flat, jnp.float64),
        jnp.float64(config.sdg_rho_vac),
        jnp.float64(config.param_alpha),
        ansatz,
    )
    return np.moveaxis(np.asarray(found), 0, -1).reshape(3, 3, 3, n, n)


@functools.partial(jax.jit, static_argnums=4)
def _symbols(
    rho_s: jax.Array, gradient: jax.Array, rho_vac: jax.Array, alpha: jax.Array, ansatz: Ansatz
) -> jax.Array:
    metric = conformal_metric(ansatz, rho_vac, alpha)

    def at(point: tuple[jax.Array, jax.Array]) -> jax.Array:
        return christoffel(metric, *point)[1:, 1:, 1:]

    return jax.lax.map(at, (rho_s, gradient), batch_size=_AT_ONCE)

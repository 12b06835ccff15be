"""The solver. JAX lives here and nowhere else in the engine."""

import jax

# Coefficients are computed in float64 whatever precision a run has; its arrays say their own.
jax.config.update("jax_enable_x64", True)

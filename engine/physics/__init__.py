"""The solver. JAX lives here and nowhere else in the engine."""

import jax

from engine.physics.compilation import keep_compiled_programs

# Coefficients are computed in float64 whatever precision a run has; its arrays say their own.
jax.config.update("jax_enable_x64", True)
keep_compiled_programs()

"""The solver. JAX lives here and nowhere else in the engine."""

import contextlib

import jax

from engine.cores import usable_cores

# Coefficients are computed in float64 whatever precision a run has; its arrays say their own.
jax.config.update("jax_enable_x64", True)

# One CPU device a core, so that a batch uses them all. In a notebook JAX may have started
# already; it then keeps the devices that it has.
with contextlib.suppress(RuntimeError):
    jax.config.update("jax_num_cpu_devices", usable_cores())

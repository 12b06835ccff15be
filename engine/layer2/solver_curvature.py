"""R⁽³⁾ from the Christoffel symbols that the solver's own differentiation of its metric gives.

`engine.layer2.curvature` derives them from the stored g_tt; here they are of the stored ρ_s, by
`jax.jacfwd`. That the two agree is what a benchmark can say of the solver's geometry.
"""

import numpy as np

from engine.audit.fields import Fields
from engine.audit.geometry import emergent_g_tt
from engine.audit.spectrum import Floats
from engine.layer2.curvature import gradient, ricci_scalar
from engine.physics.connection import spatial_connection


def solver_curvature(fields: Fields) -> Floats:
    """R⁽³⁾ at the end of a run, (N, N), in 1/x²."""
    config = fields.config
    metric = -emergent_g_tt(fields.rho_s, config) * np.eye(3)[:, :, None, None]
    slope = gradient(fields.rho_s, config.domain_length)
    symbols = spatial_connection(fields.rho_s, slope, config)
    return ricci_scalar(metric, symbols, config.domain_length)

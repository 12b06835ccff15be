"""Distances on the periodic square of side L."""

import numpy as np
from numpy.typing import NDArray

from engine.audit.spectrum import Floats


def nearest(displacement: NDArray[np.float64], domain_length: float) -> Floats:
    """Displacements, each component taken to its nearest period: [−L/2, L/2]."""
    return displacement - domain_length * np.rint(displacement / domain_length)


def distances(a: Floats, b: Floats, domain_length: float) -> Floats:
    """Shortest ways from places (n, 2) to places (m, 2) around the torus, (n, m), in x."""
    way = nearest(a[:, None, :] - b[None, :, :], domain_length)
    return np.asarray(np.hypot(way[..., 0], way[..., 1]), np.float64)

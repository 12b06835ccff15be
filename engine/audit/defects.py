"""Phase defects: points around which the phase of ψ winds by a multiple of 2π.

    winding of a cell = (1/2π) Σ over its four edges of the phase step, each taken into (−π, π]

On the torus the windings add up to zero. Source: Aranson & Kramer (2002), Rev. Mod. Phys. 74, 99.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def windings(psi: NDArray[Any]) -> NDArray[np.int64]:
    """Winding number of each cell between four grid points, (N, N): 0 nearly everywhere."""
    phase = np.angle(psi)
    along_x, along_y = (_step(phase, axis) for axis in (1, 0))
    around = along_x + np.roll(along_y, -1, axis=1) - np.roll(along_x, -1, axis=0) - along_y
    return np.rint(around / (2 * np.pi)).astype(np.int64)


def defect_density(psi: NDArray[Any], domain_length: float) -> float:
    """Defects per unit area, 1/x²."""
    return int(np.count_nonzero(windings(psi))) / domain_length**2


def _step(phase: NDArray[Any], axis: int) -> NDArray[Any]:
    step = np.roll(phase, -1, axis=axis) - phase
    return step - 2 * np.pi * np.rint(step / (2 * np.pi))

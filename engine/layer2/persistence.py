"""Superlevel-set persistence of a field on the torus: peaks, the holes between them, how long.

The grid points are the vertices of a cubical complex without edges; {ρ ≥ t} holds the vertices,
edges and squares all of whose corners have ρ ≥ t. As t falls from max ρ to min ρ, components
(dimension 0) and loops (dimension 1) are born at b and die at d ≤ b. What the torus itself has
never dies: one component, two loops, one surface.

Source: Edelsbrunner & Harer, Computational Topology (2010); computed by GUDHI's periodic cubical
complex, homology with coefficients modulo 2.
"""

from dataclasses import dataclass

import gudhi
import numpy as np
from numpy.typing import NDArray

from engine.audit.spectrum import Floats

DIMENSIONS = (0, 1, 2)


@dataclass(frozen=True)
class Persistence:
    """The persistent homology of one field.

    Attributes:
        pairs: (birth, death) of what dies, birth > death, (n, 2) for each of `DIMENSIONS`.
        essential: births of what stays, falling, for each of `DIMENSIONS`.
        lowest: min ρ, where all of the torus is there.
        peaks: (x, y) as grid indices and the height of the maximum of each component of
            dimension 0, the most persistent first, (n, 3).
    """

    pairs: tuple[Floats, ...]
    essential: tuple[Floats, ...]
    lowest: float
    peaks: Floats

    def diagram(self, dimension: int) -> Floats:
        """(birth, death), (n, 2); what stays is held to die at min ρ."""
        births = self.essential[dimension]
        stay = np.column_stack([births, np.full(len(births), self.lowest)])
        return np.concatenate([self.pairs[dimension], stay[births > self.lowest]])

    def total(self, dimension: int) -> float:
        """Total persistence Σ (b − d) of the diagram."""
        found = self.diagram(dimension)
        return float(np.sum(found[:, 0] - found[:, 1]))

    def betti(self, dimension: int, levels: Floats) -> NDArray[np.int64]:
        """Betti numbers β(t) of {ρ ≥ t} at each of some levels."""
        births = np.sort(np.concatenate([self.pairs[dimension][:, 0], self.essential[dimension]]))
        deaths = np.sort(self.pairs[dimension][:, 1])
        born = len(births) - np.searchsorted(births, levels, side="left")
        died = len(deaths) - np.searchsorted(deaths, levels, side="left")
        return born - died


def superlevel_persistence(rho: NDArray[np.floating]) -> Persistence:
    """The persistence of ρ, (N, N), as t falls; births and deaths are values that ρ has."""
    values: Floats = rho.astype(np.float64)
    complex_ = gudhi.PeriodicCubicalComplex(vertices=-values, periodic_dimensions=[True, True])
    complex_.compute_persistence(homology_coeff_field=2, min_persistence=0)
    found = [-complex_.persistence_intervals_in_dimension(each) for each in DIMENSIONS]
    stays = [np.isinf(each[:, 1]) for each in found]
    pairs = tuple(each[~stay] for each, stay in zip(found, stays, strict=True))
    essential = tuple(np.sort(each[stay, 0])[::-1] for each, stay in zip(found, stays, strict=True))
    return Persistence(pairs, essential, float(values.min()), _peaks(complex_, values))


def _peaks(complex_: gudhi.PeriodicCubicalComplex, rho: Floats) -> Floats:
    pairs, stays = complex_.vertices_of_persistence_pairs()
    tops, ends = pairs[0].T if pairs else np.empty((2, 0), np.int64)
    column_first = rho.ravel(order="F")  # as GUDHI numbers vertices
    top = np.concatenate([stays[0], tops])
    heights = column_first[top]
    lengths = heights - np.concatenate([[rho.min()], column_first[ends]])
    # GUDHI also tells pairs of no persistence.
    kept = np.flatnonzero((lengths > 0) | (np.arange(len(top)) == 0))
    order = kept[np.argsort(-lengths[kept], kind="stable")]
    y, x = np.unravel_index(top[order], rho.shape, order="F")
    return np.column_stack([x, y, heights[order]]).astype(np.float64)

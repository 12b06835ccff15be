"""The sliced Wasserstein distance of persistence diagrams, as a distance of vectors.

    SW(A, B) = mean over directions θ of the half circle of W₁(θ·A ∪ θ·πB, θ·B ∪ θ·πA)

π takes a point to the nearest one of the diagonal. On a line W₁ is the area between two cumulative
counts, so with H_A(s) = #{a : θ·a ≤ s} − #{a : θ·πa ≤ s} it is ∫|H_A − H_B| ds: an L₁ distance of
one function for each diagram. Its means over bins make a vector, and the city-block distance of
vectors is SW to the width of a bin, never above it. All pairs of a hundred diagrams of a thousand
points then cost what one pair costs; bottleneck and Wasserstein distances solve an assignment for
each.

Source: Carrière, Cuturi & Oudot (2017), PMLR 70, 664.
"""

from collections.abc import Sequence

import numpy as np

from engine.audit.spectrum import Floats

DIRECTIONS = 16
BINS = 256


def sliced_wasserstein(
    diagrams: Sequence[Floats], directions: int = DIRECTIONS, bins: int = BINS
) -> Floats:
    """Distances of every two of some diagrams (n, 2), in the diagrams' unit; symmetric."""
    vectors = embedded(diagrams, directions, bins)
    return np.stack([np.abs(vectors - each).sum(axis=1) for each in vectors])


def embedded(diagrams: Sequence[Floats], directions: int, bins: int) -> Floats:
    """A vector for each diagram, whose city-block distances are the sliced Wasserstein ones.

    The bins are the same for all: they span what all diagrams together reach.
    """
    found = np.empty((len(diagrams), directions, bins))
    for j, angle in enumerate(np.pi * (np.arange(directions) + 0.5) / directions):
        way = np.array([np.cos(angle), np.sin(angle)])
        points = [np.sort(each @ way) for each in diagrams]
        feet = [np.sort(each.mean(axis=1) * way.sum()) for each in diagrams]
        reached = np.concatenate([*points, *feet, [0.0]])
        edges = np.linspace(reached.min(), reached.max(), bins + 1)
        for i, (own, foot) in enumerate(zip(points, feet, strict=True)):
            found[i, j] = np.diff(_area_below(own, edges) - _area_below(foot, edges))
    return found.reshape(len(diagrams), -1) / directions


def _area_below(places: Floats, edges: Floats) -> Floats:
    """∫ #{places ≤ s} ds up to each edge, of places in ascending order."""
    count = np.searchsorted(places, edges, side="right")
    return count * edges - np.concatenate([[0.0], np.cumsum(places)])[count]

"""Where the components of a field's superlevel sets meet as the level falls, on a periodic grid.

Each point belongs to the maximum that the steepest way up from it ends at, its basin. Two points of
one basin that are ≥ t are connected within {ρ ≥ t}, by way of their maximum. So its components are
those of a graph with a vertex a maximum and an edge for each two basins with a common border: there
the pair of neighbours whose lower one is highest. Of its edges, those of a maximum spanning tree
are enough.

A loop around the torus is in {ρ ≥ t} once two neighbours that are ≥ t close one with the tree: no
way between them stays higher than the tree's.

Source: Edelsbrunner & Harer, Computational Topology (2010), chapter VII; for the graph of basins
Carr, Snoeyink & Axen (2003), Comput. Geom. 24, 75.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import minimum_spanning_tree

Ints = NDArray[np.int64]
Step = tuple[int, int]

FOUR: tuple[Step, ...] = ((0, 1), (1, 0))
"""From a point to its neighbours along the axes, (rows, columns), to either of two opposite."""

EIGHT: tuple[Step, ...] = (*FOUR, (1, 1), (1, -1))
"""To those across the corners too."""


@dataclass(frozen=True)
class Basins:
    """Which points belong to which maximum.

    Attributes:
        rank: the place of each point among all by its value, (N, N), from 0, the lowest.
        steps: to a point's neighbours.
        tops: rank of each of m maxima, rising, (m,).
        of: number of the maximum of each point, (N, N).
        turns: whether the way up to it crosses a border of the grid an odd number of times: 1 for
            that between last and first column, 2 for rows, 3 for both, (N, N).
    """

    rank: Ints
    steps: Sequence[Step]
    tops: Ints
    of: Ints
    turns: Ints


@dataclass(frozen=True)
class Merging:
    """How the basins meet.

    Attributes:
        pairs: number of a maximum whose component meets one with a higher maximum, and the rank
            where, falling, (m − 1, 2): the elder rule.
        turns: of the way along the spanning tree from the highest maximum to each, (m,).
    """

    pairs: Ints
    turns: Ints


def basins(rank: Ints, steps: Sequence[Step]) -> Basins:
    """The basins of a field on the torus, given as the rank of each point."""
    points = np.arange(rank.size)
    at = np.empty_like(points)
    at[rank.ravel()] = points
    highest = rank
    for rows, columns in steps:
        for way in ((rows, columns), (-rows, -columns)):
            highest = np.maximum(highest, _beside(rank, way))
    up = at[highest.ravel()]
    (y, x), (top_y, top_x) = (divmod(each, len(rank)) for each in (points, up))
    turns = 1 * (abs(x - top_x) > 1) + 2 * (abs(y - top_y) > 1)
    while not np.array_equal(further := up[up], up):
        turns, up = turns ^ turns[up], further
    tops = np.sort(rank.ravel()[up == points])
    number = np.empty_like(points)
    number[at[tops]] = np.arange(len(tops))
    return Basins(rank, steps, tops, number[up].reshape(rank.shape), turns.reshape(rank.shape))


def merging(found: Basins) -> Merging:
    """How basins meet, from the highest level down."""
    count, one, other, ranks, turns = len(found.tops), [], [], [], []
    for step in found.steps:
        beside = _beside(found.of, step)
        border = found.of != beside
        rank, turned = _edges(found.rank, found.turns, step)
        one.append(np.minimum(found.of, beside)[border])
        other.append(np.maximum(found.of, beside)[border])
        ranks.append(rank[border])
        turns.append(turned[border])
    between = np.concatenate(one) * count + np.concatenate(other)
    rank, turned = np.concatenate(ranks), np.concatenate(turns)
    # The highest edge of each two basins: SciPy would add up what a graph has twice.
    falling = np.argsort(-rank)
    between, first = np.unique(between[falling], return_index=True)
    rank, turned = rank[falling[first]], turned[falling[first]]
    graph = coo_array((found.rank.size - rank, np.divmod(between, count)), (count, count))
    tree = minimum_spanning_tree(graph.tocsr()).tocoo()
    kept = np.searchsorted(between, tree.row.astype(np.int64) * count + tree.col)
    kept = kept[np.argsort(-rank[kept])]
    return _joined(count, *np.divmod(between[kept], count), rank[kept], turned[kept])


def around(found: Basins, merged: Merging) -> Ints:
    """Ranks where the first loop around the torus closes, and the first independent of it mod 2."""
    turns = found.turns ^ merged.turns[found.of]
    closing = [_edges(found.rank, turns, step) for step in found.steps]
    rank, turned = (np.stack(each) for each in zip(*closing, strict=True))
    highest = np.array([rank[turned == each].max(initial=-1) for each in (1, 2, 3)])
    return np.sort(highest)[:0:-1]


def _edges(rank: Ints, turns: Ints, step: Step) -> tuple[Ints, Ints]:
    """Of each point and its neighbour at a step: the lower rank, and what turns are between."""
    rows, columns = step
    crossed = np.zeros_like(turns)
    if columns:
        crossed[:, -1 if columns > 0 else 0] ^= 1
    if rows:
        crossed[-1] ^= 2
    return np.minimum(rank, _beside(rank, step)), turns ^ _beside(turns, step) ^ crossed


def _beside(field: Ints, step: Step) -> Ints:
    """Each point's neighbour at a step."""
    return np.roll(field, (-step[0], -step[1]), (0, 1))


def _joined(count: int, one: Ints, other: Ints, rank: Ints, turned: Ints) -> Merging:
    """Join maxima along the edges of a tree, falling; a component is named by its highest."""
    above, turns = list(range(count)), [0] * count

    def top(maximum: int) -> tuple[int, int]:
        """Of its component, and what turns are on the way there; the next way is half as long."""
        turned = 0
        while (then := above[maximum]) != maximum:
            turns[maximum] ^= turns[then]
            turned ^= turns[maximum]
            above[maximum] = above[then]
            maximum = above[maximum]
        return maximum, turned

    pairs = []
    for a, b, at, between in zip(*(x.tolist() for x in (one, other, rank, turned)), strict=True):
        (top_a, turned_a), (top_b, turned_b) = top(a), top(b)
        lower, higher = sorted((top_a, top_b))
        above[lower], turns[lower] = higher, turned_a ^ turned_b ^ between
        pairs.append((lower, at))
    return Merging(
        np.array(pairs, np.int64).reshape(-1, 2), np.array([top(i)[1] for i in range(count)])
    )

"""NSGA-II: non-dominated sorting, crowding distance, binary tournament, SBX, polynomial mutation.

pymoo's operators with its own parameters, on arrays: point for point the run of its `NSGA2`, a
test says, but that class makes an object of each candidate and takes four times as long.

A constraint violation would rank a failed candidate last, yet leave it in a population that is
short of others, where two failed ones meet in a tournament and one becomes a parent. So a failed
candidate does not enter the population at all.

Source: Deb et al. (2002), IEEE Trans. Evol. Comput. 6, 182; pymoo: Blank & Deb (2020), IEEE
Access 8, 89497.
"""

import math

import numpy as np
from pymoo.operators.crossover.sbx import cross_sbx
from pymoo.operators.mutation.pm import mut_pm
from pymoo.operators.survival.rank_and_crowding.metrics import get_crowding_function
from pymoo.util.nds.non_dominated_sorting import NonDominatedSorting
from pymoo.util.randomized_argsort import randomized_argsort
from scipy.spatial.distance import cdist

from engine.hunt.strategies.contract import Results, Task

CROSSOVER, CROSSOVER_ETA = 0.9, 15.0
"""Probability that a pair is crossed, and how close children stay to their parents."""

CROSSED = 0.5
"""Probability that a coordinate of such a pair is, and that its values change sides."""

MUTATION, MUTATION_ETA = 0.9, 20.0
"""Probability that a child is mutated, in min(½, 1/d) of its coordinates, and how little."""

SAME = 1e-16
"""Points no further apart are one."""

CROWDING = get_crowding_function("cd")


class Nsga2:
    """One objective or several."""

    wants_gradient = False

    def __init__(self, task: Task) -> None:
        self._population, self._dimensions = task.population, task.dimensions
        self._rng = np.random.default_rng(task.seed)
        self.parents = np.empty((0, task.dimensions))
        """Points that survived, (n, d), at most a population."""
        self._costs = np.empty((0, task.objectives))
        self._crowding = np.empty(0)

    def ask(self) -> np.ndarray:
        """The next generation, shape (population, dimensions), each in [0, 1]."""
        if len(self.parents) == 0:
            return self._rng.random((self._population, self._dimensions))
        children = np.empty((0, self._dimensions))
        while len(children) < self._population:
            born = self._mate(self._population - len(children))
            children = np.vstack([children, _new(born, self.parents, children)])
        return children[: self._population]

    def tell(self, points: np.ndarray, results: Results) -> None:
        """Take the results of a generation."""
        valid = np.isfinite(results.costs).all(axis=1)
        if not valid.any():
            return
        first = len(self.parents) == 0
        points = np.vstack([self.parents, points[valid]])
        costs = np.vstack([self._costs, results.costs[valid]])
        room = len(points) if first else self._population
        crowding, survivors = np.empty(len(points)), np.empty(0, dtype=int)
        for front in NonDominatedSorting().do(costs, n_stop_if_ranked=room):
            crowding[front] = CROWDING.do(costs[front])
            left = room - len(survivors)
            if len(front) > left:
                order = randomized_argsort(crowding[front], random_state=self._rng)
                survivors = np.append(survivors, front[order[::-1][:left]])
            else:
                survivors = np.append(survivors, front)
        self.parents, self._costs = points[survivors], costs[survivors]
        self._crowding = crowding[survivors]

    def _mate(self, wanted: int) -> np.ndarray:
        """At least `wanted` children of parents that won a tournament each."""
        pairs = math.ceil(wanted / 2)
        parents = self.parents[self._winners(2 * pairs)].reshape(pairs, 2, -1).swapaxes(0, 1)
        low, high = np.zeros(self._dimensions), np.ones(self._dimensions)
        children = parents.copy()
        crossed = self._rng.random(pairs) < CROSSOVER
        if crossed.any():
            self._rng.random((pairs, 1))  # pymoo asks whether sides may change; they may
            each = np.ones((pairs, 1))
            eta, half = CROSSOVER_ETA * each, CROSSED * each
            bred = cross_sbx(parents, low, high, eta, half, half, random_state=self._rng)
            children[:, crossed] = bred[:, crossed]
        children = children.reshape(2 * pairs, self._dimensions)
        every = np.ones(2 * pairs)
        eta, share = MUTATION_ETA * every, min(0.5, 1 / self._dimensions) * every
        mutants = mut_pm(children, low, high, eta, share, False, random_state=self._rng)
        return np.where(self._rng.random((2 * pairs, 1)) <= MUTATION, mutants, children)

    def _winners(self, count: int) -> np.ndarray:
        """Of two parents each, who dominates, else who is lonelier, else either."""
        shuffles = math.ceil(2 * count / len(self.parents))
        drawn = [self._rng.permutation(len(self.parents)) for _ in range(shuffles)]
        first, second = np.concatenate(drawn)[: 2 * count].reshape(count, 2).T
        ours, theirs = self._costs[first], self._costs[second]
        better = (ours < theirs).any(axis=1).astype(int) - (ours > theirs).any(axis=1)
        room, less = self._crowding[first], self._crowding[second]
        lead = np.where(better != 0, better, (room > less).astype(int) - (room < less))
        even = lead == 0
        lead[even] = 1 - 2 * self._rng.integers(2, size=even.sum())
        return np.where(lead > 0, first, second)


def _new(born: np.ndarray, *known: np.ndarray) -> np.ndarray:
    """Those points that are neither known nor born before."""
    twin = np.tril(cdist(born, born) <= SAME, -1).any(axis=1)
    for points in known:
        twin |= (cdist(born, points) <= SAME).any(axis=1)
    return born[~twin]

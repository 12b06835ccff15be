"""The classical genetic algorithm on the unit cube.

Each child has two parents, each the best of 3 drawn at random (tournament), takes every
coordinate from either with equal chance (uniform crossover), and has every coordinate moved with
probability 0.3 by a Gaussian of width 0.05, clipped to the cube. The best point ever told stays
among the parents (elitism 1); it is not asked again, since its result is known.

Source: Goldberg (1989), Genetic Algorithms in Search, Optimization and Machine Learning; uniform
crossover: Syswerda (1989), Proc. ICGA 3, 2.
"""

import numpy as np

from engine.hunt.strategies.contract import Results, Task, check_single

TOURNAMENT = 3
MUTATION_RATE = 0.3
MUTATION_STRENGTH = 0.05


def mates(rng: np.random.Generator, fitness: np.ndarray, children: int) -> np.ndarray:
    """Both parents of each child, shape (2, children): indices of `fitness`, shape (n,)."""
    rivals = rng.integers(len(fitness), size=(2, children, TOURNAMENT))
    winners = fitness[rivals].argmax(axis=-1)
    return np.take_along_axis(rivals, winners[..., None], axis=-1)[..., 0]


class Genetic:
    """One objective; a failed candidate (NaN) never becomes a parent."""

    wants_gradient = False

    def __init__(self, task: Task) -> None:
        check_single(task, "genetic")
        self._dimensions, self._population, self._seed = task.dimensions, task.population, task.seed
        self._generation = 0
        self._parents = np.empty((0, task.dimensions))
        self._fitness = np.empty(0)

    def ask(self) -> np.ndarray:
        """The next generation, shape (population, dimensions), each in [0, 1]."""
        rng = np.random.default_rng([self._seed, self._generation])
        shape = (self._population, self._dimensions)
        if not len(self._parents):
            return rng.random(shape)
        first, second = self._parents[mates(rng, self._fitness, self._population)]
        children = np.where(rng.random(shape) < 0.5, first, second)
        moved = rng.random(shape) < MUTATION_RATE
        steps = rng.normal(0.0, MUTATION_STRENGTH, shape)
        return np.clip(np.where(moved, children + steps, children), 0.0, 1.0)

    def tell(self, points: np.ndarray, results: Results) -> None:
        """Take the results of a generation."""
        self._generation += 1
        fitness = -results.costs[:, 0]
        valid = np.isfinite(fitness)
        points, fitness = points[valid], fitness[valid]
        if len(self._fitness):
            elite = self._fitness.argmax()
            points = np.vstack([points, self._parents[elite]])
            fitness = np.append(fitness, self._fitness[elite])
        self._parents, self._fitness = points, fitness

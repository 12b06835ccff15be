"""Gradient descent from many starts at once: every place in the population is a search by Adam.

The steps follow `Results.gradient`, in coordinates of the cube, with a rate of 0.02 of its side.
A step that leaves the cube ends on its face (projection): an optimum there is held, where a
reflection would bounce off. A start whose gradient is not finite, or whose cost has not improved
for 20 generations, goes on from the next point of a Sobol sequence. A failed candidate with a
gradient goes on along it.

Source: Kingma & Ba (2015), ICLR, arXiv:1412.6980; its implementation in optax.
"""

import numpy as np

from engine.hunt.strategies.contract import Results, Task, check_single
from engine.hunt.strategies.sobol import Sequence
from engine.physics import adam

RATE = 0.02
PATIENCE = 20
IMPROVEMENT = 1e-3
"""Of its best cost's magnitude, by which a start has to improve."""


class Gradient:
    """One objective."""

    wants_gradient = True

    def __init__(self, task: Task) -> None:
        check_single(task, "gradient")
        self._sequence = Sequence(task.dimensions, task.seed)
        self._points = self._sequence.draw(task.population)
        self._moments = adam.begin(self._points.shape)
        self._best = np.full(task.population, np.inf)
        self._idle = np.zeros(task.population, int)

    def ask(self) -> np.ndarray:
        """Where every search stands, shape (population, dimensions), each in [0, 1]."""
        return self._points.copy()

    def tell(self, points: np.ndarray, results: Results) -> None:
        """Take the results of a generation."""
        usable = np.isfinite(results.gradient).all(axis=1)
        step, moments = adam.direction(
            np.where(usable[:, None], results.gradient, 0.0), self._moments
        )
        self._points = np.clip(points + RATE * step, 0.0, 1.0)
        self._moments = moments
        self._begin_anew(~usable | self._stagnant(results.costs[:, 0]))

    def _stagnant(self, costs: np.ndarray) -> np.ndarray:
        margin = IMPROVEMENT * np.abs(np.where(np.isfinite(self._best), self._best, 0.0))
        improved = np.isfinite(costs) & (costs < self._best - margin)
        self._best = np.where(improved, costs, self._best)
        self._idle = np.where(improved, 0, self._idle + 1)
        return self._idle >= PATIENCE

    def _begin_anew(self, chosen: np.ndarray) -> None:
        self._points[chosen] = self._sequence.draw(int(chosen.sum()))
        steps, mean, square = (each.copy() for each in self._moments)
        steps[chosen], mean[chosen], square[chosen] = 0, 0.0, 0.0
        self._moments = adam.Moments(steps, mean, square)
        self._best[chosen], self._idle[chosen] = np.inf, 0

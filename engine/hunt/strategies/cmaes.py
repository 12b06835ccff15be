"""CMA-ES: a Gaussian whose mean, step and covariance follow the better half of its samples.

A distribution that has converged by cma's criteria is followed by another with twice as many
samples around a new random point (IPOP). The samples of one update may be those of several
generations: λ is a multiple of the population, at least cma's default 4 + 3 ln d.

The cube's bounds are met by cma's `BoundTransform`, a smooth fold of the space into the cube,
here by plain numbers: with its arrays it takes half the time of a generation. Drawing again until
all samples lie inside would cost ever more draws as the mean nears a corner, where the best point
of a box often is, and bend the distribution away from it.

A failed candidate ranks behind all others: an update takes the μ = λ/2 best, and where fewer
succeeded it waits for the next generation, drawn from the same distribution. cma itself would
put the median of the others in its place, which moves the mean.

Source: Hansen & Ostermeier (2001), Evol. Comput. 9, 159; restarts: Auger & Hansen (2005), Proc.
IEEE CEC, 1769; the package cma of N. Hansen.
"""

import math

import cma
import numpy as np

from engine.hunt.strategies.contract import Results, Task, check_single

STEP = 0.25
"""First standard deviation, a quarter of the cube's side as cma advises."""

LEAST_SAMPLES = 6
"""Fewer and cma mirrors its samples, which have to be told together."""


MARGIN = cma.transformations.linquad_margin_width(0.0)
"""Width of the rim within which the fold bends: an inner point stays where it is."""


class Fold(cma.boundary_handler.BoundTransform):
    """cma's own for the unit cube, number for number."""

    def repair(self, x: np.ndarray, copy_if_changed: bool = True) -> np.ndarray:
        """The point of the cube that stands for one of space, shape (d,)."""
        return np.array([folded(coordinate) for coordinate in x.tolist()])


def folded(x: float) -> float:
    """The image of a coordinate in [0, 1].

    The identity inside, a parabola in the rim, where it meets ends of the interval at
    x = -MARGIN and 1 + MARGIN with slope 0, and mirrored there, again and again.
    """
    start, width = -2 * MARGIN - 0.5, 1 + 2 * MARGIN
    if not start <= x <= start + 2 * width:
        x -= 2 * width * ((x - start) // (2 * width))
    if x > 1 + MARGIN:
        x -= 2 * (x - 1 - MARGIN)
    if x < -MARGIN:
        x += 2 * (-MARGIN - x)
    if x < MARGIN:
        return (x + MARGIN) * (x + MARGIN) / 4 / MARGIN
    if x > 1 - MARGIN:
        return 1 - (x - (1 + MARGIN)) * (x - (1 + MARGIN)) / 4 / MARGIN
    return x


class CmaEs:
    """One objective."""

    wants_gradient = False

    def __init__(self, task: Task) -> None:
        check_single(task, "cmaes")
        self._dimensions, self._population = task.dimensions, task.population
        self._rng = np.random.default_rng(task.seed)
        default = max(LEAST_SAMPLES, 4 + int(3 * math.log(task.dimensions)))
        self._samples = task.population * math.ceil(default / task.population)
        self._points: list[np.ndarray] = []
        self._costs: list[float] = []
        self._begin(np.full(task.dimensions, 0.5))

    def ask(self) -> np.ndarray:
        """The next generation, shape (population, dimensions), each in [0, 1]."""
        return np.array(self._search.ask(self._population))

    def tell(self, points: np.ndarray, results: Results) -> None:
        """Take the results of a generation."""
        costs = results.costs[:, 0]
        valid = np.isfinite(costs)
        self._asked += len(points)
        self._points.extend(points[valid])
        self._costs.extend(costs[valid])
        parents = self._search.sp.weights.mu
        if self._asked < self._samples or len(self._costs) < parents:
            return
        self._search.tell(self._points, self._costs)
        if self._search.stop():
            self._samples *= 2
            self._begin(self._rng.random(self._dimensions))
        else:
            self._clear()

    def _begin(self, mean: np.ndarray) -> None:
        options = {
            "bounds": [0, 1],
            "BoundaryHandler": Fold,
            "popsize": self._samples,
            "randn": lambda count, dimensions: self._rng.standard_normal((count, dimensions)),
            "signals_filename": "",  # a file that could change options on the way
            # Else a third of the side; in one dimension cma 4.5 trips over any limit.
            **({"maxstd": math.inf} if self._dimensions == 1 else {}),
            "verbose": -9,
            "verb_log": 0,
            "verb_disp": 0,
        }
        self._search = cma.CMAEvolutionStrategy(mean, STEP, options)
        self._clear()

    def _clear(self) -> None:
        self._asked = 0
        self._points, self._costs = [], []

"""MAP-Elites: the best candidate of every kind, for kinds on a grid of behaviours.

The grid is ribs' `GridArchive` over defects per unit area and log₁₀ of the H-norm. Children are
made by its `IsoLineEmitter`: an elite, moved by a Gaussian and along the line to another elite.
Nobody knows the range of behaviours beforehand. So the grid spans what was seen, and where a
candidate falls outside it grows on that side by half of its span at least, and takes its elites
over.

Source: Mouret & Clune (2015), arXiv:1504.04909; Vassiliades & Mouret (2018), GECCO, 149; pyribs:
Tjanaka et al. (2023), GECCO, 220.
"""

import numpy as np
from ribs.archives import GridArchive
from ribs.emitters import IsoLineEmitter

from engine.hunt.strategies.contract import Results, Task, check_single
from engine.hunt.strategies.sobol import Sequence

CELLS = (20, 20)
LEAST_SPAN = (1e-3, 0.1)
"""Of the grid: a few defects on the default domain, a tenth of a decade."""

GROWTH = 0.5
ISO_SIGMA = 0.05
"""Five times ribs' default, which hunts of some hundred runs are too short for."""

LINE_SIGMA = 0.2


class MapElites:
    """One objective; a failed candidate, or one without a behaviour, never enters the archive."""

    wants_gradient = False

    def __init__(self, task: Task) -> None:
        check_single(task, "map_elites")
        self._dimensions, self._population, self._seed = task.dimensions, task.population, task.seed
        self._sequence = Sequence(task.dimensions, task.seed)
        self._grids = 0
        self._archive: GridArchive | None = None

    def ask(self) -> np.ndarray:
        """The next generation, shape (population, dimensions), each in [0, 1]."""
        if self._archive is None:
            return self._sequence.draw(self._population)
        return self._emitter.ask()

    def tell(self, points: np.ndarray, results: Results) -> None:
        """Take the results of a generation."""
        valid = np.isfinite(results.costs[:, 0]) & np.isfinite(results.behaviour).all(axis=1)
        if not valid.any():
            return
        behaviour = results.behaviour[valid]
        low, high = behaviour.min(axis=0), behaviour.max(axis=0)
        if self._archive is None:
            middle, half = (low + high) / 2, np.maximum(high - low, LEAST_SPAN) / 2
            self._archive = self._grid(middle - half, middle + half)
        elif (low < self._low).any() or (high > self._high).any():
            self._archive = self._grown(self._archive, low, high)
        self._archive.add(points[valid], -results.costs[valid, 0], behaviour)

    def _grown(self, old: GridArchive, low: np.ndarray, high: np.ndarray) -> GridArchive:
        reach = GROWTH * (self._high - self._low)
        grid = self._grid(
            np.where(low < self._low, np.minimum(low, self._low - reach), self._low),
            np.where(high > self._high, np.maximum(high, self._high + reach), self._high),
        )
        elites = old.data(["solution", "objective", "measures"])
        grid.add(elites["solution"], elites["objective"], elites["measures"])
        return grid

    def _grid(self, low: np.ndarray, high: np.ndarray) -> GridArchive:
        self._low, self._high = low, high
        seeds = np.random.SeedSequence([self._seed, self._grids]).generate_state(2)
        grid = GridArchive(
            solution_dim=self._dimensions,
            dims=CELLS,
            ranges=list(zip(low, high, strict=True)),
            seed=seeds[0],
        )
        self._emitter = IsoLineEmitter(
            grid,
            iso_sigma=ISO_SIGMA,
            line_sigma=LINE_SIGMA,
            x0=np.full(self._dimensions, 0.5),  # required, but used with an empty archive only
            lower_bounds=np.zeros(self._dimensions),
            upper_bounds=np.ones(self._dimensions),
            batch_size=self._population,
            seed=seeds[1],
        )
        self._grids += 1
        return grid

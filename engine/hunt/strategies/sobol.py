"""A scrambled Sobol sequence: points that fill the cube evenly, whatever came of the earlier ones.

Source: Sobol (1967), USSR Comput. Math. Math. Phys. 7, 86; scrambling: Matoušek (1998),
J. Complexity 14, 527; direction numbers: Joe & Kuo (2008), SIAM J. Sci. Comput. 30, 2635.
"""

import numpy as np
from scipy.stats import qmc

from engine.hunt.strategies.contract import Results, Task

BITS = 53
"""Of a coordinate: all that a float keeps, hence more points than any hunt asks."""


class Sequence:
    """Successive pieces of one sequence, so that all points together are even."""

    def __init__(self, dimensions: int, seed: int) -> None:
        self._engine = qmc.Sobol(dimensions, bits=BITS, rng=np.random.default_rng(seed))
        # Drawn alone: a first piece whose length is no power of two would earn a warning.
        self._first = self._engine.random(1)

    def draw(self, count: int) -> np.ndarray:
        """The next points, shape (count, dimensions), each in [0, 1)."""
        if not count:
            return self._first[:0]
        head, self._first = self._first[:count], self._first[count:]
        rest = count - len(head)
        return np.vstack([head, self._engine.random(rest)]) if rest else head


class Sobol:
    """Any number of objectives: it looks at none."""

    wants_gradient = False

    def __init__(self, task: Task) -> None:
        self._population = task.population
        self._sequence = Sequence(task.dimensions, task.seed)

    def ask(self) -> np.ndarray:
        """The next points of the sequence, shape (population, dimensions)."""
        return self._sequence.draw(self._population)

    def tell(self, points: np.ndarray, results: Results) -> None:
        """Nothing is learnt."""

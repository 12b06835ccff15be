"""NSGA-II: non-dominated sorting, crowding distance, binary tournament, SBX, polynomial mutation.

pymoo's, with its own parameters: SBX η = 15 with probability 0.9, mutation η = 20 with 1/d a
coordinate, duplicates removed. A constraint violation would rank a failed candidate last, yet
leave it in a population that is short of others, where two failed ones meet in a tournament and
one becomes a parent. So a failed candidate does not enter the population at all.

Source: Deb et al. (2002), IEEE Trans. Evol. Comput. 6, 182; pymoo: Blank & Deb (2020), IEEE
Access 8, 89497.
"""

import numpy as np
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.population import Population
from pymoo.core.problem import Problem
from pymoo.core.termination import NoTermination

from engine.hunt.strategies.contract import Results, Task


class Nsga2:
    """One objective or several."""

    wants_gradient = False

    def __init__(self, task: Task) -> None:
        problem = Problem(n_var=task.dimensions, n_obj=task.objectives, xl=0.0, xu=1.0)
        self._algorithm = NSGA2(pop_size=task.population, seed=task.seed)
        # The hunt says when it ends; pymoo's own criterion would be computed at every step.
        self._algorithm.setup(problem, termination=NoTermination())

    def ask(self) -> np.ndarray:
        """The next generation, shape (population, dimensions), each in [0, 1]."""
        points: np.ndarray = self._algorithm.ask().get("X")
        return points

    def tell(self, points: np.ndarray, results: Results) -> None:
        """Take the results of a generation."""
        valid = np.isfinite(results.costs).all(axis=1)
        if valid.any():
            self._algorithm.tell(
                infills=Population.new("X", points[valid], "F", results.costs[valid])
            )

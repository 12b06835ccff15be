"""What the hunt loop and a strategy say to each other.

A strategy is deterministic: its seed and what it was told determine every point that it asks, so
an interrupted hunt resumes by replaying the ledger. `tell` follows every `ask`, with its points.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from engine.errors import SettingsError


@dataclass(frozen=True)
class Results:
    """What came of the n points of one `ask`; a row of NaN where a candidate failed.

    Attributes:
        costs: (n, m), one column an objective, smaller is better.
        behaviour: (n, 2), defects per unit area and log₁₀ of the H-norm: what kind of run it was.
        gradient: (n, d), of a smooth stand-in for the first cost, in coordinates of the cube;
            NaN throughout unless the strategy `wants_gradient`. A failed candidate may have one.
    """

    costs: np.ndarray
    behaviour: np.ndarray
    gradient: np.ndarray


class Strategy(Protocol):
    """Proposes points of the unit cube.

    Attributes:
        wants_gradient: whether the hunt has to compute gradients, at several times the time.
    """

    wants_gradient: bool

    def ask(self) -> np.ndarray:
        """The next generation, (n, d), each in [0, 1]; n is the population at every call."""
        ...

    def tell(self, points: np.ndarray, results: Results) -> None:
        """Take what came of it."""
        ...


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a strategy is made for.

    Attributes:
        dimensions: number d of searched keys.
        population: candidates n of a generation.
        objectives: number m of costs.
        seed: of its random numbers.
    """

    dimensions: int
    population: int
    objectives: int
    seed: int


Maker = Callable[[Task], Strategy]
"""What an entry point of the group `irer.strategies` loads to; a class with `Task` will do.

It raises `SettingsError` for a task that it cannot do, such as more than one objective.
"""


def check_single(task: Task, name: str) -> None:
    """Refuse a task of several objectives.

    Raises:
        SettingsError: it has several.
    """
    if task.objectives > 1:
        raise SettingsError(
            f"objectives: got {task.objectives}, expected one: {name} seeks a single objective; "
            "leave one, or choose strategy nsga2.",
            field="objectives",
        )

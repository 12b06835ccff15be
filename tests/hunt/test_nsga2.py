import numpy as np

from engine.hunt.strategies.contract import Results, Task
from engine.hunt.strategies.nsga2 import Nsga2


def told(costs: np.ndarray) -> Results:
    unknown = np.full((len(costs), 2), np.nan)
    return Results(costs, unknown, np.full((len(costs), 3), np.nan))


def two_bowls(points: np.ndarray) -> np.ndarray:
    return np.stack([((points - at) ** 2).sum(axis=1) for at in (0.3, 0.6)], axis=1)


def strategy(population: int) -> Nsga2:
    return Nsga2(Task(dimensions=3, population=population, objectives=2, seed=1))


def test_a_failed_candidate_enters_no_population_however_few_the_others_are():
    search = strategy(8)
    failed = np.arange(8) != 2
    asked: list[np.ndarray] = []
    for _ in range(5):
        points = search.ask()
        asked.extend(points[failed])
        costs = two_bowls(points)
        costs[failed] = np.nan
        search.tell(points, told(costs))
        parents = search.parents
        assert not (parents[:, None] == np.array(asked)).all(axis=2).any()
    assert len(parents) == 5


def test_a_candidate_that_lacks_one_of_its_costs_has_failed():
    search = strategy(8)
    points = search.ask()
    costs = two_bowls(points)
    costs[3, 1] = np.nan
    search.tell(points, told(costs))
    assert len(search.parents) == 7


def test_the_population_ends_on_the_front_between_two_bowls():
    search = strategy(20)
    for _ in range(40):
        points = search.ask()
        search.tell(points, told(two_bowls(points)))
    front = search.parents
    assert np.ptp(front, axis=1).max() < 0.15  # on the diagonal
    assert front.mean(axis=1).min() < 0.33
    assert front.mean(axis=1).max() > 0.57

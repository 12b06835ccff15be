import numpy as np
import pytest

from engine.hunt.strategies.contract import Results, Task
from engine.hunt.strategies.genetic import Genetic


def strategy(seed: int = 1, population: int = 20, dimensions: int = 3) -> Genetic:
    return Genetic(Task(dimensions=dimensions, population=population, objectives=1, seed=seed))


def told(fitness: np.ndarray) -> Results:
    unknown = np.full((len(fitness), 2), np.nan)
    return Results(-fitness[:, None], unknown, np.full((len(fitness), 3), np.nan))


def sphere(points: np.ndarray) -> np.ndarray:
    return -((points - 0.3) ** 2).sum(axis=1)


def history(search: Genetic, generations: int) -> list[np.ndarray]:
    asked = []
    for _ in range(generations):
        points = search.ask()
        asked.append(points)
        search.tell(points, told(sphere(points)))
    return asked


def test_the_same_seed_asks_the_same_points_and_another_seed_others():
    a, b, c = history(strategy(1), 5), history(strategy(1), 5), history(strategy(2), 5)
    assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
    assert not np.array_equal(a[0], c[0])


def test_points_stay_in_the_cube_and_are_new_in_every_generation():
    asked = history(strategy(), 20)
    points = np.vstack(asked)
    assert points.min() >= 0
    assert points.max() <= 1
    assert not np.array_equal(asked[0], asked[1])


def test_it_climbs_and_never_forgets_the_best():
    asked = history(strategy(), 30)
    best = [sphere(points).max() for points in asked]
    assert best[-1] > best[0]
    assert max(best) > -1e-3
    assert np.mean([sphere(points).mean() for points in asked[-3:]]) > sphere(asked[0]).mean()


def test_a_failed_candidate_never_becomes_a_parent():
    search = strategy(population=6)
    points = search.ask()
    fitness = np.full(6, np.nan)
    fitness[2] = 1.0
    search.tell(points, told(fitness))
    children = search.ask()
    # All children descend from member 2 alone: a coordinate is its own, or was mutated.
    kept = np.isclose(children, points[2])
    assert kept.any()
    assert not (np.isclose(children[:, None], points[[0, 1, 3, 4, 5]]) & ~kept[:, None]).any()


def test_a_generation_that_failed_whole_is_followed_by_a_fresh_one():
    search = strategy()
    points = search.ask()
    search.tell(points, told(np.full(20, np.nan)))
    again = search.ask()
    assert again.shape == points.shape
    assert not np.array_equal(again, points)


@pytest.mark.parametrize("infinite", [np.inf, -np.inf])
def test_an_infinite_fitness_is_a_failure_too(infinite):
    search = strategy(population=4)
    points = search.ask()
    search.tell(points, told(np.array([infinite, 1.0, 2.0, 3.0])))
    assert np.isfinite(search._fitness).all()

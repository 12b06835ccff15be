import numpy as np
import pytest

from engine.hunt.strategies.contract import Results, Task
from engine.hunt.strategies.gradient import PATIENCE, RATE, Gradient
from engine.hunt.strategies.sobol import Sequence


def strategy(population: int = 6) -> Gradient:
    return Gradient(Task(dimensions=3, population=population, objectives=1, seed=1))


def told(costs: np.ndarray, gradient: np.ndarray) -> Results:
    return Results(costs[:, None], np.full((len(costs), 2), np.nan), gradient)


def sphere(points: np.ndarray) -> np.ndarray:
    return ((points - 0.3) ** 2).sum(axis=1)


def test_every_place_goes_down_its_own_slope():
    search = strategy()
    points = search.ask()
    gradient = 2 * (points - 0.3)
    search.tell(points, told(sphere(points), gradient))
    assert np.allclose(search.ask() - points, -RATE * np.sign(gradient))


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_a_start_without_a_finite_gradient_goes_on_from_the_next_point_of_the_sequence(broken):
    search = strategy()
    points = search.ask()
    gradient = 2 * (points - 0.3)
    gradient[2, 1] = broken
    search.tell(points, told(sphere(points), gradient))
    following = search.ask()
    assert np.array_equal(following[2], Sequence(3, 1).draw(7)[6])
    assert np.abs(np.delete(following - points, 2, axis=0)).max() < 1.01 * RATE
    # It has forgotten the old slope: its first step is as long as any first step.
    search.tell(following, told(sphere(following), np.ones((6, 3))))
    assert np.allclose(search.ask()[2] - following[2], -RATE)


def test_a_failed_candidate_with_a_gradient_goes_on_along_it():
    search = strategy()
    points = search.ask()
    costs = sphere(points)
    costs[4] = np.nan
    search.tell(points, told(costs, np.ones((6, 3))))
    assert np.allclose(search.ask()[4] - points[4], -RATE)


def test_a_start_that_no_longer_improves_is_given_up_and_one_that_does_is_not():
    search = strategy()
    first = search.ask()
    for generation in range(PATIENCE + 1):
        points = search.ask()
        costs = np.full(6, 1.0)
        costs[3] = 0.9**generation
        search.tell(points, told(costs, np.full((6, 3), 1e-3)))
    moved = np.abs(search.ask() - first).max(axis=1)
    walked = np.abs(points[3] - first[3]).max()
    assert moved[3] < walked + 1.01 * RATE
    anew = np.array([(search.ask() == each).all(axis=1) for each in Sequence(3, 1).draw(11)[6:]])
    assert np.array_equal(anew.any(axis=0), np.arange(6) != 3)


def test_an_optimum_on_a_face_is_held():
    search = strategy()
    for generation in range(60):
        points = search.ask()
        ever_less = np.full(6, 0.9**generation)
        search.tell(points, told(ever_less, np.ones((6, 3))))
    assert (points == 0).all()
    assert (search.ask() == 0).all()

import numpy as np
import pytest
from scipy.stats import qmc

from engine.hunt.strategies.contract import Results, Task
from engine.hunt.strategies.sobol import Sequence, Sobol


@pytest.mark.parametrize("population", [1, 3, 10, 64])
def test_generations_continue_one_sequence(population):
    search = Sobol(Task(dimensions=3, population=population, objectives=2, seed=4))
    asked = []
    for _ in range(8):
        points = search.ask()
        asked.append(points)
        nothing = np.full((population, 2), np.nan)
        search.tell(points, Results(nothing, nothing, np.full_like(points, np.nan)))
    assert np.array_equal(np.vstack(asked), Sequence(3, 4).draw(8 * population))


def test_256_points_have_one_in_every_256th_of_an_axis():
    points = Sequence(10, 0).draw(256)
    for axis in points.T:
        assert np.array_equal(np.sort((axis * 256).astype(int)), np.arange(256))


def test_it_is_more_even_than_chance():
    chance = np.random.default_rng(0).random((500, 3))
    assert qmc.discrepancy(Sequence(3, 0).draw(500)) < qmc.discrepancy(chance) / 5


def test_no_points_are_no_points():
    sequence = Sequence(3, 0)
    assert sequence.draw(0).shape == (0, 3)
    assert np.array_equal(sequence.draw(5), Sequence(3, 0).draw(5))

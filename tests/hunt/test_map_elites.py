import numpy as np
import pytest

from engine.hunt.strategies.contract import Results, Task
from engine.hunt.strategies.map_elites import MapElites


def strategy(population: int = 10) -> MapElites:
    return MapElites(Task(dimensions=3, population=population, objectives=1, seed=1))


def told(costs: list[float], behaviour: list[tuple[float, float]]) -> Results:
    return Results(np.array(costs)[:, None], np.array(behaviour), np.full((len(costs), 3), np.nan))


def elites(search: MapElites) -> np.ndarray:
    """Costs of the archive, in order."""
    assert search._archive is not None
    return np.sort(-search._archive.data("objective"))


def test_the_best_of_every_kind_is_kept():
    search = strategy(4)
    kinds = [(0.0, -2.0), (0.0, -2.0), (0.01, 0.0), (0.01, 0.0)]
    search.tell(search.ask(), told([4.0, 1.0, 3.0, 2.0], kinds))
    assert np.array_equal(elites(search), [1.0, 2.0])


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_a_failed_candidate_or_one_without_a_behaviour_enters_no_archive(wrong):
    search = strategy(4)
    kinds = [(0.0, -2.0), (0.005, -1.0), (0.01, 0.0), (0.01, wrong)]
    search.tell(search.ask(), told([wrong, 1.0, 2.0, 0.0], kinds))
    assert np.array_equal(elites(search), [1.0, 2.0])


def test_the_grid_grows_to_what_it_has_not_seen_and_keeps_its_elites():
    search = strategy(2)
    search.tell(search.ask(), told([1.0, 2.0], [(0.0, -2.0), (0.01, 0.0)]))
    search.tell(search.ask(), told([3.0, 4.0], [(0.05, -1.0), (0.01, -9.0)]))
    assert np.array_equal(elites(search), [1.0, 2.0, 3.0, 4.0])
    assert np.allclose(search._low, (0.0, -9.0))
    assert np.allclose(search._high, (0.05, 0.0))


def test_a_small_step_outside_lets_the_grid_grow_by_half_its_span():
    search = strategy(2)
    search.tell(search.ask(), told([1.0, 2.0], [(0.0, -2.0), (0.01, 0.0)]))
    search.tell(search.ask(), told([1.0, 2.0], [(-1e-9, -2.0), (0.01, 0.001)]))
    assert np.allclose(search._low, (-0.005, -2.0))
    assert np.allclose(search._high, (0.01, 1.0))


def test_runs_that_are_all_of_one_kind_are_no_obstacle():
    search = strategy(2)
    for _ in range(3):
        search.tell(search.ask(), told([1.0, 2.0], [(0.0, -1.0), (0.0, -1.0)]))
    assert np.array_equal(elites(search), [1.0])

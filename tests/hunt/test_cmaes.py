import numpy as np
import pytest
from cma.boundary_handler import BoundTransform

from engine.hunt.strategies.cmaes import CmaEs, Fold
from engine.hunt.strategies.contract import Results, Task


def told(costs: np.ndarray) -> Results:
    unknown = np.full((len(costs), 2), np.nan)
    return Results(costs[:, None], unknown, np.full((len(costs), 3), np.nan))


def strategy(population: int = 12, dimensions: int = 3, seed: int = 1) -> CmaEs:
    return CmaEs(Task(dimensions=dimensions, population=population, objectives=1, seed=seed))


def sphere(points: np.ndarray) -> np.ndarray:
    return ((points - 0.3) ** 2).sum(axis=1)


def test_failures_rank_behind_all_others_so_that_the_mean_is_of_the_best_alone():
    search = strategy()
    points = search.ask()
    costs = sphere(points)
    worse = costs > np.median(costs)
    search.tell(points, told(np.where(worse, np.nan, costs)))
    full = strategy()
    full.tell(full.ask(), told(costs))
    assert np.array_equal(search._search.mean, full._search.mean)


def test_where_too_few_succeeded_the_mean_stays_until_enough_have():
    search = strategy()
    start = search._search.mean.copy()
    good = np.arange(12) < 2
    seen = []
    for _ in range(2):
        points = search.ask()
        seen.extend(points[good])
        search.tell(points, told(np.where(good, sphere(points), np.nan)))
        assert np.array_equal(search._search.mean, start)
    points = search.ask()
    seen.extend(points[good])
    search.tell(points, told(np.where(good, sphere(points), np.nan)))
    low, high = np.min(seen, axis=0), np.max(seen, axis=0)
    mean = search._search.boundary_handler.repair(search._search.mean)
    assert not np.array_equal(search._search.mean, start)
    assert ((low < mean) & (mean < high)).all()


@pytest.mark.parametrize("corner", [0.0, 1.0])
def test_an_optimum_in_a_corner_is_reached(corner):
    search = strategy()
    best = np.inf
    for _ in range(60):
        points = search.ask()
        costs = np.abs(points - corner).sum(axis=1)
        best = min(best, costs.min())
        search.tell(points, told(costs))
    assert best < 1e-6


@pytest.mark.parametrize(("population", "samples"), [(1, 7), (2, 8), (4, 8), (10, 10), (64, 64)])
def test_an_update_takes_whole_generations_and_at_least_what_cma_advises(population, samples):
    assert strategy(population)._samples == samples


def test_one_coordinate_alone_can_be_searched():
    search = strategy(dimensions=1)
    best = np.inf
    for _ in range(40):
        points = search.ask()
        best = min(best, sphere(points).min())
        search.tell(points, told(sphere(points)))
    assert best < 1e-10


def test_a_file_beside_the_hunt_cannot_change_its_options(tmp_path, monkeypatch):
    """By default cma obeys a file of this name in the working folder."""
    (tmp_path / "cma_signals.in").write_text("{'timeout': 0}")
    monkeypatch.chdir(tmp_path)
    search = strategy()
    points = search.ask()
    search.tell(points, told(sphere(points)))
    assert search._samples == 12


def test_the_fold_of_space_into_the_cube_is_cmas_number_for_number():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(3000, 4)) * 10 ** rng.uniform(-2, 3, size=(3000, 1))
    edges = np.array([-1.1, -0.6, -0.1, -0.05, 0, 0.05, 0.95, 1, 1.05, 1.1, 1.6, 2.1])
    ours, theirs = Fold([0, 1]), BoundTransform([0, 1])
    for point in [*points, edges]:
        assert np.array_equal(ours.repair(point), theirs.repair(point))

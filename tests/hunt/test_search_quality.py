"""Each strategy, behind the hunt's contract, searches as well as its library does by itself.

Landscapes of the unit cube with a minimum of 0. The measure of a search is the decades by which
its best cost lies below that of a usual point, log₁₀ c₀ / (c + 10⁻¹⁰), and for ZDT1 the
hypervolume. Its mean over the seeds has to reach 90 % of the library's at the same budget. NSGA-II
and CMA-ES are even the library's own runs, point for point, while nothing fails.
"""

import math
from collections.abc import Callable
from typing import Any

import cma
import numpy as np
import optax
import pytest
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.problem import Problem
from pymoo.indicators.hv import HV
from pymoo.optimize import minimize
from ribs.archives import GridArchive
from ribs.emitters import IsoLineEmitter
from ribs.schedulers import Scheduler
from scipy.stats import qmc

from engine.hunt.strategies import Results, make_strategy
from engine.hunt.strategies.map_elites import CELLS, ISO_SIGMA, LINE_SIGMA
from engine.settings import HuntSettings, RunConfig

DIMENSIONS, POPULATION, GENERATIONS = 3, 20, 60
BUDGET = POPULATION * GENERATIONS
SEEDS = {"nsga2": 3, "cmaes": 3, "map_elites": 20, "sobol": 100, "gradient": 20}
"""So many runs that their mean is known to a few per cent; where runs are equal, a few will do."""

CONVERGED = 1e-10

Costs = Callable[[np.ndarray], np.ndarray]


def sphere(points: np.ndarray) -> np.ndarray:
    return ((points - 0.3) ** 2).sum(axis=-1)


def rastrigin(points: np.ndarray) -> np.ndarray:
    x = 5.12 * (points - 0.3)
    return (x**2 - 10 * np.cos(2 * np.pi * x) + 10).sum(axis=-1)


def zdt1(points: np.ndarray) -> np.ndarray:
    first, rest = points[:, 0], points[:, 1:]
    g = 1 + 9 * rest.mean(axis=1)
    return np.stack([first, g * (1 - np.sqrt(first / g))], axis=1)


def slope(costs: Costs, points: np.ndarray) -> np.ndarray:
    """Central differences, shape (n, d)."""
    steps = 1e-6 * np.eye(DIMENSIONS)
    return np.stack([(costs(points + h) - costs(points - h)) / 2e-6 for h in steps], axis=1)


def behaviour(points: np.ndarray) -> np.ndarray:
    """Defect densities up to 0.01 and H-norms over two decades, as a hunt has them."""
    return np.stack([0.01 * points[:, 0] * points[:, 1], -2 * points[:, -1]], axis=1)


BEHAVIOURS = [(0.0, 0.01), (-2.0, 0.0)]


def hunted(name: str, costs: Costs, seed: int, generations: int = GENERATIONS) -> np.ndarray:
    """Every point that a strategy asks in a hunt, in order."""
    strategy = make_strategy(
        HuntSettings(
            strategy=name,
            population_size=POPULATION,
            objectives="fidelity,stability" if costs is zdt1 else "fidelity",
            base=RunConfig(seed=seed),
        )
    )
    asked = []
    for _ in range(generations):
        points = strategy.ask()
        asked.append(points)
        found = costs(points)
        gradient = slope(costs, points) if strategy.wants_gradient else np.full_like(points, np.nan)
        strategy.tell(points, Results(found.reshape(len(points), -1), behaviour(points), gradient))
    return np.vstack(asked)


def by_pymoo(costs: Costs, seed: int) -> np.ndarray:
    asked = []

    class Landscape(Problem):
        def _evaluate(self, points: np.ndarray, out: dict[str, Any], **kwargs: Any) -> None:
            asked.append(points)
            out["F"] = costs(points)

    objectives = 2 if costs is zdt1 else 1
    problem = Landscape(n_var=DIMENSIONS, n_obj=objectives, xl=0.0, xu=1.0)
    minimize(problem, NSGA2(pop_size=POPULATION), ("n_gen", GENERATIONS), seed=seed)
    return np.vstack(asked)


def by_cma(costs: Costs, seed: int, generations: int = GENERATIONS) -> np.ndarray:
    """With restarts at random points and twice the samples, as cma's `fmin2(incpopsize=2)`."""
    chance = np.random.default_rng(seed)
    mean, samples, asked = np.full(DIMENSIONS, 0.5), POPULATION, []
    budget = POPULATION * generations
    while len(asked) < budget:
        options = {
            "bounds": [0, 1],
            "popsize": samples,
            "randn": lambda *shape: chance.standard_normal(shape),
            "verbose": -9,
        }
        search = cma.CMAEvolutionStrategy(mean, 0.25, options)
        while not search.stop() and len(asked) < budget:
            points = search.ask()
            asked.extend(points)
            search.tell(points, list(costs(np.array(points))))
        mean, samples = chance.random(DIMENSIONS), 2 * samples
    return np.array(asked[:budget])


def by_ribs(costs: Costs, seed: int) -> np.ndarray:
    archive = GridArchive(solution_dim=DIMENSIONS, dims=CELLS, ranges=BEHAVIOURS, seed=seed)
    emitter = IsoLineEmitter(
        archive,
        iso_sigma=ISO_SIGMA,
        line_sigma=LINE_SIGMA,
        initial_solutions=np.random.default_rng(seed).random((POPULATION, DIMENSIONS)),
        lower_bounds=np.zeros(DIMENSIONS),
        upper_bounds=np.ones(DIMENSIONS),
        batch_size=POPULATION,
        seed=seed + 1,
    )
    scheduler = Scheduler(archive, [emitter])
    asked = []
    for _ in range(GENERATIONS):
        points = scheduler.ask()
        asked.append(points)
        scheduler.tell(-costs(points), behaviour(points))
    return np.vstack(asked)


def by_scipy(costs: Costs, seed: int) -> np.ndarray:
    sequence = qmc.Sobol(DIMENSIONS, rng=np.random.default_rng(1000 + seed))
    return sequence.random_base2(math.ceil(math.log2(BUDGET)))[:BUDGET]


def by_optax(costs: Costs, seed: int) -> np.ndarray:
    adam = optax.adam(0.02)
    points = np.random.default_rng(seed).random((POPULATION, DIMENSIONS))
    state, asked = adam.init(points), []
    for _ in range(GENERATIONS):
        asked.append(points)
        step, state = adam.update(slope(costs, points), state)
        points = np.clip(points + np.asarray(step), 0.0, 1.0)
    return np.vstack(asked)


LIBRARIES = {
    "nsga2": by_pymoo,
    "cmaes": by_cma,
    "map_elites": by_ribs,
    "sobol": by_scipy,
    "gradient": by_optax,
}


def decades(costs: Costs, points: np.ndarray) -> float:
    """How far the best of some points lies below a usual one."""
    usual = np.median(costs(np.random.default_rng(0).random((1000, DIMENSIONS))))
    return math.log10(usual / (costs(points).min() + CONVERGED))


def hypervolume(points: np.ndarray) -> float:
    return float(HV(ref_point=np.array([1.1, 1.1]))(zdt1(points)))


def quality_diversity(points: np.ndarray) -> float:
    """Σ over the kinds that were found of the share of a usual cost that their best saves."""
    low, high = np.array(BEHAVIOURS).T
    cells = ((behaviour(points) - low) / (high - low) * CELLS).astype(int)
    kinds = np.ravel_multi_index(np.minimum(cells, np.array(CELLS) - 1).T, CELLS)
    best = np.full(np.prod(CELLS), np.inf)
    np.minimum.at(best, kinds, sphere(points))
    return float(np.maximum(0, 1 - best / sphere(np.zeros(DIMENSIONS) + 1)).sum())


def compared(measure: Callable[[np.ndarray], float], name: str, costs: Costs) -> None:
    seeds = range(SEEDS[name])
    ours = np.mean([measure(hunted(name, costs, seed)) for seed in seeds])
    theirs = np.mean([measure(LIBRARIES[name](costs, seed)) for seed in seeds])
    print(f"{name} on {costs.__name__}: {ours:.3f}, its library by itself {theirs:.3f}")
    assert ours > 0.9 * theirs


@pytest.mark.parametrize("costs", [sphere, rastrigin])
@pytest.mark.parametrize("name", LIBRARIES)
def test_it_comes_as_low_as_its_library(name, costs):
    compared(lambda points: decades(costs, points), name, costs)


@pytest.mark.parametrize("name", ["nsga2", "sobol"])
def test_it_spans_as_much_of_a_front_as_its_library(name):
    compared(hypervolume, name, zdt1)


def test_map_elites_finds_as_many_kinds_as_its_library_although_it_learns_their_range():
    compared(quality_diversity, "map_elites", sphere)


@pytest.mark.parametrize(
    ("name", "costs"),
    [("nsga2", sphere), ("nsga2", zdt1), ("cmaes", sphere), ("cmaes", rastrigin)],
)
def test_while_nothing_fails_it_is_the_librarys_own_run(name, costs):
    assert np.array_equal(hunted(name, costs, 3), LIBRARIES[name](costs, 3))


def test_converged_cmaes_starts_again_elsewhere_with_twice_the_samples():
    points = hunted("cmaes", rastrigin, 0, generations=250)
    assert np.array_equal(points, by_cma(rastrigin, 0, generations=250))
    spread = points.reshape(250, POPULATION, DIMENSIONS).std(axis=1).max(axis=1)
    narrow = int((spread < 1e-4).argmax())
    assert spread[narrow] < 1e-4
    assert (spread[narrow:] > 0.1).any()

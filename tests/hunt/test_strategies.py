"""What holds for every strategy that ships."""

import dataclasses
import itertools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.errors import SettingsError
from engine.hunt.strategies import Results, Strategy, make_strategy, strategy_names
from engine.settings import HuntSettings, RunConfig

ROOT = Path(__file__).parents[2]
NAMES = strategy_names()
SINGLE = [name for name in NAMES if name not in ("nsga2", "sobol")]
FORGETFUL = ["sobol", "gradient"]
"""Those whose points descend from no other candidate's."""

SEARCHES = {
    1: "param_sigma_k=off param_alpha=off",
    3: "",
    10: "epsilon=0:1 diffusion=0:1 dispersion=0:1 saturation=0:1 nonlinear_dispersion=0:1 "
    "sdg_tau=0:1 sdg_length=0:1",
}


def make(name: str, *, seed: int = 1, population: int = 12, dimensions: int = 3) -> Strategy:
    return make_strategy(
        HuntSettings(
            strategy=name,
            population_size=population,
            search=SEARCHES[dimensions],
            base=RunConfig(seed=seed),
        )
    )


def bowl(points: np.ndarray, name: str, failed: np.ndarray | None = None) -> Results:
    """A bowl around 0.3, and for nsga2 a second around 0.6; NaN throughout where it failed."""
    centres = (0.3, 0.6) if name == "nsga2" else (0.3,)
    costs = np.stack([((points - at) ** 2).sum(axis=1) for at in centres], axis=1)
    behaviour = np.stack([points[:, 0] * 0.01, -points[:, -1]], axis=1)
    gradient = 2 * (points - 0.3)
    if failed is not None:
        for each in (costs, behaviour, gradient):
            each[failed] = np.nan
    return Results(costs, behaviour, gradient)


def asked(strategy: Strategy, name: str, generations: int, share: float = 0.3) -> np.ndarray:
    """All points of a hunt in which a share of the candidates fails."""
    chance = np.random.default_rng(5)
    history = []
    for _ in range(generations):
        points = strategy.ask()
        history.append(points)
        strategy.tell(points, bowl(points, name, chance.random(len(points)) < share))
    return np.array(history)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dimensions", SEARCHES)
@pytest.mark.parametrize("population", [1, 2, 3, 10, 64])
def test_a_generation_is_whole_and_inside_the_cube(name, population, dimensions):
    strategy = make(name, population=population, dimensions=dimensions)
    points = asked(strategy, name, 40)
    assert points.shape == (40, population, dimensions)
    assert points.dtype == np.float64
    assert points.min() >= 0
    assert points.max() <= 1


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_asks_the_same_points_and_another_seed_others(name):
    np.random.seed(0)  # a state that must not matter
    first = asked(make(name), name, 30)
    np.random.seed(1)
    before = np.random.get_state()[1].copy()
    again = asked(make(name), name, 30)
    assert np.array_equal(first, again)
    assert np.array_equal(np.random.get_state()[1], before)
    assert not np.isin(first[0], asked(make(name, seed=2), name, 1)[0]).any()


@pytest.mark.parametrize("name", NAMES)
def test_another_process_asks_the_same_points_bit_for_bit(name):
    code = (
        "import sys, numpy as np\n"
        "from tests.hunt.test_strategies import asked, make\n"
        f"sys.stdout.write(asked(make({name!r}), {name!r}, 60).tobytes().hex())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == asked(make(name), name, 60).tobytes().hex()


@pytest.mark.parametrize("name", NAMES)
def test_two_hunts_side_by_side_do_not_disturb_each_other(name):
    alone = asked(make(name), name, 10)
    one, other = make(name), make(name, seed=9)
    chance = np.random.default_rng(5)
    for generation in alone:
        points = one.ask()
        assert np.array_equal(points, generation)
        asked(other, name, 1)
        one.tell(points, bowl(points, name, chance.random(len(points)) < 0.3))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("good", [0, 5])
def test_generations_that_failed_whole_are_survived(name, good):
    strategy = make(name)
    asked(strategy, name, good)
    seen = [strategy.ask()]
    for _ in range(5):
        strategy.tell(seen[-1], bowl(seen[-1], name, np.full(12, True)))
        seen.append(strategy.ask())
    assert np.isfinite(seen).all()
    assert all(not np.array_equal(a, b) for a, b in itertools.pairwise(seen))
    strategy.tell(seen[-1], bowl(seen[-1], name))
    assert np.isfinite(strategy.ask()).all()


@pytest.mark.parametrize("name", NAMES)
def test_what_a_failed_candidate_was_makes_no_difference(name):
    """Failed candidates at the optimum, or anywhere else: the next generation is the same."""

    def after(shift: float) -> np.ndarray:
        strategy = make(name)
        failed = np.arange(12) % 3 == 0
        history = []
        for _ in range(12):
            points = strategy.ask()
            history.append(points.copy())
            results = bowl(points, name, failed)
            points[failed] = np.clip(points[failed] + shift, 0, 1)
            strategy.tell(points, results)
        return np.array(history)

    assert np.array_equal(after(0.0), after(0.4))


@pytest.mark.parametrize("name", [name for name in NAMES if name not in FORGETFUL])
def test_no_search_goes_where_all_candidates_fail(name):
    """A region that fails everywhere, beside the optimum, is asked less and less."""
    strategy = make(name, population=24)
    shares = []
    for _ in range(40):
        points = strategy.ask()
        failed = points[:, 0] > 0.5
        shares.append(failed.mean())
        strategy.tell(points, bowl(points, name, failed))
    assert np.mean(shares[:2]) > 0.25
    assert np.mean(shares[-5:]) < 0.15


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("infinite", [np.inf, -np.inf])
def test_an_infinite_cost_is_a_failure_too(name, infinite):
    def after(value: float) -> np.ndarray:
        strategy = make(name)
        for _ in range(25):
            points = strategy.ask()
            results = bowl(points, name)
            results.costs[2] = value
            strategy.tell(points, results)
        return strategy.ask()

    assert np.array_equal(after(infinite), after(np.nan))


@pytest.mark.parametrize("name", [name for name in NAMES if name != "sobol"])
def test_it_finds_the_bottom_of_a_bowl(name):
    strategy = make(name, population=20)
    costs = []
    for _ in range(40):
        points = strategy.ask()
        results = bowl(points, name)
        costs.append(results.costs[:, 0].min())
        strategy.tell(points, results)
    assert min(costs) < min(costs[0] / 10, 3e-3)


@pytest.mark.parametrize("name", SINGLE)
def test_several_objectives_are_refused_where_one_is_sought(name):
    with pytest.raises(SettingsError, match=rf"objectives: got 2.*{name} seeks a single"):
        make_strategy(HuntSettings(strategy=name, objectives="fidelity,stability"))


@pytest.mark.parametrize("name", ["nsga2", "sobol"])
@pytest.mark.parametrize("objectives", ["fidelity", "fidelity,stability,evidence"])
def test_one_objective_or_three_are_taken(name, objectives):
    settings = HuntSettings(strategy=name, objectives=objectives, population_size=10)
    strategy = make_strategy(settings)
    for _ in range(5):
        points = strategy.ask()
        costs = np.stack([((points - at) ** 2).sum(axis=1) for at in (0.2, 0.5, 0.8)], axis=1)
        results = bowl(points, name)
        strategy.tell(points, dataclasses.replace(results, costs=costs[:, : len(settings.sought)]))
    assert strategy.ask().shape == (10, 3)


@pytest.mark.parametrize("name", NAMES)
def test_only_gradient_descent_asks_for_gradients(name):
    assert make(name).wants_gradient is (name == "gradient")

"""What a strategy itself costs a hunt: ask and tell of a generation, and a long hunt's replay."""

import statistics
import time

import numpy as np

from engine.hunt.strategies import Results, Strategy, make_strategy, strategy_names
from engine.settings import HuntSettings

POPULATION = 64
SPARED, TIMED = 10, 100
REPLAYED = 1000
SEARCHED = (
    "param_kappa",
    "param_sigma_k",
    "param_alpha",
    "epsilon",
    "diffusion",
    "dispersion",
    "saturation",
    "nonlinear_dispersion",
    "sdg_tau",
    "sdg_length",
)
"""The three classical keys and seven more."""


def main() -> None:
    print(f"strategies, generations of {POPULATION}, one in 20 candidates failed")
    print("                 ask + tell, median (and longest), ms        replay of 1,000")
    print("                 3 keys              10 keys                 generations, 3 keys, s")
    for name in strategy_names():
        few, many = (generation_times(make(name, d), SPARED + TIMED)[SPARED:] for d in (3, 10))
        replay = sum(generation_times(make(name, 3), REPLAYED))
        print(f"  {name:<14} {in_ms(few):<19} {in_ms(many):<23} {replay:.2f}")
    print("  wanted: under 5 ms, under 10 s")


def make(name: str, dimensions: int) -> Strategy:
    more = " ".join(f"{key}=0.1:1" for key in SEARCHED[3:dimensions])
    return make_strategy(HuntSettings(strategy=name, population_size=POPULATION, search=more))


def generation_times(strategy: Strategy, generations: int) -> list[float]:
    """Seconds that the strategy took for each generation, the landscape's own left out."""
    rng = np.random.default_rng(0)
    times = []
    for _ in range(generations):
        began = time.perf_counter()
        points = strategy.ask()
        taken = time.perf_counter() - began
        results = landscape(points, rng)
        began = time.perf_counter()
        strategy.tell(points, results)
        times.append(taken + time.perf_counter() - began)
    return times


def landscape(points: np.ndarray, rng: np.random.Generator) -> Results:
    """Two bowls, the second for NSGA-II alone, which a hunt gives two objectives."""
    bowls = [((points - at) ** 2).sum(axis=1) for at in (0.3, 0.6)]
    costs = np.stack(bowls, axis=1)
    behaviour = np.stack([points[:, 0] * 0.01, -3 * points[:, 1]], axis=1)
    gradient = 2 * (points - 0.3)
    failed = rng.random(len(points)) < 0.05
    for each in (costs, behaviour, gradient):
        each[failed] = np.nan
    return Results(costs, behaviour, gradient)


def in_ms(times: list[float]) -> str:
    return f"{1e3 * statistics.median(times):.2f} ({1e3 * max(times):.1f})"

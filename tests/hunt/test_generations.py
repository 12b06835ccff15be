"""Best, median and spread by generation: closed forms, and what a failure does to them."""

import numpy as np
import pytest
from table_samples import table_of

from engine.hunt.generations import by_generation
from engine.hunt.table import FITNESS, H_NORM, SSE, HuntTable

NAN = float("nan")


def test_each_generation_has_its_best_its_quartiles_and_its_counts():
    found = by_generation(table_of(fitness=[1, 5, 3, 9, 7, 8]), FITNESS)
    assert found.number.tolist() == [1, 2]
    assert found.best.tolist() == [5, 9]
    assert found.median.tolist() == [3, 8]
    assert (found.low.tolist(), found.high.tolist()) == ([2, 7.5], [4, 8.5])
    assert found.winner.tolist() == [1, 3]
    assert found.runs.tolist() == [3, 3]
    assert found.failed.tolist() == [0, 0]


def test_a_failed_run_is_counted_and_enters_no_figure():
    statuses = ["ok", "diverged", "ok", "diverged", "too_few_peaks", "diverged"]
    figures = [1, NAN, 3, NAN, NAN, NAN]
    found = by_generation(table_of(fitness=figures, statuses=statuses), FITNESS)
    assert found.median[0] == 2
    assert np.isnan([found.best[1], found.median[1], found.low[1], found.high[1]]).all()
    assert found.failed.tolist() == [1, 3]
    assert found.winner.tolist() == [2, -1]
    assert found.best_so_far.tolist() == [3, 3]


def test_of_a_figure_that_should_be_small_the_smallest_is_best():
    found = by_generation(table_of(log_prime_sse=[3, 1, 2, 6, 5, 4]), SSE)
    assert found.best.tolist() == [1, 4]
    assert found.best_so_far.tolist() == [1, 1]


def test_generations_come_in_order_whatever_the_order_of_commit():
    found = by_generation(table_of(fitness=[1, 2, 3], generation=[3, 1, 2]), FITNESS)
    assert found.number.tolist() == [1, 2, 3]
    assert found.best.tolist() == [2, 3, 1]


def test_no_runs_have_no_generations():
    assert len(by_generation(HuntTable(), FITNESS)) == 0


def test_quartiles_are_those_of_numpy_on_any_sample():
    values = np.random.default_rng(0).lognormal(size=30)
    found = by_generation(table_of(fitness=values, generation=np.ones(30)), FITNESS)
    assert found.low[0] == pytest.approx(np.percentile(values, 25))
    assert found.high[0] == pytest.approx(np.percentile(values, 75))


def test_the_h_norm_of_a_run_without_a_score_enters_no_figure():
    statuses = ["ok", "too_few_peaks", "ok"]
    found = by_generation(table_of(sdg_h_norm_l2=[3, 1, 5], statuses=statuses), H_NORM)
    assert (found.best[0], found.median[0]) == (3, 4)

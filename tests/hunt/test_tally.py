import numpy as np
import pytest

from engine.hunt.fitness import costs, fitness
from engine.hunt.tally import Outcome, replicate_seeds, results_of, spread_of
from engine.settings import RunConfig
from engine.store.run_row import RunRow


def ok(sse: float = 0.5, h_norm: float = 0.01, defects: float = 0.0, **columns) -> RunRow:
    return RunRow(
        config=RunConfig(),
        status="ok",
        log_prime_sse=sse,
        sdg_h_norm_l2=h_norm,
        defect_density=defects,
        **columns,
    )


def outcome(row: RunRow, gradient=None) -> Outcome:
    return Outcome(row, fitness(row, "stability"), gradient)


FAILED = RunRow(config=RunConfig(), status="diverged")


def test_objectives_and_their_costs():
    row = ok(0.5, 0.01, p_phase_scramble=0.2, p_target_shuffle=1e-3)
    assert fitness(row, "stability") == pytest.approx(2)
    assert fitness(row, "evidence") == pytest.approx(-np.log10(0.2)), "the weaker of the two"
    assert costs(row, ("stability",)) == (pytest.approx(-2),)
    assert costs(row, ("fidelity", "stability")) == (0.5, 0.01)
    assert costs(row, ("evidence", "fidelity")) == (pytest.approx(np.log10(0.2)), 0.5)
    assert costs(ok(), ("evidence",)) is None, "a score without both p-values bears nothing out"
    assert fitness(FAILED, "stability") is None
    assert costs(FAILED, ("fidelity", "stability")) is None


def test_a_candidate_counts_by_the_median_of_its_seeds():
    rows = [ok(h_norm=h, defects=d) for h, d in ((1e-2, 1.0), (1e-4, 2.0), (1e-3, 4.0))]
    told = results_of([[outcome(row) for row in rows]], ("stability",), 2)
    assert told.costs[0, 0] == pytest.approx(-3)
    assert told.behaviour[0] == pytest.approx([2.0, -3.0])
    assert np.isnan(told.gradient).all()


@pytest.mark.parametrize(
    ("failures", "cost"), [(1, -2.0), (2, np.nan), (3, np.nan)], ids=["1 of 3", "2 of 3", "all"]
)
def test_a_failed_seed_is_worse_than_any_other_and_no_number(failures, cost):
    rows = [FAILED] * failures + [ok(h_norm=h) for h in (1e-2, 1e-4)][: 3 - failures]
    told = results_of([[outcome(row) for row in rows]], ("stability",), 2)
    assert told.costs[0, 0] == pytest.approx(cost, nan_ok=True)


def test_the_spread_over_seeds_has_failures_below_every_number():
    assert spread_of([3.0, 1.0, 2.0]) == {
        "seeds": 3, "failed": 0, "median": 2.0, "lowest": 1.0, "highest": 3.0,
    }  # fmt: skip
    some = spread_of([3.0, None, 2.0])
    assert (some["failed"], some["median"], some["lowest"]) == (1, 2.0, None)
    assert spread_of([None, None, 5.0])["median"] is None


def test_half_failed_has_failed():
    told = results_of([[outcome(ok()), outcome(FAILED)]], ("stability",), 2)
    assert np.isnan(told.costs).all()


def test_a_failure_that_was_told_stays_one_though_the_run_was_repaired_since():
    told = results_of([[Outcome(ok(), None)]], ("stability",), 2)
    assert np.isnan(told.costs).all()
    assert np.isnan(told.behaviour).all()


def test_gradients_are_the_mean_over_the_seeds_that_have_one():
    rows = [outcome(ok(), [1.0, 2.0]), outcome(FAILED, [3.0, 6.0]), outcome(ok())]
    told = results_of([rows], ("stability",), 2)
    assert told.gradient[0] == pytest.approx([2.0, 4.0])


def test_the_seeds_of_a_generation_are_common_new_each_time_and_one_is_the_hunts_own():
    assert replicate_seeds(42, 3, 1) == [42]
    third = replicate_seeds(42, 3, 4)
    assert third == replicate_seeds(42, 3, 4)
    assert len({*third, *replicate_seeds(42, 4, 4)}) == 8

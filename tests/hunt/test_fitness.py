import pytest

from engine.hunt.fitness import fidelity
from engine.settings import FAILURES, RunConfig
from engine.store.run_row import RunRow


def row(**columns) -> RunRow:
    return RunRow(config=RunConfig(), **{"status": "ok", **columns})


def test_it_is_the_classical_formula():
    assert fidelity(
        row(log_prime_sse=0.5, sse_null_phase_scramble=0.8, sse_null_target_shuffle=0.3)
    ) == pytest.approx(2.0 + 0.1 * 0.3)


def test_a_perfect_score_is_finite():
    assert fidelity(row(log_prime_sse=0.0)) == pytest.approx(1e12)


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_has_no_fitness(failure):
    assert fidelity(row(status=failure)) is None

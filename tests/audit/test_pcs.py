"""pcs_score: every gain and loss of Q accounted for."""

import numpy as np
import pytest
from audit_runs import honest_result, noise, small_config

from engine.audit.evolution import follow, q_coherence
from engine.audit.pcs import pcs_score
from engine.settings import RunConfig

FMIA = {"model": "fmia", "epsilon": 0.0, "diffusion": 0.0, "nonlinear_dispersion": 1.0}


def score(c: RunConfig, factor: float = 1.0) -> float:
    """The score of an honest run whose final field was multiplied by a factor."""
    run = honest_result(c)
    found = follow(run.checkpoint_psi, run.checkpoint_rho_s, c, run.t_end - run.checkpoint_t)
    return pcs_score(run.checkpoint_psi, factor * run.psi, found, c)


@pytest.mark.parametrize(
    "changes", [{}, FMIA, {"param_alpha": 1.0}, {"source_amplitude": 0.5}, {"T_steps": 7}]
)
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_honest_evolution_scores_one_to_four_digits(changes, precision):
    assert score(small_config(precision=precision, **changes)) == pytest.approx(1, abs=5e-5)


@pytest.mark.parametrize("changes", [{}, FMIA])
def test_a_final_field_that_was_scaled_does_not(changes):
    c = small_config(**changes)
    assert score(c, 1.001) < 0.9995
    assert score(c, 1.001) > score(c, 1.1)
    assert score(c, 10.0) < 0.1


def test_fast_decay_of_fine_ripples_is_accounted_for():
    """On a fine grid noise decays at once; the evolution is exact then, and the balance must be."""
    c = small_config(N_grid=128, diffusion=0.5, epsilon=0.1, precision="float64")
    psi, rho_s = follow_noise(c, 0.4)
    found = follow(psi, rho_s, c, 2.0)
    assert q_coherence(found.psi, c) < 0.5 * q_coherence(psi, c)
    assert pcs_score(psi, found.psi, found, c) == pytest.approx(1, abs=2e-5)


def follow_noise(c: RunConfig, duration: float):
    start = follow(*noise(c), c, duration)
    return start.psi, start.rho_s


def test_score_is_what_is_unexplained_over_the_turnover():
    c = small_config()
    run = honest_result(c)
    found = follow(run.checkpoint_psi, run.checkpoint_rho_s, c, 2.0)
    q = q_coherence(run.psi, c)
    expected = 1 - (1.01**2 - 1) * q / max(found.gross, 0.01 * 1.01**2 * q)
    assert score(c, 1.01) == pytest.approx(expected, abs=1e-5)


def test_q_is_the_integral_of_rho():
    c = small_config(N_grid=32, domain_length=8.0)
    assert q_coherence(np.full((32, 32), 0.5j), c) == pytest.approx(0.25 * 64)


def test_empty_field_with_nothing_to_gain_scores_one():
    c = small_config()
    empty, rho_s = np.zeros((c.N_grid, c.N_grid), complex), np.ones((c.N_grid, c.N_grid))
    found = follow(empty, rho_s, c, 2.0)
    assert pcs_score(empty, empty, found, c) == 1.0

"""The advice on dt, against runs that blow up and runs that do not."""

import dataclasses
import math

import numpy as np
import pytest

from engine.physics.simulate import simulate_batch
from engine.settings import RunConfig
from engine.stability import largest_stable_dt

SETTINGS = {"N_grid": 32, "domain_length": 16.0, "precision": "float64"}


def test_flat_space_and_gentle_curvature_allow_any_step_for_diffusion():
    base = {
        **SETTINGS,
        "dt": 50.0,
        "dispersion": 0.0,
        "saturation": 0.0,
        "param_kappa": 0.0,
        "epsilon": 0.0,
    }
    flat = RunConfig(**base, param_alpha=0.0)
    assert largest_stable_dt(flat, 1.0) == 50.0
    gentle = RunConfig(**base, param_alpha=1.0)  # Ω⁻² = 1.9
    assert largest_stable_dt(gentle, 0.9) == 50.0
    assert largest_stable_dt(gentle, 1.3) < 5.0


@pytest.mark.parametrize("ansatz", ["power", "exponential"])
def test_a_finer_grid_and_a_denser_field_need_a_smaller_step(ansatz):
    c = RunConfig(**SETTINGS, param_alpha=2.0, dt=1.0, metric_ansatz=ansatz)
    allowed = largest_stable_dt(c, 1.0)
    assert 0 < allowed < 1.0
    finer = largest_stable_dt(dataclasses.replace(c, N_grid=64), 1.0)
    assert finer == pytest.approx(allowed / 4, rel=0.2)
    assert largest_stable_dt(c, 3.0) < allowed


def test_no_config_is_too_wild_for_an_estimate():
    wild = RunConfig(
        param_alpha=4.0, sdg_coupling=100.0, N_grid=65_536, domain_length=1e-3, dt=100.0,
        metric_ansatz="exponential", epsilon=10.0,
    )  # fmt: skip
    assert math.isfinite(largest_stable_dt(wild, 1e4))


def test_steps_above_the_estimate_blow_up_and_steps_below_do_not():
    """Around a uniform state that stands still but for the metric's own stiffness."""
    c = RunConfig(
        **SETTINGS, epsilon=1.0, saturation=1.0, param_alpha=2.0, sdg_coupling=2.0, dt=1.0,
        dispersion=0.0, T_steps=2000, sdg_tau=0.5,
    )  # fmt: skip
    allowed = largest_stable_dt(c, c.epsilon / c.saturation)

    def final(share):
        dt = share * allowed
        (run,) = simulate_batch([dataclasses.replace(c, dt=dt)], history_frames=0)
        return run

    assert final(0.8).diverged_step is None
    np.testing.assert_allclose(final(0.8).final_rho, 1 / 1.05, rtol=1e-6)
    worse = final(1.5)
    assert worse.diverged_step is not None or np.ptp(worse.final_rho) > 1e-3

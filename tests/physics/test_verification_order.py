"""Fourth order in time of the full coupled system, in every régime that it has."""

import numpy as np
import pytest

from engine.settings import RunConfig

N, LENGTH = 32, 20.0
ALL_TERMS = {
    "param_alpha": 0.7, "param_kappa": 0.2, "sdg_coupling": 1.3, "gradient_weight": 0.4,
    "source_amplitude": 0.2, "source_width": 2.5, "nonlinear_dispersion": 0.5,
}  # fmt: skip
TURBULENT = {**ALL_TERMS, "epsilon": 1.0, "dispersion": 1.0, "nonlinear_dispersion": -1.5}
CASES = {
    "all terms": ALL_TERMS,
    "exponential metric": {**ALL_TERMS, "metric_ansatz": "exponential"},
    "fast density": {**ALL_TERMS, "sdg_tau": 0.5, "sdg_length": 1.0},
    "constraint": {**ALL_TERMS, "sdg_tau": 0.0},
    "constraint, exponential": {
        **ALL_TERMS, "sdg_tau": 0.0, "metric_ansatz": "exponential", "sdg_length": 1.5,
    },
    "fmia": {"model": "fmia", "dispersion": 0.7, "nonlinear_dispersion": 1.6},
}  # fmt: skip


def config(**changes) -> RunConfig:
    base = {"N_grid": N, "domain_length": LENGTH, "precision": "float64"}
    return RunConfig.from_mapping({**base, **changes})


def observed_order(evolve, start, duration: float, dt: float, **physics) -> float:
    """Order from the errors with dt and dt/2, against dt/16; ψ and ρ_s both count."""

    def end(step):
        run = config(**physics, dt=step, T_steps=round(duration / step))
        return np.concatenate([field.ravel() for field in evolve(run, *start)])

    exact = end(dt / 16)
    coarse, fine = (np.linalg.norm(end(step) - exact) for step in (dt, dt / 2))
    assert fine > 1e-11 * np.linalg.norm(exact), "round-off, not order, is measured"
    return float(np.log2(coarse / fine))


@pytest.mark.parametrize("case", CASES)
def test_every_term_at_once_is_fourth_order(evolve, smooth_field, case):
    order = observed_order(evolve, (smooth_field(N, LENGTH),), 2.0, 0.1, **CASES[case])
    assert 3.7 < order < 4.6, f"{case}: {order:.2f}"


def test_turbulence_is_followed_at_fourth_order(evolve):
    noise = np.random.default_rng(1).normal(size=(2, N, N))
    physics = {**TURBULENT, "domain_length": 40.0}
    psi, rho_s = evolve(config(**physics, dt=0.05, T_steps=1200), 0.1 * (noise[0] + 1j * noise[1]))
    assert np.abs(psi).min() < 0.2 * np.abs(psi).max(), "no defect: this is not turbulence"
    order = observed_order(evolve, (psi, rho_s), 1.0, 0.05, **physics)
    assert 3.7 < order < 4.6, f"{order:.2f}"

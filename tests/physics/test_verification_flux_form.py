"""The coupled system against RK4 in flux form, which shares no line with the solver."""

import numpy as np
import pytest
from flux_form import FluxForm

from engine.settings import RunConfig

CASES = {
    "power": {},
    "exponential": {"metric_ansatz": "exponential"},
    "constraint": {"sdg_tau": 0.0},
    "turbulent": {"epsilon": 0.6, "dispersion": 1.2, "nonlinear_dispersion": -1.2},
}


def config(**changes) -> RunConfig:
    base = {
        "precision": "float64", "dt": 0.05, "param_alpha": 0.8, "param_kappa": 0.1,
        "nonlinear_dispersion": 0.4, "source_amplitude": 0.1, "gradient_weight": 0.2,
        "sdg_coupling": 1.5, "sdg_tau": 0.7,
    }  # fmt: skip
    return RunConfig.from_mapping({**base, **changes})


def distances(evolve, c, start, steps):
    """‖ours − theirs‖/‖theirs‖ at the end, of ψ and of ρ_s − ρ_vac."""
    vacuum = np.full(start.shape, c.sdg_rho_vac)
    ours, theirs = evolve(c, start, vacuum), FluxForm(c).run(start, vacuum, steps)
    pairs = zip(ours, theirs, (0, c.sdg_rho_vac), strict=True)
    return [np.linalg.norm(a - b) / np.linalg.norm(b - zero) for a, b, zero in pairs]


@pytest.mark.parametrize("case", CASES)
def test_it_agrees_with_rk4_in_flux_form(evolve, smooth_field, case):
    c = config(**CASES[case], N_grid=32, domain_length=20.0, T_steps=60)
    assert max(distances(evolve, c, smooth_field(32, 20.0), 300)) < 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_it_agrees_with_rk4_in_flux_form_at_t_20_on_128_cells(evolve, case):
    c = config(**CASES[case], N_grid=128, domain_length=64.0, T_steps=400)
    noise = np.random.default_rng(3).normal(size=(2, 128, 128))
    k = 2 * np.pi * np.fft.fftfreq(128, 0.5)
    smooth = np.exp(-(k**2 + k[:, None] ** 2) / 2)
    start = np.fft.ifft2(smooth * np.fft.fft2(0.5 * (noise[0] + 1j * noise[1])))
    assert max(distances(evolve, c, start, 1200)) < 1e-4

"""Spectral convergence in N: the error falls faster than any power of the cell."""

import numpy as np
import pytest

from engine.settings import RunConfig

LENGTH = 20.0
GRIDS = (16, 32, 64)


@pytest.mark.parametrize("ansatz", ["power", "exponential"])
def test_every_term_converges_spectrally(evolve, smooth_field, ansatz):
    def end(n):
        c = RunConfig.from_mapping(
            {
                "N_grid": n, "domain_length": LENGTH, "dt": 0.05, "T_steps": 20,
                "metric_ansatz": ansatz, "param_alpha": 0.9, "param_kappa": 0.3,
                "nonlinear_dispersion": 0.6, "source_amplitude": 0.3, "source_width": 1.6,
                "gradient_weight": 0.4, "sdg_coupling": 1.5, "sdg_tau": 0.5,
            }
        )  # fmt: skip
        return np.stack(evolve(c, smooth_field(n, LENGTH)))[:, :: n // 16, :: n // 16]

    exact = end(128)
    coarse, middle, fine = (abs(end(n) - exact).max(axis=(1, 2)) for n in GRIDS)
    assert (middle < 1e-2 * coarse).all(), f"{coarse=} {middle=}"
    assert (fine < 1e-4 * middle).all(), f"{middle=} {fine=}"
    assert (fine < 1e-8).all(), fine

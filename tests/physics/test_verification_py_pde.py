"""The flat local equation against py-pde, which shares nothing with the solver."""

import warnings

import numpy as np
import pytest

from engine.settings import RunConfig

LENGTH, END = 20.0, 2.0


def finite_differences(c: RunConfig, start: np.ndarray) -> np.ndarray:
    """ψ at the end by py-pde: second-order differences in space, explicit Runge–Kutta in time."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it warns of on import is not ours
        import pde
    n = len(start)
    grid = pde.CartesianGrid([[0, LENGTH], [0, LENGTH]], n, periodic=True)
    equation = pde.PDE(
        {
            "c": f"{c.epsilon}*c + ({c.diffusion} + {c.dispersion}*I)*laplace(c)"
            f" - ({c.saturation} + {c.nonlinear_dispersion}*I)*c*abs(c)**2"
        }
    )
    state = pde.ScalarField(grid, start, dtype=complex)
    end = equation.solve(
        state,
        t_range=END,
        dt=0.02 * (32 / n) ** 2,
        solver="runge-kutta",
        backend="scipy",
        adaptive=False,
        tracker=None,
    )
    return end.data


@pytest.mark.parametrize("nonlinear_dispersion", [0.4, -1.2])
def test_py_pde_converges_to_our_solution_at_its_own_second_order(
    evolve, smooth_field, nonlinear_dispersion
):
    c = RunConfig.from_mapping(
        {
            "N_grid": 32, "domain_length": LENGTH, "dt": 0.02, "T_steps": 100, "epsilon": 0.3,
            "nonlinear_dispersion": nonlinear_dispersion, "param_kappa": 0.0, "param_alpha": 0.0,
        }
    )  # fmt: skip
    ours, _ = evolve(c, smooth_field(32, LENGTH))
    coarse, fine = (
        finite_differences(c, smooth_field(n, LENGTH))[:: n // 32, :: n // 32] for n in (32, 64)
    )
    extrapolated = (4 * fine - coarse) / 3
    errors = [
        np.linalg.norm(theirs - ours) / np.linalg.norm(ours)
        for theirs in (coarse, fine, extrapolated)
    ]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(2, abs=0.05)
    assert errors[2] < 3e-5, errors

"""Leaving a term out gives what keeping it with a coefficient of 0 gives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from engine.physics.evolve import form_of, physics_of
from engine.physics.grid import make_grid
from engine.physics.sncgl import Form, make_operators, step, to_fields, to_state
from engine.settings import RunConfig

N, LENGTH = 32, 20.0


@pytest.mark.parametrize(
    "absent",
    [
        ("param_alpha",),
        ("param_kappa",),
        ("gradient_weight",),
        ("param_alpha", "param_kappa", "gradient_weight"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("ansatz", ["power", "exponential"])
@pytest.mark.parametrize("tau", [0.0, 0.7])
def test_an_absent_term_is_one_with_coefficient_zero(absent, ansatz, tau, smooth_field):
    every = {"param_alpha": 0.9, "param_kappa": 0.4, "gradient_weight": 0.3}
    values = {name: 0.0 if name in absent else value for name, value in every.items()}
    config = RunConfig(N_grid=N, domain_length=LENGTH, metric_ansatz=ansatz, sdg_tau=tau, **values)
    form = form_of(config)
    assert form == Form(
        ansatz,
        curved="param_alpha" not in absent,
        smoothed="param_kappa" not in absent,
        gradients="gradient_weight" not in absent,
    )
    psi = jnp.asarray(smooth_field(N, LENGTH))
    rho_s = 1.3 + 0.3 * psi.real
    physics = physics_of(config)
    grid = make_grid(N, LENGTH, jnp.float64)

    def five_steps(form):
        operators = make_operators(physics, N, np.dtype("float64"))
        state = to_state(psi, rho_s, physics, grid)
        for _ in range(5):
            state = step(state, physics, operators, grid, form)
        return to_fields(state, physics, grid)

    full = jax.jit(five_steps, static_argnums=0)(Form(ansatz, True, True, True))
    less = jax.jit(five_steps, static_argnums=0)(form)
    for found, expected in zip(less, full, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-13)

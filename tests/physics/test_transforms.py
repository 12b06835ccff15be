"""How many Fourier transforms a stage costs, counted in the program that is run."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks.transforms import transforms_of
from engine.physics.evolve import form_of, initial_state, physics_of
from engine.physics.grid import make_grid
from engine.physics.sncgl import make_operators, nonlinear
from engine.settings import RunConfig


def count(function, *args) -> float:
    """Complex 2-D transforms' worth of work."""
    found = transforms_of(jax.jit(function).lower(*args).compile().as_text())
    return sum(t.equivalents for t in found)


@pytest.mark.parametrize(
    ("function", "dtype", "equivalents"),
    [
        (jnp.fft.fft2, complex, 1.0),
        (jnp.fft.rfft2, float, 0.5),
        (lambda f: jnp.fft.irfft2(f, s=(48, 48)), complex, 0.5),
        (lambda f: jnp.fft.ifft(f[:24]), complex, 0.25),
        (lambda f: f * 2, complex, 0.0),
    ],
)
def test_transforms_are_weighed_by_their_work(function, dtype, equivalents):
    shape = (48, 25) if "irfft2" in str(getattr(function, "__code__", "")) else (48, 48)
    if equivalents == 0.5 and dtype is complex:
        shape = (48, 25)
    assert count(function, jnp.ones(shape, dtype)) == pytest.approx(equivalents, rel=0.03)


@pytest.mark.parametrize("n", [48, 64])
@pytest.mark.parametrize(
    ("changes", "least", "most"),
    [
        ({}, 5, 6.2),
        ({"gradient_weight": 0.3}, 5.5, 7),
        ({"param_alpha": 0.0}, 2.5, 2.9),
        ({"param_alpha": 0.0, "param_kappa": 0.0}, 1.7, 2.2),
    ],
    ids=["default", "gradient weight", "flat", "flat and local"],
)
def test_a_stage_has_at_most_seven_complex_transforms_and_none_for_absent_terms(
    n, changes, least, most
):
    config = RunConfig(N_grid=n, **changes)
    physics = physics_of(config)
    operators = make_operators(physics, n, np.dtype("float64"))
    state = initial_state(jnp.uint32(1), n, np.dtype("float64"))

    def stage(state, physics, operators):
        grid = make_grid(n, physics.domain_length, jnp.float64)
        return nonlinear(state, physics, operators, grid, form_of(config))

    assert least < count(stage, state, physics, operators) <= most

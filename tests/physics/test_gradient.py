"""Derivatives through the whole simulation against differences of it."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

from engine.errors import SettingsError
from engine.physics.evolve import physics_of
from engine.physics.gradient import compiled_gradient, h_norm_loss, loss_and_gradient
from engine.physics.simulate import simulate_batch
from engine.physics.sncgl import Form
from engine.physics.spectral_loss import spectral_loss
from engine.settings import PHYSICS_KEYS, RunConfig

EVERY_TERM = Form("power", True, True, True)
LOSSES = {"h_norm": h_norm_loss, "spectral": spectral_loss}

# Strongly curved, every term at work; 56 is no square, but leaves no remainder to compile.
COUPLED = {
    "N_grid": 32, "domain_length": 20.0, "precision": "float64", "T_steps": 56, "epsilon": 0.5,
    "param_alpha": 0.9, "sdg_coupling": 2.0, "param_kappa": 0.1, "nonlinear_dispersion": 0.4,
    "gradient_weight": 0.3, "source_amplitude": 0.2,
}  # fmt: skip


def config(**changes) -> RunConfig:
    return RunConfig.from_mapping({**COUPLED, **changes})


def value(c: RunConfig, loss, **start) -> float:
    return loss_and_gradient(c, ["epsilon"], loss, **start)[0]


def central_difference(c: RunConfig, name: str, loss, **start) -> float:
    """(8[ℓ(θ + h) − ℓ(θ − h)] − [ℓ(θ + 2h) − ℓ(θ − 2h)])/12h, of fourth order."""

    def at(change: float) -> float:
        moved = dataclasses.replace(c, **{name: getattr(c, name) + change})
        return value(moved, loss, **start)

    h = 1e-5 * max(abs(getattr(c, name)), 1.0)
    return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)


CASES = {
    "power": (h_norm_loss, {}),
    "exponential": (h_norm_loss, {"metric_ansatz": "exponential"}),
    "constraint": (h_norm_loss, {"sdg_tau": 0.0}),
    "remainder": (h_norm_loss, {"T_steps": 53}),
    "no peaks": (spectral_loss, {}),
    "peaks": (spectral_loss, {"domain_length": 90.0, "source_amplitude": 0.05, "seed": 3}),
}


@pytest.mark.parametrize("case", CASES)
def test_it_equals_central_differences(case):
    loss, changes = CASES[case]
    c = config(**changes)
    names = [name for name in PHYSICS_KEYS if name != "sdg_tau" or c.sdg_tau > 0]
    at_c, gradient = loss_and_gradient(c, names, loss)
    if loss is spectral_loss:
        assert (at_c < 1) == (case == "peaks"), at_c
    noise = 1e-11  # of the differences: round-off of 1e-16 over a step of 1e-5
    for name in names:
        difference = central_difference(c, name, loss)
        assert difference != 0, name
        assert gradient[name] == pytest.approx(difference, rel=1e-4, abs=noise), name


def test_single_precision_follows_double_precision():
    names = ["epsilon", "param_alpha", "sdg_tau"]
    single, double = (
        loss_and_gradient(config(precision=p), names, h_norm_loss) for p in ("float32", "float64")
    )
    assert single[0] == pytest.approx(double[0], rel=1e-4)
    assert single[0] != double[0]
    for name in names:
        assert single[1][name] == pytest.approx(double[1][name], rel=1e-3), name


def test_the_loss_is_that_of_the_run_that_the_simulator_computes():
    c = config(T_steps=53)
    (run,) = simulate_batch([c])
    assert value(c, h_norm_loss) == pytest.approx(run.diagnostics["h_norm"][-1], rel=1e-10)


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("loss", LOSSES)
def test_at_the_default_physics_every_derivative_is_finite(loss, precision):
    c = RunConfig(N_grid=32, domain_length=32.0, T_steps=56, precision=precision)
    assert c.gradient_weight == 0
    assert c.source_amplitude == 0
    at_c, gradient = loss_and_gradient(c, PHYSICS_KEYS, LOSSES[loss])
    assert np.isfinite([at_c, *gradient.values()]).all(), gradient


@pytest.mark.parametrize("loss", LOSSES)
def test_where_the_field_vanishes_every_derivative_is_finite(loss):
    """ψ = 0 everywhere: no spectrum, and a constraint that holds to the last bit."""
    nothing = np.zeros((32, 32), complex)
    c = config(source_amplitude=0.0, gradient_weight=0.0)
    at_c, gradient = loss_and_gradient(c, PHYSICS_KEYS, LOSSES[loss], psi=nothing)
    assert np.isfinite([at_c, *gradient.values()]).all(), gradient


def test_a_gradient_weight_of_zero_still_has_its_derivative():
    c = config(gradient_weight=0.0)
    at_c, gradient = loss_and_gradient(c, ["gradient_weight"], h_norm_loss)
    assert at_c == value(c, h_norm_loss)
    h = 1e-4
    near, far = (value(config(gradient_weight=w), h_norm_loss) for w in (h, 2 * h))
    one_sided = (-3 * at_c + 4 * near - far) / (2 * h)
    assert gradient["gradient_weight"] == pytest.approx(one_sided, rel=1e-4)


def test_it_starts_from_given_fields(smooth_field, evolve):
    psi = smooth_field(32, 20.0)
    start = {"psi": psi, "rho_s": 1.2 + 0.1 * psi.real}
    end = (jnp.asarray(field) for field in evolve(config(), *start.values()))
    at_c, gradient = loss_and_gradient(config(), ["sdg_rho_vac"], h_norm_loss, **start)
    assert at_c == pytest.approx(float(h_norm_loss(*end, physics_of(config()))), rel=1e-10)
    difference = central_difference(config(), "sdg_rho_vac", h_norm_loss, **start)
    assert gradient["sdg_rho_vac"] == pytest.approx(difference, rel=1e-4)


def peak_bytes(steps: int) -> int:
    program = compiled_gradient("float64", steps, EVERY_TERM, h_norm_loss)
    lowered = program.lower(physics_of(config()), jnp.zeros((32, 32), complex), None)
    return lowered.compile().memory_analysis().temp_size_in_bytes


def test_memory_grows_like_the_root_of_the_number_of_steps():
    """a + b√T: the second fourfold T adds twice what the first adds, where T would add 4 times."""
    short, middle, long = (peak_bytes(steps) for steps in (64, 256, 1024))
    assert (long - middle) / (middle - short) == pytest.approx(2, rel=0.1)
    complex_field = 16 * 32**2
    assert short < 100 * complex_field, "no stage, and no point of the weights' contour, is kept"


def test_new_values_compile_nothing():
    loss_and_gradient(config(), ["epsilon"], h_norm_loss)
    program = compiled_gradient("float64", 56, EVERY_TERM, h_norm_loss)
    before = program._cache_size()
    loss_and_gradient(config(epsilon=0.3, seed=5, sdg_tau=0.0), ["param_alpha"], h_norm_loss)
    assert program._cache_size() == before > 0


@pytest.mark.parametrize(
    ("changes", "arguments", "said"),
    [
        ({}, {"names": ["alpha"]}, "names: got 'alpha'"),
        ({}, {"names": []}, "names: got 'none'"),
        ({"sdg_tau": 0.0}, {"names": ["sdg_tau"]}, "sdg_tau: got 0"),
        ({"initial_state_sha256": "0" * 64}, {}, "psi: got none"),
        ({}, {"psi": np.ones((16, 16), complex)}, r"psi: got the shape \(16, 16\)"),
        ({}, {"psi": np.ones((32, 32)), "rho_s": np.ones(32)}, "rho_s: got the shape"),
    ],
)
def test_what_has_no_derivative_is_refused(changes, arguments, said):
    wanted = {"names": ["epsilon"], "loss": h_norm_loss, **arguments}
    with pytest.raises(SettingsError, match=said):
        loss_and_gradient(config(**changes), **wanted)

"""The numbers that go along with a run, against what they are by hand."""

import jax.numpy as jnp
import numpy as np
import pytest

from engine.audit.equations import Equations
from engine.physics.diagnostics import observe, phase_defects, thumbnail
from engine.physics.evolve import form_of, given_state, physics_of
from engine.physics.simulate import simulate_batch
from engine.physics.sncgl import make_operators
from engine.settings import RunConfig

N, LENGTH = 32, 20.0


def traces(c: RunConfig, psi, rho_s=None):
    physics = physics_of(c)
    rho_s = None if rho_s is None else jnp.asarray(rho_s)
    state = given_state(jnp.asarray(psi, complex), rho_s, physics, np.float64)
    sample = observe(state, physics, make_operators(physics, N, np.float64), form_of(c))
    return {name: float(value) for name, value in sample.traces.items()}


def config(**changes) -> RunConfig:
    base = {"N_grid": N, "domain_length": LENGTH, "precision": "float64"}
    return RunConfig.from_mapping({**base, **changes})


def test_gain_and_loss_are_those_of_the_auditor(smooth_field):
    c = config(source_amplitude=0.3, param_alpha=0.9, epsilon=0.4, nonlinear_dispersion=0.3)
    psi = smooth_field(N, LENGTH)
    rho_s = 1.2 + 0.3 * psi.real
    found = traces(c, psi, rho_s)
    equations = Equations(c, 1.0)
    _, power = equations.rates(equations.state(psi, rho_s))
    assert found["gain"] == pytest.approx(power[power > 0].sum(), rel=1e-12)
    assert found["loss"] == pytest.approx(-power[power < 0].sum(), rel=1e-12)


def test_gain_less_loss_is_the_growth_of_q(smooth_field):
    c = config(dt=0.001, T_steps=200, source_amplitude=0.2, param_alpha=0.8, seed=3)
    (result,) = simulate_batch([c], history_frames=100)
    d = result.diagnostics
    grown = np.trapezoid(d["gain"] - d["loss"], d["t"])
    turned = np.trapezoid(d["gain"] + d["loss"], d["t"])
    assert abs(np.ptp(d["q_coherence"]) - abs(grown)) < 1e-4 * turned


def test_energy_of_a_plane_wave_is_the_one_by_hand():
    c = config(model="fmia", dispersion=0.7, nonlinear_dispersion=1.3)
    q = 2 * np.pi * 3 / LENGTH
    wave = 0.6 * np.exp(1j * q * np.arange(N) * LENGTH / N) * np.ones((N, 1))
    expected = (0.7 * q**2 * 0.36 + 0.5 * 1.3 * 0.36**2) * LENGTH**2
    assert traces(c, wave)["energy"] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("turns", [1, 2, 3])
@pytest.mark.parametrize("sense", [1, -1])
def test_every_zero_of_the_field_is_one_defect(turns, sense):
    x = 2 * np.pi * (np.arange(64) + 0.3) / 64
    # sin(mx) + i·sin(my) vanishes, and turns once, at each of (2m)² points.
    psi = np.sin(turns * x) + sense * 1j * np.sin(turns * x)[:, None]
    for phase in (1, 1j, np.exp(0.3j), -1):
        assert int(phase_defects(jnp.asarray(phase * psi))) == (2 * turns) ** 2


def test_a_smooth_phase_has_no_defect():
    x = 2 * np.pi * np.arange(64) / 64
    assert int(phase_defects(jnp.exp(5j * x) * jnp.ones((64, 1)))) == 0
    assert int(phase_defects(jnp.full((8, 8), -1.0 + 0j))) == 0


@pytest.mark.parametrize(("n", "side"), [(32, 32), (64, 64), (66, 33), (200, 50), (256, 64)])
def test_a_thumbnail_shows_cells_of_the_field_and_is_never_large(n, side, smooth_field):
    physics = physics_of(config(N_grid=n))
    psi = smooth_field(n, LENGTH)
    picture = thumbnail(given_state(jnp.asarray(psi), None, physics, np.float64), n)
    assert picture.shape == (side, side)
    assert picture.dtype == np.float32
    stride = n // side
    np.testing.assert_allclose(picture, np.abs(psi[::stride, ::stride]) ** 2, rtol=1e-5)


def test_progress_carries_a_thumbnail_of_the_first_run():
    seen = []
    c = RunConfig(N_grid=16, T_steps=20)
    (result,) = simulate_batch([c], on_progress=seen.append, history_frames=1)
    assert seen[0].thumbnail.shape == (16, 16)
    np.testing.assert_allclose(seen[0].thumbnail, result.history_rho[0], rtol=1e-5)

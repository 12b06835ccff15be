"""A start on a finer grid is the same field: equal modes, equal values where the cells meet."""

import jax.numpy as jnp
import numpy as np
import pytest

from engine.errors import SettingsError
from engine.physics.evolve import initial_state, physics_of
from engine.physics.grid import highest_mode, make_grid, to_modes, to_modes_real
from engine.physics.refinement import refined, refined_start
from engine.physics.sncgl import to_fields, to_state
from engine.settings import RunConfig
from engine.store.initial_state import InitialState

N = 32
ROUND_OFF = {"float32": 1e-6, "float64": 1e-14}


def modes_between(fine, n):
    """The modes of the finer grid that the coarse one keeps, and the largest of the others."""
    inner = highest_mode(n)
    kept = np.ix_(*2 * (np.r_[0 : inner + 1, -inner:0],))
    rest = fine.copy()
    rest[kept] = 0
    return fine[kept], np.abs(rest).max()


@pytest.mark.parametrize("precision", ROUND_OFF)
@pytest.mark.parametrize("seed", [42, 7])
def test_a_seeded_start_is_the_same_where_the_cells_meet(seed, precision):
    config = RunConfig(N_grid=N, seed=seed, precision=precision)
    fine = refined_start(config, None, 4 * N)
    real = jnp.dtype(precision)
    grid = make_grid(N, config.domain_length, real)
    state = initial_state(jnp.uint32(seed), N, real)
    psi, _ = to_fields(state, physics_of(config, real), grid)
    assert fine.psi.shape == (4 * N, 4 * N)
    assert fine.psi.dtype == np.complex128
    assert fine.rho_s is None, "a seeded run starts in the vacuum"
    np.testing.assert_allclose(fine.psi[::4, ::4], psi, rtol=0, atol=ROUND_OFF[precision])


@pytest.mark.parametrize("precision", ROUND_OFF)
@pytest.mark.parametrize("n", [N + 2, 48, 2 * N])
def test_the_solver_finds_the_coarse_modes_and_nothing_else(n, precision):
    """On any finer grid, in its own normalization (n/N)², to the round-off of the precision."""
    config = RunConfig(N_grid=N, precision=precision)
    real = jnp.dtype(precision)
    coarse = np.asarray(initial_state(jnp.uint32(config.seed), N, real).psi_hat)
    start = refined_start(config, None, n)
    grid = make_grid(n, config.domain_length, jnp.float64)
    vacuum = jnp.full((n, n), config.sdg_rho_vac)
    fine = to_state(jnp.asarray(start.psi), vacuum, physics_of(config), grid).psi_hat
    kept, rest = modes_between(np.asarray(fine.astype(coarse.dtype)), N)
    scale = np.abs(kept).max()
    np.testing.assert_allclose(
        kept, coarse * (n / N) ** 2, rtol=0, atol=ROUND_OFF[precision] * scale
    )
    assert rest < 1e-14 * scale


def test_a_start_from_a_file_is_cut_as_the_solver_cuts_it():
    random = np.random.default_rng(3)
    psi = random.normal(size=(N, N)) + 1j * random.normal(size=(N, N))
    rho_s = 2 + 0.1 * random.normal(size=(N, N))
    start = refined_start(RunConfig(N_grid=N), InitialState(psi, rho_s), 2 * N)
    for transform, coarse, fine in (
        (to_modes, psi, start.psi),
        (to_modes, rho_s.astype(complex), start.rho_s.astype(complex)),
    ):
        expected = np.asarray(transform(jnp.asarray(coarse)))
        kept, rest = modes_between(np.asarray(transform(jnp.asarray(fine))), N)
        np.testing.assert_allclose(kept, 4 * expected, atol=1e-11)
        assert rest < 1e-10
    assert start.rho_s.dtype == np.float64
    assert to_modes_real(jnp.asarray(start.rho_s))[0, 0] == pytest.approx(4 * rho_s.sum())


def test_a_plane_wave_stays_that_wave():
    x = np.arange(N) / N
    wave = np.exp(2j * np.pi * (3 * x[None, :] - 5 * x[:, None]))
    y = np.arange(48) / 48
    expected = np.exp(2j * np.pi * (3 * y[None, :] - 5 * y[:, None]))
    np.testing.assert_allclose(refined(wave, 48), expected, atol=1e-14)


def test_a_density_that_dips_below_zero_between_the_cells_is_refused():
    rho_s = np.full((N, N), 1e-3)
    rho_s[::2, ::3] = 5.0
    given = InitialState(np.ones((N, N), complex), rho_s)
    with pytest.raises(SettingsError, match="between the cells of the run's 32 × 32, expected"):
        refined_start(RunConfig(N_grid=N), given, 2 * N)

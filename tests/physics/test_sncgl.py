"""Numbers that a right implementation reproduces (docs/model.md)."""

import dataclasses
import itertools

import numpy as np
import pytest

from engine.settings import RunConfig


def config(**changes) -> RunConfig:
    base = {"N_grid": 32, "domain_length": 20.0, "precision": "float64"}
    return RunConfig.from_mapping({**base, **changes})


def test_a_plane_wave_keeps_its_amplitude_and_turns_at_its_frequency(evolve):
    c = config(param_kappa=0.0, param_alpha=0.0, nonlinear_dispersion=0.6, dt=0.05, T_steps=400)
    q = 2 * np.pi / c.domain_length
    x = np.arange(c.N_grid) * c.domain_length / c.N_grid
    amplitude2 = (c.epsilon - c.diffusion * q**2) / c.saturation
    omega = c.dispersion * q**2 + c.nonlinear_dispersion * amplitude2
    start = np.sqrt(amplitude2) * np.exp(1j * q * x) * np.ones((c.N_grid, 1))
    psi, _ = evolve(c, start)
    t = c.dt * c.T_steps
    np.testing.assert_allclose(psi, start * np.exp(-1j * omega * t), atol=1e-10)


@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_the_uniform_state_is_an_exact_fixed_amplitude_of_the_full_system(evolve, alpha):
    c = config(param_alpha=alpha, sdg_coupling=1.3, dt=0.1, T_steps=200)
    rho = c.epsilon / (c.saturation + c.param_kappa)
    rho_s = c.sdg_rho_vac + c.sdg_coupling * rho
    shape = (c.N_grid, c.N_grid)
    psi, end_rho_s = evolve(c, np.full(shape, np.sqrt(rho), complex), np.full(shape, rho_s))
    np.testing.assert_allclose(np.abs(psi) ** 2, rho, rtol=1e-12)
    np.testing.assert_allclose(end_rho_s, rho_s, rtol=1e-12)


FOURTH_ORDER = {
    "default": {},
    "strongly curved": {"param_alpha": 1.0, "sdg_coupling": 2.0, "param_kappa": 0.1},
    "turbulent": {"dispersion": 2.0, "nonlinear_dispersion": -1.0, "epsilon": 0.5},
    "sourced": {"source_amplitude": 0.2, "source_width": 3.0, "gradient_weight": 0.5},
    "exponential metric": {"metric_ansatz": "exponential", "param_alpha": 1.0},
    "density solved at once": {"sdg_tau": 0.0, "sdg_coupling": 2.0, "gradient_weight": 0.3},
    "fmia": {"model": "fmia"},
}


@pytest.mark.parametrize("case", FOURTH_ORDER)
def test_the_coupled_step_is_fourth_order(evolve, smooth_field, case):
    start = smooth_field(32, 20.0)

    def end(dt):
        c = config(**FOURTH_ORDER[case], dt=dt, T_steps=round(4.0 / dt))
        return evolve(c, start)

    exact = end(0.01)
    coarse, fine = (
        sum(np.linalg.norm(a - b) for a, b in zip(end(dt), exact, strict=True)) for dt in (0.2, 0.1)
    )
    assert np.log2(coarse / fine) > 3.7, f"{case} {coarse=:.1e} {fine=:.1e}"


def test_a_density_solved_at_once_is_the_limit_of_a_fast_one(evolve, smooth_field):
    c = config(sdg_tau=0.0, param_alpha=0.8, gradient_weight=0.2, dt=0.02, T_steps=50)
    start = smooth_field(c.N_grid, c.domain_length)
    limit = evolve(c, start)
    distances = []
    for tau in (4e-2, 2e-2, 1e-2):
        # It starts where the constraint puts it: otherwise its first answer takes a time of τ.
        rest = evolve(dataclasses.replace(c, T_steps=1, dt=1e-9), start)[1]
        fast = evolve(dataclasses.replace(c, sdg_tau=tau), start, rest)
        distances.append(max(np.abs(a - b).max() for a, b in zip(fast, limit, strict=True)))
    assert distances[2] < 2e-3, distances
    for slow, fast in itertools.pairwise(distances):
        assert slow / fast == pytest.approx(2, rel=0.1), distances


def test_fmia_conserves_charge_and_energy(evolve, smooth_field):
    c = config(model="fmia", dt=0.01, T_steps=2000)
    start = smooth_field(c.N_grid, c.domain_length)
    k = 2 * np.pi * np.fft.fftfreq(c.N_grid, c.domain_length / c.N_grid)
    k2 = k**2 + k[:, None] ** 2

    def invariants(psi):
        rho = np.abs(psi) ** 2
        gradient = (k2 * np.abs(np.fft.fft2(psi)) ** 2).sum() / psi.size
        return rho.sum(), c.dispersion * gradient + c.nonlinear_dispersion / 2 * (rho**2).sum()

    end, _ = evolve(c, start)
    for before, after in zip(invariants(start), invariants(end), strict=True):
        assert abs(after / before - 1) < 1e-8


def test_a_ripple_decays_at_the_effective_diffusivity_of_the_curved_background(evolve):
    rho_s, alpha = 1.7, 0.8
    # Frozen density: no coupling, no screening, and a relaxation far slower than the run.
    c = config(
        param_alpha=alpha, sdg_coupling=0.0, sdg_length=0.0, sdg_tau=1000.0, dispersion=0.0,
        dt=0.001, T_steps=1000,
    )  # fmt: skip
    q = 2 * np.pi / c.domain_length * 3
    x = np.arange(c.N_grid) * c.domain_length / c.N_grid
    ripple = 1e-6 * np.cos(q * x) * np.ones((c.N_grid, 1)) + 0j
    psi, _ = evolve(c, ripple, np.full(ripple.shape, rho_s))
    rate = -np.log(np.abs(psi).max() / np.abs(ripple).max()) / (c.dt * c.T_steps)
    expected = (rho_s / c.sdg_rho_vac) ** alpha * c.diffusion * q**2 - c.epsilon
    assert rate == pytest.approx(expected, rel=1e-3)


SYMMETRIES = {
    "translation": lambda f: np.roll(f, (5, -3), (0, 1)),
    "rotation": lambda f: np.roll(np.rot90(f), 1, axis=0),
    "phase": lambda f: f * np.exp(0.7j) if np.iscomplexobj(f) else f,
}


@pytest.mark.parametrize("symmetry", SYMMETRIES)
def test_symmetries_commute_with_the_evolution(evolve, smooth_field, symmetry):
    act = SYMMETRIES[symmetry]
    c = config(param_alpha=0.9, gradient_weight=0.3, T_steps=50)
    start = smooth_field(c.N_grid, c.domain_length)
    end = evolve(c, start)
    moved = evolve(c, act(start))
    for a, b in zip(end, moved, strict=True):
        np.testing.assert_allclose(act(a), b, atol=1e-12)

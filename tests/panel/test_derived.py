"""Derived fields against closed forms, and against the auditor's own figure."""

import numpy as np
import pytest

from engine.audit.geometry import emergent_g_tt, sdg_h_norm_l2
from engine.settings import RunConfig
from irer_panel.derived import (
    FieldError,
    curvature,
    difference,
    incomparable,
    phase,
    residual,
)

L, N = 20.0, 64


def config(**changes):
    return RunConfig(N_grid=N, domain_length=L, **changes)


def plane():
    side = np.arange(N) * L / N
    return np.meshgrid(side, side, indexing="ij")


@pytest.mark.parametrize("modes", [(3, 0), (0, -2), (5, 4)])
def test_the_phase_of_a_plane_wave_is_its_argument(modes):
    y, x = plane()
    angle = 2 * np.pi * (modes[0] * x + modes[1] * y) / L + 0.3
    found = phase(0.7 * np.exp(1j * angle))
    np.testing.assert_allclose(np.exp(1j * found), np.exp(1j * angle), atol=1e-12)
    assert found.min() > -np.pi
    assert found.max() <= np.pi


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_the_phase_of_minus_one_is_pi_on_both_banks_of_the_cut(dtype):
    found = phase(np.array([[complex(-1, 0.0), complex(-1, -0.0)]], dtype))
    assert (found == found.dtype.type(np.pi)).all()


@pytest.mark.parametrize("ansatz", ["power", "exponential"])
@pytest.mark.parametrize("eta", [0.0, 0.4])
def test_the_residual_of_waves_is_the_closed_form(ansatz, eta):
    run = config(metric_ansatz=ansatz, gradient_weight=eta, param_alpha=0.7, sdg_length=0.8)
    y, x = plane()
    q, k = 2 * np.pi * 2 / L, 2 * np.pi * 3 / L
    psi = 0.5 * np.exp(1j * q * x)
    rho = np.abs(psi) ** 2
    rho_s = 1.2 + 0.1 * np.cos(k * y)
    found = residual(run, emergent_g_tt(rho_s, run), rho_s, rho, psi)
    # ∇² cos(ky) = −k² cos(ky), |∇ψ|² = q²ρ
    wave = 0.1 * (1 + run.sdg_length**2 * k**2) * np.cos(k * y)
    expected = 0.2 + wave - run.sdg_coupling * (1 + eta * q**2) * rho
    np.testing.assert_allclose(found, expected, atol=1e-10)


def test_the_residual_has_the_auditors_norm():
    run = config(param_alpha=0.3, sdg_rho_vac=1.5, gradient_weight=0.2)
    random = np.random.default_rng(1)
    psi = (random.normal(size=(N, N)) + 1j * random.normal(size=(N, N))).astype(np.complex64)
    rho, rho_s = np.abs(psi) ** 2, (1.5 + random.random((N, N))).astype(np.float32)
    g_tt = emergent_g_tt(rho_s, run).astype(np.float32)
    found = residual(run, g_tt, rho_s, rho, psi)
    doubles = [each.astype(np.float64) for each in (g_tt, rho_s, rho)]
    norm = sdg_h_norm_l2(*doubles, psi.astype(complex), run)
    assert np.sqrt(np.mean(found**2)) / run.sdg_rho_vac == pytest.approx(norm, rel=1e-12)


def test_flat_space_takes_the_stored_density_and_has_no_curvature():
    run, flat = config(param_alpha=0.0), -np.ones((N, N))
    rho_s = np.full((N, N), 1.25)
    found = residual(run, flat, rho_s, np.zeros((N, N)), np.zeros((N, N), complex))
    np.testing.assert_allclose(found, 0.25, atol=1e-12)
    np.testing.assert_array_equal(curvature(run, flat), 0)


def test_the_curvature_of_a_wave_in_the_logarithm_is_the_closed_form():
    y, x = plane()
    k = 2 * np.pi * 2 / L
    log = 0.1 * np.cos(k * x) + 0.05 * np.sin(k * y)
    slope2 = (0.1 * k * np.sin(k * x)) ** 2 + (0.05 * k * np.cos(k * y)) ** 2
    expected = -np.exp(-2 * log) * (-4 * k**2 * log + 2 * slope2)
    np.testing.assert_allclose(curvature(config(), -np.exp(2 * log)), expected, atol=1e-11)


def test_the_curvature_of_a_gaussian_bump_is_the_closed_form():
    y, x = plane()
    width = 1.5
    r2 = (x - L / 2) ** 2 + (y - L / 2) ** 2
    log = 0.2 * np.exp(-r2 / (2 * width**2))
    laplacian, slope2 = log * (r2 / width**2 - 2) / width**2, log**2 * r2 / width**4
    expected = -np.exp(-2 * log) * (4 * laplacian + 2 * slope2)
    np.testing.assert_allclose(curvature(config(), -np.exp(2 * log)), expected, atol=1e-8)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0, 0.1])
def test_a_metric_without_a_spectrum_is_refused_in_words(bad):
    g_tt = -np.ones((N, N))
    g_tt[3, 4] = bad
    for make in (
        lambda: curvature(config(), g_tt),
        lambda: residual(config(), g_tt, -g_tt, -g_tt, g_tt.astype(complex)),
    ):
        with pytest.raises(FieldError, match="final_g_tt: got 1 of 4,096 cells"):
            make()


def test_differences_of_angles_go_the_shorter_way():
    one, two = np.array([[3.0, -3.0, 0.5, np.pi / 2]]), np.array([[-3.0, 3.0, 0.2, -np.pi / 2]])
    found = difference(one, two, cyclic=True)
    np.testing.assert_allclose(found, [[6 - 2 * np.pi, 2 * np.pi - 6, 0.3, np.pi]])
    np.testing.assert_allclose(difference(one, two), one - two)


def test_runs_of_other_grids_or_lengths_are_incomparable_in_words():
    assert incomparable(config(), config(seed=7, param_alpha=0.9)) == ""
    assert "N_grid: got 32" in incomparable(config(), RunConfig(N_grid=32, domain_length=L))
    assert "domain_length: got 40" in incomparable(config(), RunConfig(N_grid=N, domain_length=40))

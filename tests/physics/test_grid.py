import jax.numpy as jnp
import numpy as np
import pytest

from engine.physics.grid import (
    derivatives,
    derivatives_real,
    from_modes_real,
    highest_mode,
    make_grid,
    to_modes,
    to_modes_real,
)

SIZES = [8, 16, 18, 22, 24, 64]


@pytest.mark.parametrize(("n", "length"), [(16, 2 * np.pi), (32, 64.0)])
def test_derivatives_of_a_plane_wave_are_exact_and_on_their_own_axes(n, length):
    grid = make_grid(n, length, jnp.float64)
    q = 2 * np.pi / length
    x = np.arange(n) * length / n
    y = x[:, None]
    wave = np.exp(1j * q * (2 * x + 3 * y))
    expected = wave, 2j * q * wave, 3j * q * wave, -13 * q**2 * wave
    for found, exact in zip(derivatives(to_modes(jnp.asarray(wave)), grid), expected, strict=True):
        np.testing.assert_allclose(found, exact, atol=1e-12)
    real = derivatives_real(to_modes_real(jnp.asarray(wave.real)), grid)
    for found, exact in zip(real, expected[:3], strict=True):
        np.testing.assert_allclose(found, exact.real, atol=1e-12)


def _band_limited(n: int) -> np.ndarray:
    """Complex noise, cut in NumPy by the 2/3 rule alone."""
    random = np.random.default_rng(n)
    kept = np.abs(np.fft.fftfreq(n, 1 / n)) < n / 3
    noise = random.normal(size=(n, n)) + 1j * random.normal(size=(n, n))
    return np.fft.ifft2(np.fft.fft2(noise) * (kept[:, None] & kept))


@pytest.mark.parametrize("n", SIZES)
def test_a_field_of_kept_modes_survives_its_transforms(n):
    grid, field = make_grid(n, 3.0, jnp.float64), _band_limited(n)
    found, *_ = derivatives(to_modes(jnp.asarray(field)), grid)
    np.testing.assert_allclose(found, field, atol=1e-13)
    real = from_modes_real(to_modes_real(jnp.asarray(field.real)), grid)
    np.testing.assert_allclose(real, field.real, atol=1e-13)


@pytest.mark.parametrize("n", SIZES)
def test_what_the_two_thirds_rule_drops_is_gone(n):
    random = np.random.default_rng(1)
    field = random.normal(size=(n, n)) + 1j * random.normal(size=(n, n))
    grid = make_grid(n, 1.0, jnp.float64)
    kept = np.abs(np.fft.fftfreq(n, 1 / n)) < n / 3
    for both, found in (
        (field, derivatives(to_modes(jnp.asarray(field)), grid)[0]),
        (field.real, from_modes_real(to_modes_real(jnp.asarray(field.real)), grid)),
    ):
        cut = np.fft.ifft2(np.fft.fft2(both) * (kept[:, None] & kept))
        np.testing.assert_allclose(found, cut, atol=1e-13)


@pytest.mark.parametrize("n", SIZES)
def test_a_product_of_two_kept_fields_has_no_alias_among_the_kept_modes(n):
    highest = highest_mode(n)
    assert 2 * highest - n < -highest
    assert 2 * (highest + 1) - n >= -(highest + 1), "no mode is given away"

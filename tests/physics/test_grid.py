import jax.numpy as jnp
import numpy as np
import pytest

from engine.physics.grid import make_grid, value_and_gradient, value_and_gradient_real


@pytest.mark.parametrize(("n", "length"), [(16, 2 * np.pi), (32, 64.0)])
def test_derivatives_of_a_plane_wave_are_exact_and_on_their_own_axes(n, length):
    grid = make_grid(n, length, jnp.float64)
    q = 2 * np.pi / length
    x = np.arange(n) * length / n
    y = x[:, None]
    phase = q * (2 * x + 3 * y)
    _, d_x, d_y = value_and_gradient(jnp.fft.fft2(np.exp(1j * phase)), grid)
    np.testing.assert_allclose(d_x, 2j * q * np.exp(1j * phase), atol=1e-12)
    np.testing.assert_allclose(d_y, 3j * q * np.exp(1j * phase), atol=1e-12)
    value, d_x, d_y = value_and_gradient_real(jnp.fft.rfft2(np.cos(phase)), grid)
    np.testing.assert_allclose(value, np.cos(phase), atol=1e-12)
    np.testing.assert_allclose(d_x, -2 * q * np.sin(phase), atol=1e-12)
    np.testing.assert_allclose(d_y, -3 * q * np.sin(phase), atol=1e-12)


@pytest.mark.parametrize("n", [16, 24, 64])
def test_a_product_of_two_kept_fields_has_no_alias_among_the_kept_modes(n):
    grid = make_grid(n, 1.0, jnp.float64)
    kept = np.flatnonzero(np.asarray(grid.keep[0]))
    highest = np.abs(np.fft.fftfreq(n, 1 / n)[kept]).max()
    assert 2 * highest - n < -highest


@pytest.mark.parametrize("n", [16, 48])
def test_the_half_transform_keeps_the_same_modes(n):
    grid = make_grid(n, 1.0, jnp.float64)
    np.testing.assert_array_equal(grid.keep[:, : n // 2], grid.keep_half[:, : n // 2])
    assert not grid.keep_half[:, n // 2].any()

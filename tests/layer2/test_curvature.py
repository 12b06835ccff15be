"""The Ricci scalar against metrics whose curvature is known in closed form."""

import numpy as np
import pytest

from engine.layer2.curvature import conformal_curvature, connection, gradient, ricci_scalar

LENGTH = 2 * np.pi


def grid(size: int) -> tuple[np.ndarray, np.ndarray]:
    along = np.arange(size) * LENGTH / size
    return np.meshgrid(along, along)


def curvature_of(metric: np.ndarray) -> np.ndarray:
    return ricci_scalar(metric, connection(metric, LENGTH), LENGTH)


def diagonal(*entries: np.ndarray) -> np.ndarray:
    metric = np.zeros((len(entries), len(entries), *entries[0].shape))
    for i, entry in enumerate(entries):
        metric[i, i] = entry
    return metric


def bumps(size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """φ, ∇²φ and |∇φ|² of φ = 0.3 sin(x + 2y) + 0.2 cos 3y."""
    x, y = grid(size)
    phi = 0.3 * np.sin(x + 2 * y) + 0.2 * np.cos(3 * y)
    laplacian = -1.5 * np.sin(x + 2 * y) - 1.8 * np.cos(3 * y)
    along_x, along_y = 0.3 * np.cos(x + 2 * y), 0.6 * np.cos(x + 2 * y) - 0.6 * np.sin(3 * y)
    return phi, laplacian, along_x**2 + along_y**2


def test_conformally_flat_in_two_dimensions():
    """g = e^{2φ}δ: R = −2e^{−2φ}∇²φ."""
    phi, laplacian, _ = bumps(64)
    expected = -2 * np.exp(-2 * phi) * laplacian
    scale = np.exp(2 * phi)
    found = curvature_of(diagonal(scale, scale))
    assert np.abs(found - expected).max() < 1e-8 * np.abs(expected).max()


def test_conformally_flat_in_three_dimensions_by_both_ways():
    """γ = Ω²δ: R = −Ω⁻²(4∇²lnΩ + 2|∇lnΩ|²)."""
    phi, laplacian, steepness = bumps(64)
    expected = -np.exp(-2 * phi) * (4 * laplacian + 2 * steepness)
    scale = np.exp(2 * phi)
    largest = np.abs(expected).max()
    assert np.abs(conformal_curvature(scale, LENGTH) - expected).max() < 1e-11 * largest
    found = curvature_of(diagonal(scale, scale, scale))
    assert np.abs(found - expected).max() < 1e-8 * largest


def test_a_warped_product():
    """dx² + dy² + f(x, y)²dz²: R = −2∇²f/f."""
    x, y = grid(96)
    f = 3 + np.sin(x) * np.cos(2 * y)
    expected = 10 * np.sin(x) * np.cos(2 * y) / f
    found = curvature_of(diagonal(np.ones_like(f), np.ones_like(f), f**2))
    assert np.abs(found - expected).max() < 1e-9


def test_flat_space_in_curved_coordinates_is_flat():
    """X = x + 0.2 sin(x + y), Y = y + 0.3 cos x: a metric full of entries, and no curvature."""
    x, y = grid(64)
    jacobian = np.array(
        [
            [1 + 0.2 * np.cos(x + y), 0.2 * np.cos(x + y)],
            [-0.3 * np.sin(x), np.ones_like(x)],
        ]
    )
    metric = np.einsum("kiyx,kjyx->ijyx", jacobian, jacobian)
    assert np.abs(metric[0, 1]).max() > 0.1
    assert np.abs(connection(metric, LENGTH)).max() > 0.1
    assert np.abs(curvature_of(metric)).max() < 1e-9


def test_the_total_curvature_of_a_torus_is_zero():
    """Gauss–Bonnet: ∫R√g dA = 4πχ = 0, for a metric with nothing to spare."""
    x, y = grid(96)
    e, g = 2 + 0.5 * np.sin(x + y), 1.5 + 0.4 * np.cos(x - 2 * y)
    f = 0.3 * np.sin(2 * x) * np.cos(y)
    found = curvature_of(np.array([[e, f], [f, g]]))
    area = np.sqrt(e * g - f**2)
    assert np.abs(found).max() > 0.5
    assert abs(np.mean(found * area)) < 1e-9


def test_a_constant_metric_has_no_connection_and_units_are_inverse_square_lengths():
    phi, _, _ = bumps(32)
    flat = np.full((32, 32), 3.0)
    assert (conformal_curvature(flat, 5.0) == 0).all()
    assert np.abs(connection(diagonal(flat, flat, flat), 5.0)).max() < 1e-15
    scale = np.exp(2 * phi)
    twice = conformal_curvature(scale, 2 * LENGTH)
    np.testing.assert_allclose(4 * twice, conformal_curvature(scale, LENGTH), atol=1e-9)


@pytest.mark.parametrize("way", ["closed", "general"])
def test_errors_fall_faster_than_any_power_of_the_cell(way):
    """Twice as many cells square the error, until nothing is left of it."""

    def error(size: int) -> float:
        x, y = grid(size)
        phi = 0.5 / (1.25 + np.cos(x) * np.sin(y))
        s, c = np.sin(x), np.cos(x)
        p, q = np.sin(y), np.cos(y)
        down = 1.25 + c * p
        dx, dy = -s * p, c * q
        along = (-0.5 * dx / down**2, -0.5 * dy / down**2)
        second = [-0.5 * dd / down**2 + d**2 / down**3 for d, dd in ((dx, -c * p), (dy, -c * p))]
        exact = -np.exp(-2 * phi) * (4 * sum(second) + 2 * (along[0] ** 2 + along[1] ** 2))
        scale = np.exp(2 * phi)
        found = (
            conformal_curvature(scale, LENGTH)
            if way == "closed"
            else curvature_of(diagonal(scale, scale, scale))
        )
        return float(np.abs(found - exact).max() / np.abs(exact).max())

    errors = [error(size) for size in (16, 32, 64, 128)]
    orders = np.log2(errors[:-1]) - np.log2(errors[1:])
    assert orders[1] > orders[0], errors
    assert orders[2] > 8, errors
    assert errors[-1] < 1e-6


def test_what_only_the_grid_holds_has_no_slope():
    """A field that changes sign from cell to cell is the Nyquist mode: its slope is unknown."""
    sign = (-1.0) ** np.arange(16)
    for field in (sign[None, :] * np.ones((16, 1)), sign[:, None] * np.cos(grid(16)[0])):
        along_x, along_y = gradient(field, LENGTH)
        assert np.abs(along_y).max() < 1e-12
        expected = -sign[:, None] * np.sin(grid(16)[0]) if field[0, 0] != field[0, 2] else 0
        assert np.abs(along_x - expected).max() < 1e-12

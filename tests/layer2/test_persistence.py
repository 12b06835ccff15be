"""Persistence of fields on the torus whose diagrams are known, and what holds for every field."""

import gudhi.hera
import numpy as np
import pytest
from planted_vortices import noise

from engine.layer2.persistence import superlevel_persistence


def angles(size: int) -> tuple[np.ndarray, np.ndarray]:
    along = 2 * np.pi * np.arange(size) / size
    return np.meshgrid(along, along)


def random_density(size: int, seed: int, highest: int = 6) -> np.ndarray:
    rho = np.abs(noise(size, seed, highest)) ** 2
    return rho / rho.mean()


def test_one_gaussian_bump_on_the_torus():
    """One component from top to bottom; two loops where the bump meets its own images."""
    x = np.arange(-16, 16) / 8
    line = sum(np.exp(-((x - 4 * n) ** 2) / 2) for n in range(-4, 5))
    rho = np.roll(3 * line[:, None] * line[None, :], (5, 11), axis=(0, 1))
    found = superlevel_persistence(rho)
    assert [len(each) for each in found.pairs] == [0, 0, 0]
    assert found.essential[0].tolist() == [rho.max()]
    assert found.diagram(0).tolist() == [[rho.max(), rho.min()]]
    saddle = 3 * line.max() * line.min()
    np.testing.assert_allclose(found.essential[1], [saddle, saddle], rtol=1e-12)
    assert found.essential[2].tolist() == [rho.min()]
    assert found.diagram(2).shape == (0, 2)
    assert found.total(0) == pytest.approx(np.ptp(rho))
    assert found.peaks.tolist() == [[16 + 11, 16 + 5, rho.max()]]


def test_two_bumps_with_known_saddles():
    """ρ = 4 + cos 2x + 0.3 cos x + cos y has every critical value in closed form."""
    x, y = angles(512)
    rho = 4 + np.cos(2 * x) + 0.3 * np.cos(x) + np.cos(y)
    cosine = -0.3 / 4  # where the part in x is lowest
    valley = 4 + 2 * cosine**2 - 1 + 0.3 * cosine
    found = superlevel_persistence(rho)
    np.testing.assert_allclose(found.pairs[0], [[4 + 0.7 + 1, valley + 1]], atol=1e-4)
    np.testing.assert_allclose(found.essential[0], [4 + 1.3 + 1])
    np.testing.assert_allclose(found.pairs[1], [[4 + 0.7 - 1, valley - 1]], atol=1e-4)
    np.testing.assert_allclose(found.essential[1], [4 + 1.3 - 1, valley + 1], atol=1e-4)
    np.testing.assert_allclose(found.essential[2], [valley - 1], atol=1e-4)
    assert found.peaks[:, :2].tolist() == [[0, 0], [256, 0]]
    betti = [found.betti(k, np.array([5.9, 5.5, 4.2, 3.5, 2.5, 1.9])).tolist() for k in (0, 1, 2)]
    assert betti == [[1, 2, 2, 1, 1, 1], [0, 0, 1, 3, 3, 2], [0, 0, 0, 0, 0, 1]]


@pytest.mark.parametrize("count", [1, 4, 9])
def test_planted_peaks_are_counted_placed_and_ordered(count):
    size, random = 96, np.random.default_rng(count)
    cells = random.permutation(9)[:count]
    at = np.column_stack([cells % 3 * 32 + 5, cells // 3 * 32 + 9]) + random.integers(0, 9, 2)
    heights = np.sort(random.uniform(1, 3, count))[::-1]
    x, y = np.meshgrid(np.arange(size), np.arange(size))
    rho = np.zeros((size, size))
    for (x0, y0), height in zip(at % size, heights, strict=True):
        dx, dy = ((d + 48) % 96 - 48 for d in (x - x0, y - y0))
        rho += height * np.exp(-(dx**2 + dy**2) / 8)
    found = superlevel_persistence(rho)
    strong = found.diagram(0)[np.ptp(found.diagram(0), axis=1) > 0.5]
    np.testing.assert_allclose(np.sort(strong[:, 0])[::-1], heights, rtol=1e-6)
    np.testing.assert_allclose(found.peaks[:count, 2], heights, rtol=1e-6)
    assert found.peaks[:count, :2].tolist() == (at % size).tolist()


def test_betti_numbers_give_the_euler_characteristic_of_every_superlevel_set():
    """β₀ − β₁ + β₂ = vertices − edges + squares, counted on the grid."""
    rho = random_density(40, 7)
    found = superlevel_persistence(rho)
    levels = np.quantile(rho, np.linspace(0, 1, 60), method="lower")  # values that ρ has
    beta = [found.betti(k, levels) for k in (0, 1, 2)]
    for i, level in enumerate(levels):
        kept = rho >= level
        right, down = kept & np.roll(kept, -1, 1), kept & np.roll(kept, -1, 0)
        squares = right & np.roll(right, -1, 0)
        euler = int(kept.sum()) - int(right.sum()) - int(down.sum()) + int(squares.sum())
        assert beta[0][i] - beta[1][i] + beta[2][i] == euler
    assert [int(b[0]) for b in beta] == [1, 2, 1]
    assert max(beta[0]) > 5
    assert max(beta[1]) > 5


def by_gudhi(rho: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """The pairs of dimensions 0 and 1, and births of the loops that stay."""
    cubes = gudhi.PeriodicCubicalComplex(vertices=-rho, periodic_dimensions=[True, True])
    cubes.compute_persistence(homology_coeff_field=2, min_persistence=0)
    found = [-cubes.persistence_intervals_in_dimension(each) for each in (0, 1)]
    stays = np.isinf(found[1][:, 1])
    return [found[0][np.isfinite(found[0][:, 1])], found[1][~stays]], np.sort(found[1][stays, 0])


SHAPES = {
    "rough": lambda size, seed: np.random.default_rng(seed).normal(size=(size, size)),
    "smooth": lambda size, seed: random_density(size, seed, 4),
    "terraced": lambda size, seed: np.round(random_density(size, seed, 4) * 3),
    "stepped": lambda size, seed: np.random.default_rng(seed).integers(0, 4, (size, size)) * 1.0,
    "black and white": lambda size, seed: (SHAPES["rough"](size, seed) > -0.4) * 1.0,
    "striped": lambda size, seed: SHAPES["rough"](size, seed)[:1] + np.zeros((size, 1)),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_pair_is_that_of_gudhis_periodic_cubical_complex(shape):
    loops = 0
    for seed, size in enumerate([*range(3, 13), *range(16, 40, 3)]):
        rho = SHAPES[shape](size, seed)
        found, (theirs, stay) = superlevel_persistence(rho), by_gudhi(rho)
        for ours, those in zip(found.pairs, theirs, strict=False):
            np.testing.assert_array_equal(ours[np.lexsort(ours.T)], those[np.lexsort(those.T)])
        np.testing.assert_array_equal(found.essential[1], stay[::-1])
        loops += len(found.pairs[1])
    assert loops > 50 or shape == "striped"


def test_translations_and_mirror_images_change_no_diagram():
    rho = random_density(32, 8)
    still = superlevel_persistence(rho)
    for image in (np.roll(rho, (7, -5), (0, 1)), rho.T, rho[::-1], rho[:, ::-1]):
        found = superlevel_persistence(image)
        for k in (0, 1):
            one, two = (np.sort(each.diagram(k), axis=0) for each in (found, still))
            np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("size", [1e-6, 1e-2, 0.5])
@pytest.mark.parametrize("seed", range(5))
def test_a_small_change_moves_the_diagram_by_no_more(size, seed):
    """Stability: the bottleneck distance is at most sup|change|."""
    rho = random_density(32, seed)
    change = size * np.random.default_rng(seed).uniform(-1, 1, rho.shape)
    one, two = superlevel_persistence(rho), superlevel_persistence(rho + change)
    for k in (0, 1):
        apart = gudhi.hera.bottleneck_distance(-one.diagram(k), -two.diagram(k), 1e-6)
        assert 0 < apart <= np.abs(change).max() * (1 + 1e-5)


def test_the_longest_lived_peak_is_the_highest_and_all_are_local_maxima():
    rho = random_density(48, 9)
    found = superlevel_persistence(rho)
    assert len(found.peaks) == len(found.pairs[0]) + 1 > 10
    around = [np.roll(rho, s, axis) for s in (1, -1) for axis in (0, 1)]
    for x, y, height in found.peaks:
        assert height == rho[int(y), int(x)]
        assert all(height > each[int(y), int(x)] for each in around)
    assert found.peaks[0, 2] == rho.max()


def test_a_uniform_field_has_the_torus_alone():
    found = superlevel_persistence(np.full((16, 16), 2.0, np.float32))
    assert [len(each) for each in found.pairs] == [0, 0, 0]
    assert [each.tolist() for each in found.essential] == [[2], [2, 2], [2]]
    assert found.total(0) == found.total(1) == 0
    assert len(found.peaks) == 1

"""The sliced Wasserstein distance against persim's, and as a distance."""

import numpy as np
import persim
import pytest

from engine.layer2.sliced import sliced_wasserstein


def diagram(seed: int, count: int) -> np.ndarray:
    """Points (birth, death) with 0 < death < birth."""
    random = np.random.default_rng(seed)
    birth = random.uniform(0.5, 3, count)
    return np.column_stack([birth, birth * random.uniform(0, 1, count)])


@pytest.mark.parametrize(("one", "two"), [(5, 5), (40, 25), (1, 12)])
def test_it_is_persims_with_the_same_directions(one, two):
    a, b = diagram(one, one), diagram(two + 1, two)
    found = sliced_wasserstein([a, b], directions=50, bins=4096)
    # persim begins at half a turn, half a step from our grid of directions.
    theirs = [persim.sliced_wasserstein(a, b, M=m) for m in (50, 1000)]
    assert theirs[0] == pytest.approx(theirs[1], rel=5e-3)
    assert found[0, 1] == pytest.approx(theirs[1], rel=5e-3)


def test_one_point_against_nothing_is_its_way_to_the_diagonal():
    """W₁ in direction θ is |θ·(a − πa)| = p/√2·|cos|: its mean over directions is p√2/π."""
    point = np.array([[3.0, 1.0]])
    found = sliced_wasserstein([point, np.empty((0, 2))], directions=400, bins=2000)
    assert found[0, 1] == pytest.approx(2 * np.sqrt(2) / np.pi, rel=1e-4)


def test_it_is_a_distance_and_coarse_bins_only_take_away():
    diagrams = [diagram(seed, 10 + 3 * seed) for seed in range(8)]
    found = sliced_wasserstein(diagrams)
    np.testing.assert_array_equal(found, found.T)
    assert (np.diag(found) == 0).all()
    assert (found[~np.eye(8, dtype=bool)] > 0).all()
    for i in range(8):
        assert (found <= found[:, [i]] + found[[i], :] + 1e-12).all()
    coarse, fine = (sliced_wasserstein(diagrams, bins=n) for n in (16, 4096))
    assert (coarse <= fine + 1e-12).all()
    np.testing.assert_allclose(found, fine, rtol=0.02)


def test_points_near_the_diagonal_hardly_count():
    a = diagram(1, 20)
    dust = np.column_stack([np.linspace(1, 2, 30) + 1e-6, np.linspace(1, 2, 30)])
    found = sliced_wasserstein([a, np.concatenate([a, dust])])
    assert found[0, 1] < 30 * 1e-6
    assert sliced_wasserstein([np.empty((0, 2))] * 2).tolist() == [[0, 0], [0, 0]]

"""Vietoris–Rips persistence of places whose diagram is known."""

import numpy as np
import pytest

from engine.layer2.rips import rips_persistence

LENGTH = 10.0


def ring(count: int, radius: float, centre: tuple[float, float]) -> np.ndarray:
    angle = 2 * np.pi * np.arange(count) / count
    at = np.column_stack([np.cos(angle), np.sin(angle)]) * radius
    return (at + np.array(centre)) % LENGTH


@pytest.mark.parametrize("centre", [(5, 5), (0, 0), (9.9, 4)], ids=str)
def test_a_ring_is_one_loop_also_across_the_edge(centre):
    """Born with its last chord, 2r sin(π/m), dead with the first triangle around: r√3 for 3 | m."""
    zero, one = rips_persistence(ring(24, 1.5, centre), LENGTH)
    chord = 2 * 1.5 * np.sin(np.pi / 24)
    np.testing.assert_allclose(zero, [[0, chord]] * 23, atol=1e-6)
    np.testing.assert_allclose(one, [[chord, 1.5 * np.sqrt(3)]], atol=1e-6)


def test_a_lattice_has_its_squares_and_the_two_loops_of_the_torus():
    """Spacing h: 25 − 1 squares live from h to h√2; the torus's loops end with triangles of L/3."""
    at = np.arange(5) * 2.0
    places = np.column_stack([each.ravel() for each in np.meshgrid(at, at)])
    zero, one = rips_persistence(places, LENGTH)
    np.testing.assert_allclose(zero, [[0, 2]] * 24, atol=1e-6)
    squares = one[np.isclose(one[:, 1], 2 * np.sqrt(2), atol=1e-6)]
    rest = one[~np.isclose(one[:, 1], 2 * np.sqrt(2), atol=1e-6)]
    assert len(squares) == 24
    assert len(rest) == 2
    np.testing.assert_allclose(one[:, 0], 2, atol=1e-6)
    # A triangle around the torus has sides of at least 10/3: on this lattice the longest is 4.
    np.testing.assert_allclose(rest[:, 1], 4, atol=1e-6)


def test_translation_around_the_torus_changes_nothing():
    places = np.random.default_rng(0).uniform(0, LENGTH, (40, 2))
    still = rips_persistence(places, LENGTH)
    moved = rips_persistence((places + np.array([3.3, 8.1])) % LENGTH, LENGTH)
    for one, two in zip(still, moved, strict=True):
        np.testing.assert_allclose(np.sort(one, axis=0), np.sort(two, axis=0), atol=1e-5)
    assert len(still[1]) > 3


def test_one_place_and_none_have_nothing():
    for places in (np.empty((0, 2)), np.ones((1, 2))):
        assert [each.shape for each in rips_persistence(places, LENGTH)] == [(0, 2), (0, 2)]

"""Phase singularities: found where they were planted, and moving as the field is moved."""

import numpy as np
import pytest
from planted_vortices import LENGTH, known, noise, planted

from engine.layer2.singularities import Singularities, locate
from engine.layer2.torus import distances


def scattered(seed: int, count: int = 3) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return random.uniform(0, LENGTH, (count, 2)), random.choice([-1, 1], count)


def by_place(found: Singularities) -> np.ndarray:
    """Rows (x, y, charge) in an order that does not depend on how they were found."""
    rows = np.column_stack([found.places.round(6) % LENGTH, found.charges])
    return rows[np.lexsort(rows.T)]


def farthest(found: Singularities, places: np.ndarray, charges: np.ndarray) -> float:
    """How far from its planted place the worst one was found; all must be there."""
    assert len(found.charges) == len(charges)
    apart = distances(places, found.places, LENGTH)
    nearest = apart.argmin(axis=1)
    assert sorted(nearest) == list(range(len(charges)))
    assert (found.charges[nearest] == charges).all()
    return float(apart.min(axis=1).max())


@pytest.mark.parametrize("seed", range(20))
def test_planted_vortices_are_found_with_their_charges_to_a_fraction_of_a_cell(seed):
    centres, signs = scattered(seed)
    places, charges = known(centres, signs)
    found = locate(planted(256, centres, signs), LENGTH)
    assert farthest(found, places, charges) < 0.1 * LENGTH / 256


def test_positions_converge_with_the_square_of_the_cell():
    centres, signs = scattered(3)
    places, charges = known(centres, signs)
    errors = [
        farthest(locate(planted(size, centres, signs), LENGTH), places, charges)
        for size in (64, 128, 256, 512)
    ]
    order = np.log2(errors[0] / errors[-1]) / 3
    assert order > 1.7, errors


@pytest.mark.parametrize("size", [8, 9, 32, 64])
def test_charges_add_up_to_exactly_zero_on_random_fields(size):
    counts = []
    for seed in range(100):
        found = locate(noise(size, seed), LENGTH)
        assert found.charges.sum() == 0, seed
        counts.append(len(found.charges))
    assert min(counts) > 0


def test_translation_by_cells_moves_every_singularity_along():
    psi, cell = noise(48, 1, highest=6), LENGTH / 48
    moved = locate(np.roll(psi, (5, -7), axis=(0, 1)), LENGTH)
    still = locate(psi, LENGTH)
    expected = Singularities(still.places + np.array([-7, 5]) * cell, still.charges)
    assert len(still.charges) > 10
    np.testing.assert_allclose(by_place(moved), by_place(expected), atol=2e-6)


def test_a_quarter_turn_turns_the_places_and_keeps_the_charges():
    psi = noise(48, 2, highest=6)
    cell = LENGTH / 48
    # Row y and column x go to row x and column −y, around grid point 0.
    turned = np.roll(psi.T[:, ::-1], 1, axis=1)
    assert turned[3, 48 - 5] == psi[5, 3]
    still = locate(psi, LENGTH)
    x, y = still.places.T
    expected = Singularities(np.column_stack([-y, x]), still.charges)
    np.testing.assert_allclose(by_place(locate(turned, LENGTH)), by_place(expected), atol=2e-6)
    assert cell > 1e-3


def test_conjugation_flips_every_charge_and_a_mirror_image_does_too():
    psi = noise(48, 3, highest=6)
    still = locate(psi, LENGTH)
    flipped = Singularities(still.places, -still.charges)
    np.testing.assert_array_equal(by_place(locate(psi.conj(), LENGTH)), by_place(flipped))
    mirrored = Singularities(still.places[:, ::-1], -still.charges)
    np.testing.assert_allclose(by_place(locate(psi.T, LENGTH)), by_place(mirrored), atol=2e-6)


def test_a_global_phase_and_a_scale_change_nothing():
    psi = noise(48, 4, highest=6)
    still, changed = locate(psi, LENGTH), locate(3e-4 * np.exp(2j) * psi, LENGTH)
    np.testing.assert_allclose(by_place(changed), by_place(still), atol=2e-6)


def test_each_lies_inside_its_own_cell_even_in_white_noise():
    size = 64
    psi = noise(size, 5)
    found = locate(psi, LENGTH)
    inside = found.places * size / LENGTH
    assert len(found.charges) > 500
    assert (inside >= 0).all()
    assert (inside <= size).all()
    cells = {tuple(each) for each in np.minimum(inside.astype(int), size - 1)}
    assert len(cells) == len(found.charges)


def test_fields_without_singularities_have_none():
    waves = np.exp(2j * np.pi * 3 * np.arange(32) / 32)[None, :] * np.ones((32, 1))
    for psi in (np.ones((32, 32), complex), waves, np.zeros((32, 32), complex)):
        found = locate(psi, LENGTH)
        assert found.places.shape == (0, 2)
        assert found.charges.shape == (0,)

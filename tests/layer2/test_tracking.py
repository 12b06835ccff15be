"""Singularities followed from frame to frame: who moved where, who was born, who died."""

import numpy as np
import pytest
from planted_vortices import LENGTH, axes, known, noise, planted

from engine.layer2.singularities import Singularities, locate
from engine.layer2.torus import distances
from engine.layer2.tracking import follow, reach_of, turnover


def frame(*rows: tuple[float, float, int]) -> Singularities:
    table = np.array(rows, float).reshape(-1, 3)
    return Singularities(table[:, :2] % LENGTH, table[:, 2].astype(np.int64))


def test_planted_vortices_are_followed_around_the_torus():
    """Twelve of them drift across every edge at known velocities and keep their names."""
    random = np.random.default_rng(0)
    start, signs = random.uniform(0, LENGTH, (3, 2)), np.array([1, -1, 1])
    velocity = np.array([(0.09, 0.04), (-0.07, 0.08), (0.05, -0.09)])
    moments = range(130)
    frames = [locate(planted(64, start + i * velocity, signs), LENGTH) for i in moments]
    tracks = [t for t in follow(frames, LENGTH, 0.3) if t.begin == 0 and t.end == len(frames)]
    whole = 0
    for i in (0, 129):
        places, charges = known(start + i * velocity, signs)
        velocities = np.repeat(velocity, 4, axis=0)
        for each in tracks:
            nearest = distances(each.places[i : i + 1], places, LENGTH)[0].argmin()
            assert each.charge == charges[nearest]
            moved = (each.places[-1] - each.places[0] - 129 * velocities[nearest]) / LENGTH
            whole += bool(np.abs(moved - np.rint(moved)).max() < 0.01)
    assert whole == 2 * len(tracks) > 8


def test_a_pair_that_annihilates_dies_together():
    """ψ = cos kx − c + i sin ky has zeros at cos kx = c: two pairs for |c| < 1, none beyond."""
    x, y = axes(64)
    k = 2 * np.pi / LENGTH
    levels = np.linspace(0.0, 1.2, 13)
    frames = [locate(np.cos(k * x) - c + 1j * np.sin(k * y), LENGTH) for c in levels]
    tracks = follow(frames, LENGTH, 1.0)
    assert len(tracks) == 4
    assert sum(t.charge for t in tracks) == 0
    assert {t.begin for t in tracks} == {0}
    (end,) = {t.end for t in tracks}
    assert levels[end - 1] < 1 <= levels[end] + 0.01
    for each in tracks:
        expected = np.arccos(levels[:end]) / k
        away = np.minimum(each.places[:, 0], LENGTH - each.places[:, 0])
        np.testing.assert_allclose(away, expected, atol=0.02)
    changes = turnover(tracks, len(frames))
    assert changes.deaths.sum() == 4
    assert changes.deaths[end] == 4
    assert changes.births.sum() == 0


def test_only_equal_charges_are_one_and_only_within_reach():
    before, after = frame((1, 1, 1), (5, 5, -1)), frame((1.1, 1, -1), (5.1, 5, 1))
    assert len(follow([before, after], LENGTH, 1.0)) == 4
    before, after = frame((1, 1, 1), (9, 1, -1)), frame((1.4, 1, 1), (9.6, 1, -1))
    assert [len(t.places) for t in follow([before, after], LENGTH, 0.5)] == [2, 1, 1]


def test_matching_is_best_over_all_and_not_nearest_first():
    """One row of equals moves on by nearly its spacing: nobody jumps over the others."""
    before = frame((0, 1, 1), (1, 1, 1), (2, 1, 1))
    after = frame((0.9, 1, 1), (1.9, 1, 1), (2.9, 1, 1))
    tracks = follow([before, after], LENGTH, 4.0)
    moved = [t.places[1, 0] - t.places[0, 0] for t in tracks]
    assert moved == pytest.approx([0.9, 0.9, 0.9])


def test_a_far_pair_does_not_part_a_near_one():
    """One stayed, one died, one was born across: together they would be matched more shortly."""
    before, after = frame((5, 5, 1), (7, 5, 1)), frame((5, 5.3, 1), (3, 5, 1))
    tracks = follow([before, after], LENGTH, 0.5)
    assert [len(t.places) for t in tracks] == [2, 1, 1]
    assert tracks[0].places.tolist() == [[5, 5], [5, 5.3]]


def test_the_shortest_way_may_lead_over_the_edge():
    tracks = follow([frame((9.9, 0.1, 1)), frame((0.1, 9.9, 1))], LENGTH, 0.5)
    assert len(tracks) == 1
    assert tracks[0].places[0].tolist() == [9.9, 0.1]


def test_births_and_deaths_balance_between_the_charges_in_every_frame():
    """In a random evolution, singularities come and go by pairs of opposite charge."""
    a, b = noise(32, 1, highest=4), noise(32, 2, highest=4)
    frames = [locate(np.cos(s) * a + np.sin(s) * b, LENGTH) for s in np.linspace(0, 3, 40)]
    tracks = follow(frames, LENGTH, reach_of(frames, LENGTH))
    balance = np.zeros(len(frames) + 1, int)
    for each in tracks:
        balance[each.begin] += each.charge
        balance[each.end] -= each.charge
    assert (balance == 0).all()
    changes = turnover(tracks, len(frames))
    counts = np.array([len(f.charges) for f in frames])
    np.testing.assert_array_equal(np.diff(counts), (changes.births - changes.deaths)[1:])
    assert changes.births[1:].sum() > 3
    assert changes.deaths.sum() > 3
    assert changes.births[0] == 0


def test_nothing_is_followed_where_there_is_nothing():
    assert follow([], LENGTH, 1.0) == []
    assert follow([frame(), frame()], LENGTH, 1.0) == []
    assert reach_of([frame(), frame()], LENGTH) == LENGTH / 2
    crowd = [frame((1, 1, 1), (2, 2, -1), (3, 3, 1), (4, 4, -1)), frame()]
    assert reach_of(crowd, LENGTH) == LENGTH / 4

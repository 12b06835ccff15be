"""The radial spectrum and its peaks, against their definitions."""

from fractions import Fraction

import numpy as np
import pytest

from engine.audit.spectrum import (
    PEAK_FLOOR,
    find_peaks,
    first_peaks,
    radial_spectrum,
    ring_index,
    ring_wavenumbers,
)


def plane_wave(size: int, mx: int, my: int) -> np.ndarray:
    x = np.arange(size) / size
    return np.cos(2 * np.pi * (mx * x[None, :] + my * x[:, None]))


def spectrum_by_definition(rho: np.ndarray) -> np.ndarray:
    size = rho.shape[0]
    power = np.abs(np.fft.fft2(rho - rho.mean())) ** 2
    m = np.fft.fftfreq(size, 1 / size)
    radius = np.hypot(m[None, :], m[:, None])
    rings = range(1, size // 2 + 1)
    return np.array([power[(radius > j - 0.5) & (radius <= j + 0.5)].mean() for j in rings])


def test_ring_edges_are_exact():
    """No rounding decides: |m| in (j − ½, j + ½] in rational arithmetic."""
    squares = np.arange(2_000)
    for square, j in zip(squares, ring_index(squares), strict=True):
        low, high = Fraction(2 * int(j) - 1, 2), Fraction(2 * int(j) + 1, 2)
        assert square <= high**2
        assert square > low**2 or (square == 0 and j == 0)


@pytest.mark.parametrize("size", [8, 24, 64])
def test_spectrum_is_its_definition(size):
    rho = np.random.default_rng(size).normal(size=(size, size))
    np.testing.assert_allclose(radial_spectrum(rho), spectrum_by_definition(rho), rtol=1e-12)


@pytest.mark.parametrize(("mx", "my", "ring"), [(3, 4, 5), (0, 7, 7), (1, 1, 1), (2, 2, 3)])
def test_plane_wave_lies_in_one_ring(mx, my, ring):
    size = 32
    power = radial_spectrum(plane_wave(size, mx, my))
    m = np.fft.fftfreq(size, 1 / size)
    radius = np.hypot(m[None, :], m[:, None])
    modes = np.count_nonzero((radius > ring - 0.5) & (radius <= ring + 0.5))
    assert power[ring - 1] == pytest.approx(2 * (size**2 / 2) ** 2 / modes)
    assert np.delete(power, ring - 1).max() < 1e-20 * power[ring - 1]


def test_many_fields_at_once_are_the_fields_one_by_one():
    fields = np.random.default_rng(0).normal(size=(2, 3, 16, 16))
    together = radial_spectrum(fields)
    for index in np.ndindex(2, 3):
        np.testing.assert_allclose(together[index], radial_spectrum(fields[index]), rtol=1e-13)


def test_rings_sit_at_whole_multiples_of_the_fundamental():
    np.testing.assert_allclose(ring_wavenumbers(8, np.pi), [2, 4, 6, 8])


def test_vertex_of_a_log_parabola_is_found_exactly():
    j = np.arange(1, 33)
    centre = 10.3
    peak, position = find_peaks(np.exp(-0.4 * (j - centre) ** 2))
    assert position[peak] == pytest.approx([centre], abs=1e-12)


def test_ends_slopes_plains_and_silence_hold_no_peaks():
    j = np.arange(1.0, 17)
    for power in (j, 1 / j, np.ones(16), np.zeros(16)):
        assert not find_peaks(power)[0].any()


@pytest.mark.parametrize(("factor", "kept"), [(1.01, True), (0.99, False)])
def test_peak_must_stand_above_a_billionth_of_the_maximum(factor, kept):
    power = np.full(16, 1e-12)
    power[3], power[9] = 1.0, PEAK_FLOOR * factor
    found = find_peaks(power)[0]
    assert found[2]  # ring 4, the higher one
    assert found[8] == kept


def test_first_peaks_are_the_lowest_and_padded_with_zeros():
    power = np.ones((2, 12))
    power[0, [2, 5, 8]] = 4, 9, 4
    power[1, 6] = 2
    peak, position = find_peaks(power)
    np.testing.assert_allclose(
        first_peaks(peak, position, 4), [[3, 6, 9, 0], [7, 0, 0, 0]], atol=1e-12
    )
    np.testing.assert_allclose(first_peaks(peak, position, 2), [[3, 6], [7, 0]], atol=1e-12)
    assert first_peaks(peak[:, :3], position[:, :3], 5).shape == (2, 5)

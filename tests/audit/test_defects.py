import numpy as np
import pytest

from engine.audit.defects import defect_density, windings

N, LENGTH = 32, 16.0


def vortices(*places: tuple[float, float, int]) -> np.ndarray:
    """A product of vortices (x, y, charge) far from the edges, and 1 far away from them."""
    x, y = np.meshgrid(np.arange(N) + 0.0, np.arange(N) + 0.0)
    psi = np.ones((N, N), complex)
    for x0, y0, charge in places:
        phase = charge * np.arctan2(y - y0, x - x0)
        psi *= np.exp(1j * phase)
    return psi


def test_each_vortex_is_found_in_its_cell_with_its_charge():
    pair = windings(vortices((10.5, 12.5, 1), (20.5, 12.5, -1)))
    assert pair[12, 10] == 1
    assert pair[12, 20] == -1
    assert np.count_nonzero(pair[4:28, 4:28]) == 2


def test_windings_add_up_to_zero_on_the_torus():
    rng = np.random.default_rng(3)
    psi = rng.normal(size=(N, N)) + 1j * rng.normal(size=(N, N))
    found = windings(psi)
    assert np.abs(found).sum() > 50
    assert found.sum() == 0


def test_a_plane_wave_has_no_defect_and_density_is_by_area():
    x = np.arange(N) * 2 * np.pi / N
    wave = np.exp(3j * x)[None, :] * np.ones((N, 1))
    assert defect_density(wave, LENGTH) == 0
    rng = np.random.default_rng(3)
    psi = rng.normal(size=(N, N)) + 1j * rng.normal(size=(N, N))
    count = np.count_nonzero(windings(psi))
    assert defect_density(psi, LENGTH) == pytest.approx(count / 256)

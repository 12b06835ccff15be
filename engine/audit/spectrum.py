"""The radial spectrum of a field, and its peaks.

    P_j = mean of |FFT(ρ − ⟨ρ⟩)|² over the ring |k| in ((j − ½), (j + ½)]·2π/L,   j = 1 … N/2

All functions take any number of fields at once, so that the surrogates of a null hypothesis cost
their transforms and little more. Positions are in units of 2π/L unless a name says wavenumber.
"""

from functools import lru_cache

import numpy as np
import scipy.fft
import scipy.sparse
from numpy.typing import NDArray

PEAK_FLOOR = 1e-9
"""A peak must stand above this fraction of the spectrum's maximum."""

_EMPTY = 1e-30
"""Fraction of the maximum below which a ring holds only the rounding of a float64 transform."""

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def ring_index(modes: NDArray[np.int64]) -> NDArray[np.int64]:
    """The ring j of a mode with m_x² + m_y² = `modes`; 0 is the mean.

    |m| in (j − ½, j + ½] is, for whole m², the same as j² − j < m² ≤ j² + j: no rounding enters.
    """
    last = int(np.sqrt(modes.max(initial=0))) + 2
    edges = np.arange(last + 1, dtype=np.int64)
    return np.searchsorted(edges * edges + edges, modes, side="left").astype(np.int64)


@lru_cache(maxsize=4)
def _ring_average(size: int) -> scipy.sparse.csr_array:
    """The averages over rings 1 … N/2 as a matrix on the half plane that `rfft2` returns."""
    rows = np.fft.fftfreq(size, 1 / size).astype(np.int64)
    columns = np.arange(size // 2 + 1, dtype=np.int64)
    ring = ring_index(rows[:, None] ** 2 + columns[None, :] ** 2).ravel()
    # A column stands for itself and its mirror image, except the two that are their own mirror.
    twice = np.where((columns == 0) | (columns == size // 2), 1.0, 2.0)
    weight = np.broadcast_to(twice, (size, columns.size)).ravel()
    inside = (ring >= 1) & (ring <= size // 2)
    ring, weight, mode = ring[inside] - 1, weight[inside], np.flatnonzero(inside)
    count = np.bincount(ring, weight, size // 2)
    shape = (size // 2, size * columns.size)
    return scipy.sparse.csr_array((weight / count[ring], (ring, mode)), shape=shape)


def radial_spectrum(rho: Floats) -> Floats:
    """P_j, j = 1 … N/2, of one field (N, N) or of several (…, N, N); shape (…, N/2)."""
    size = rho.shape[-1]
    fluctuation = rho - rho.mean(axis=(-2, -1), keepdims=True)
    amplitude = scipy.fft.rfft2(fluctuation)
    power = (amplitude.real**2 + amplitude.imag**2).reshape(-1, size * (size // 2 + 1))
    rings = (_ring_average(size) @ power.T).T
    return np.ascontiguousarray(rings).reshape(*rho.shape[:-2], size // 2)


def ring_wavenumbers(size: int, domain_length: float) -> Floats:
    """Central wavenumber of every ring, j·2π/L, j = 1 … N/2, in 1/x."""
    return np.arange(1.0, size // 2 + 1) * (2 * np.pi / domain_length)


def find_peaks(power: Floats) -> tuple[Mask, Floats]:
    """Peaks of radial spectra: the strict local maxima of ln P_j above 1e-9 of the maximum.

    Args:
        power: P_j, shape (…, N/2).

    Returns:
        Which rings j = 2 … N/2 − 1 are peaks, and the position of the vertex of the parabola
        through ln P_{j−1}, ln P_j, ln P_{j+1} (in units of 2π/L, meaningful at a peak only); both
        of shape (…, N/2 − 2). The first and the last ring have one neighbour and are no peaks.
    """
    highest = power.max(axis=-1, keepdims=True)
    # A spectrum of zeros has no peaks; any positive scale will do for it.
    log = np.log(np.maximum(power / np.where(highest > 0, highest, 1.0), _EMPTY))
    left, middle, right = log[..., :-2], log[..., 1:-1], log[..., 2:]
    peak = (middle > left) & (middle > right) & (middle > np.log(PEAK_FLOOR))
    bend = np.where(peak, left - 2 * middle + right, -1.0)
    position = np.arange(2, power.shape[-1]) + 0.5 * (left - right) / bend
    return peak, position


def first_peaks(peak: Mask, position: Floats, count: int) -> Floats:
    """The first `count` peaks of each spectrum, ascending, padded with zeros; shape (…, count)."""
    order = np.argsort(~peak, axis=-1, kind="stable")[..., :count]
    found = np.take_along_axis(np.where(peak, position, 0.0), order, axis=-1)
    missing = [(0, 0)] * (found.ndim - 1) + [(0, count - found.shape[-1])]
    return np.pad(found, missing)

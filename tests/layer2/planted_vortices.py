"""Periodic fields whose phase singularities are known: where they lie and how they turn."""

import numpy as np

LENGTH = 10.0


def axes(size: int) -> tuple[np.ndarray, np.ndarray]:
    """x and y of the grid points."""
    along = np.arange(size) * LENGTH / size
    return np.meshgrid(along, along)


def planted(size: int, centres: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """A·Π over centres (x, y) of sin(x − x₀) ± i·sin(y − y₀), in units of L/2π.

    Each factor is zero at four places: at its centre and half a period away in x, in y, in both.
    """
    x, y = axes(size)
    k = 2 * np.pi / LENGTH
    psi = (2 + np.cos(k * (x - 2 * y))) * np.exp(1j * np.sin(k * (x + y)))
    for (x0, y0), sign in zip(centres, signs, strict=True):
        psi = psi * (np.sin(k * (x - x0)) + 1j * sign * np.sin(k * (y - y0)))
    return psi


def known(centres: np.ndarray, signs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places (n, 2) as (x, y), and charges, of what `planted` plants."""
    shifts = np.array([(0, 0), (1, 0), (0, 1), (1, 1)]) * LENGTH / 2
    turns = np.array([1, -1, -1, 1])
    places = (centres[:, None, :] + shifts[None]) % LENGTH
    return places.reshape(-1, 2), (signs[:, None] * turns[None]).ravel()


def noise(size: int, seed: int, highest: int = 0) -> np.ndarray:
    """A random complex field; with `highest` > 0 of modes up to that only."""
    random = np.random.default_rng(seed)
    psi = random.normal(size=(size, size)) + 1j * random.normal(size=(size, size))
    if not highest:
        return psi
    m = np.fft.fftfreq(size, 1 / size)
    kept = np.hypot(m[:, None], m[None, :]) <= highest
    return np.fft.ifft2(np.fft.fft2(psi) * kept)

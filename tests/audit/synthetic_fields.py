"""Fields whose spectral structure is known: none at all, or rings at given radii."""

import numpy as np


def structureless(size: int, seed: int) -> np.ndarray:
    """A complex Gaussian field with a smooth spectrum: all phases independent."""
    random = np.random.default_rng(seed)
    m = np.fft.fftfreq(size, 1 / size)
    envelope = np.exp(-(m[None, :] ** 2 + m[:, None] ** 2) / (2 * (size / 3) ** 2))
    shape = (size, size)
    return np.fft.ifft2(envelope * (random.normal(size=shape) + 1j * random.normal(size=shape)))


def ring_field(size: int, radii, width: float, seed: int) -> np.ndarray:
    """A real random field whose power lies in rings at the given radii (units of 2π/L)."""
    m = np.fft.fftfreq(size, 1 / size)
    radius = np.hypot(m[None, :], m[:, None])
    power = sum(np.exp(-((radius - r) ** 2) / (2 * width**2)) / r for r in radii)
    noise = np.fft.fft2(np.random.default_rng(seed).normal(size=(size, size)))
    return np.fft.ifft2(np.sqrt(power) * noise / np.abs(noise)).real

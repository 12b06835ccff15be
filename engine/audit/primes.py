"""log_prime_sse: how far the peaks of a spectrum lie from the logarithms of the primes.

    S = Σ kᵢtᵢ / Σ kᵢ²        log_prime_sse = Σ (S kᵢ − tᵢ)²        tᵢ = ln pᵢ, p = 2, 3, 5 … 19

over the first n = min(#peaks, 8) peaks kᵢ, ascending. The scale multiplies the measured k and is
fitted by least squares, so the unit of k drops out, and a comb c·ln p scores 0 for every c.
"""

from dataclasses import dataclass

import numpy as np

from engine.audit.spectrum import Floats, find_peaks, first_peaks, radial_spectrum

LOG_PRIMES: Floats = np.log([2.0, 3.0, 5.0, 7.0, 11.0, 13.0, 17.0, 19.0])
MAX_PEAKS = len(LOG_PRIMES)
MIN_PEAKS = 3


@dataclass(frozen=True)
class Fidelity:
    """The spectral score of one field.

    Attributes:
        peaks: wavenumbers of all peaks, ascending, 1/x; the first 8 are scored.
        log_prime_sse: the score; None with fewer than 3 peaks.
        scale: the fitted S, x; None with fewer than 3 peaks.
    """

    peaks: Floats
    log_prime_sse: float | None
    scale: float | None


def fit_primes(peaks: Floats, targets: Floats = LOG_PRIMES) -> tuple[Floats, Floats]:
    """Scores and scales of many sets of peaks at once.

    Args:
        peaks: ascending, padded with zeros to 8, shape (…, 8).
        targets: what they should be proportional to, shape (8,) or (…, 8).

    Returns:
        `log_prime_sse` (infinite with fewer than 3 peaks: worse than any score) and the scale
        (NaN there), each of shape (…).
    """
    wanted = np.where(peaks > 0, targets, 0.0)
    defined = np.count_nonzero(peaks, axis=-1) >= MIN_PEAKS
    norm = np.where(defined, np.sum(peaks * peaks, axis=-1), 1.0)
    scale = np.sum(peaks * wanted, axis=-1) / norm
    sse = np.sum((scale[..., None] * peaks - wanted) ** 2, axis=-1)
    return np.where(defined, sse, np.inf), np.where(defined, scale, np.nan)


def score_peaks(peaks: Floats) -> Fidelity:
    """The score of one ascending list of peak wavenumbers of any length."""
    padded = np.zeros(MAX_PEAKS)
    used = peaks[:MAX_PEAKS]
    padded[: used.size] = used
    sse, scale = fit_primes(padded)
    if used.size < MIN_PEAKS:
        return Fidelity(peaks, None, None)
    return Fidelity(peaks, float(sse), float(scale))


def score_field(rho: Floats, domain_length: float) -> Fidelity:
    """The score of one field ρ, shape (N, N), on a square of side L."""
    peak, position = find_peaks(radial_spectrum(rho))
    return score_peaks(position[peak] * (2 * np.pi / domain_length))


def score_surrogates(rho: Floats) -> Floats:
    """`log_prime_sse` of each of many fields (B, N, N), infinite where undefined; shape (B,)."""
    peak, position = find_peaks(radial_spectrum(rho))
    return fit_primes(first_peaks(peak, position, MAX_PEAKS))[0]

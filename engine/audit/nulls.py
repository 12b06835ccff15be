"""Two null hypotheses: how low a score does chance give as easily?

*Phase scramble* keeps |ψ̂| and draws its phases afresh, then recomputes ρ = |ψ|² and the score.
(Scrambling the phases of ρ̂ instead would leave |ρ̂|², hence the spectrum and the score, as they
are.) *Target shuffle* keeps the peaks and permutes the gaps between successive targets ln p.
(Shuffling the targets and sorting them again would give back the targets.)

    p = (1 + #{null ≤ observed}) / (1 + n)

A surrogate with fewer than 3 peaks counts as worse than any score, just as a run with fewer than
3 peaks has none: over all runs, those included, p is uniform where there is no structure.

Source for p: Davison & Hinkley, Bootstrap Methods and their Application (1997), eq. 4.11.
"""

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from engine.audit.primes import LOG_PRIMES, MAX_PEAKS, fit_primes, score_surrogates
from engine.audit.spectrum import Floats

CAP = 1000.0
"""Highest median that is reported: undefined surrogates have no finite score."""

_PHASE, _TARGET = 0, 1
_BLOCK_CELLS = 2**16
_TIE = 1e-9
_ROUNDING = 1e-20


@dataclass(frozen=True)
class NullTest:
    """Outcome of one null hypothesis: the median null score (at most 1000) and the p-value."""

    median: float
    p: float


def phase_scramble(psi: NDArray[np.complexfloating], run_id: str, draws: int) -> Floats:
    """Scores of `draws` surrogates of ψ (N, N) with its |ψ̂| and random phases; shape (draws,).

    Surrogates are made in blocks, so memory does not grow with `draws`. The first draws are the
    same however many are asked for.
    """
    size = psi.shape[-1]
    modulus = np.abs(scipy.fft.fft2(psi.astype(np.complex128)))
    random = _generator(run_id, _PHASE)
    block = max(1, _BLOCK_CELLS // size**2)
    scores = np.empty(draws)
    for start in range(0, draws, block):
        stop = min(start + block, draws)
        # Phases need no more than single precision, and their sines cost a fifth there.
        phase = random.random((stop - start, size, size), dtype=np.float32) * np.float32(2 * np.pi)
        surrogate = np.empty(phase.shape, np.complex128)
        np.multiply(modulus, np.cos(phase), out=surrogate.real)
        np.multiply(modulus, np.sin(phase), out=surrogate.imag)
        surrogate = scipy.fft.ifft2(surrogate, overwrite_x=True)
        scores[start:stop] = score_surrogates(surrogate.real**2 + surrogate.imag**2)
    return scores


def target_shuffle(peaks: Floats, run_id: str, draws: int) -> Floats:
    """Scores of the peaks against `draws` permutations of the gaps between their targets.

    Args:
        peaks: ascending wavenumbers, at least 3; the first n ≤ 8 are used, with the n − 1 gaps
            between their targets. With 3 peaks there are two permutations, so p ≥ ~1/2: three
            peaks can never be significant.
        run_id: seeds the draws.
        draws: how many.
    """
    used = peaks[:MAX_PEAKS]
    gaps = np.tile(np.diff(LOG_PRIMES[: used.size]), (draws, 1))
    shuffled = _generator(run_id, _TARGET).permuted(gaps, axis=1)
    targets = np.full((draws, MAX_PEAKS), LOG_PRIMES[0])
    targets[:, 1 : used.size] += np.cumsum(shuffled, axis=1)
    padded = np.zeros(MAX_PEAKS)
    padded[: used.size] = used
    return fit_primes(padded, targets)[0]


def compare(observed: float, null: Floats) -> NullTest:
    """Median and p-value of an observed score among the scores of a null hypothesis."""
    # A permutation that changes nothing must count as equal in spite of rounding.
    reached = np.count_nonzero(null <= observed * (1 + _TIE) + _ROUNDING)
    return NullTest(min(float(np.median(null)), CAP), (1 + int(reached)) / (1 + null.size))


def _generator(run_id: str, null: int) -> np.random.Generator:
    """Random numbers that a run's id and the null hypothesis determine."""
    return np.random.default_rng([int(run_id, 16), null])

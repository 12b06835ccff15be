"""Two null hypotheses: how low a score does chance give as easily?

*Phase scramble* keeps |ψ̂| and draws its phases afresh, then recomputes ρ = |ψ|² and the score.
(Scrambling the phases of ρ̂ instead would leave |ρ̂|², hence the spectrum and the score, as they
are.) *Target shuffle* keeps the peaks and permutes the gaps between successive targets ln p.
(Shuffling the targets and sorting them again would give back the targets.)

    p = (1 + #{null ≤ observed}) / (1 + n)          of n draws
    p = h / l                                       when the h-th is found at draw l > n
    p = #{null ≤ observed} / (m − 1)!               of all permutations for m peaks

A surrogate with fewer than 3 peaks counts as worse than any score, just as a run with fewer than
3 peaks has none: over all runs, those included, p is uniform where there is no structure.

A run that fewer than h = 10 of its first n draws reach gets more, until h do or the most are drawn.
No level is favoured by that: a p below h/n arises as in Besag and Clifford's sequential test, a p
above it as with n draws for everyone, so P(p ≤ u) ≤ u for every u where there is no structure.

Sources: Davison & Hinkley, Bootstrap Methods and their Application (1997), eq. 4.11; Besag &
Clifford (1991), Biometrika 78, 301.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from engine.audit.primes import LOG_PRIMES, MAX_PEAKS, fit_primes, score_surrogates
from engine.audit.spectrum import Floats

CAP = 1000.0
"""Highest median that is reported: undefined surrogates have no finite score."""

ENOUGH = 10
"""So many draws at or below the observed score settle a p-value (the h of Besag and Clifford)."""

MOST_DRAWS = 100_000
"""Of one null hypothesis for one run; fewer on grids above 128 × 128, at equal work."""

_BLOCK_CELLS = 2**16
_MOST_CELLS = MOST_DRAWS * 128**2
_TIE = 1e-9
_ROUNDING = 1e-20
_PERCENT = np.linspace(0, 1, 101)

Draw = Callable[[int], Floats]


@dataclass(frozen=True)
class NullTest:
    """Outcome of one null hypothesis.

    Attributes:
        median: of its scores, at most 1000.
        p: the p-value.
        draws: scores that it rests on.
        reached: how many of them are at or below the observed one.
        lowest: the ten lowest, ascending.
        percentiles: of its scores, 0 … 100 %, infinite where undefined.
    """

    median: float
    p: float
    draws: int
    reached: int
    lowest: Floats
    percentiles: Floats

    def to_dict(self) -> dict[str, Any]:
        """Strict JSON: six digits, None for infinity."""
        return {
            "draws": self.draws,
            "reached": self.reached,
            "lowest": [_plain(score) for score in self.lowest],
            "percentiles": [_plain(score) for score in self.percentiles],
        }


def phase_scramble(psi: NDArray[np.complexfloating], run_id: str) -> Draw:
    """Draws scores of surrogates of ψ (N, N) with its |ψ̂| and random phases.

    Returns:
        A function of how many to draw next that gives their scores.
    """
    draw_densities = surrogate_densities(psi, run_id)

    def draw(count: int) -> Floats:
        return np.concatenate([score_surrogates(block) for block in draw_densities(count)])

    return draw


def surrogate_densities(
    psi: NDArray[np.complexfloating], run_id: str
) -> Callable[[int], Iterator[Floats]]:
    """Draws ρ = |ψ'|² of surrogates ψ' with the |ψ̂| of ψ (N, N) and random phases.

    Returns:
        A function of how many to draw next that gives them in blocks (B, N, N). Made as they are
        taken, so memory does not grow with their number; which ones come depends on the run alone,
        not on how they are asked for.
    """
    size = psi.shape[-1]
    modulus = np.abs(scipy.fft.fft2(psi.astype(np.complex128)))
    random = np.random.default_rng([int(run_id, 16), 0])
    block = max(1, _BLOCK_CELLS // size**2)

    def densities(count: int) -> Floats:
        # Phases need no more than single precision, and their sines cost a fifth there.
        phase = random.random((count, size, size), dtype=np.float32) * np.float32(2 * np.pi)
        surrogate = np.empty(phase.shape, np.complex128)
        np.multiply(modulus, np.cos(phase), out=surrogate.real)
        np.multiply(modulus, np.sin(phase), out=surrogate.imag)
        surrogate = scipy.fft.ifft2(surrogate, overwrite_x=True)
        return surrogate.real**2 + surrogate.imag**2

    def draw(count: int) -> Iterator[Floats]:
        return (densities(min(block, count - i)) for i in range(0, count, block))

    return draw


def most_draws(size: int, draws: int) -> int:
    """How many a run on `size` cells a side may get, of whom everyone gets `draws`."""
    return max(draws, min(MOST_DRAWS, _MOST_CELLS // size**2))


def sequential(observed: float, draw: Draw, draws: int, most: int) -> NullTest:
    """The test of an observed score by random draws: `draws` for everyone, up to `most`."""
    null = draw(draws)
    reached = _reaches(null, observed)
    while np.count_nonzero(reached) < ENOUGH and null.size < most:
        more = draw(min(most - null.size, null.size))
        null = np.concatenate([null, more])
        reached = np.concatenate([reached, _reaches(more, observed)])
    count = int(np.count_nonzero(reached))
    p = (1 + count) / (1 + null.size)
    if null.size > draws and count >= ENOUGH:
        stop = int(np.flatnonzero(reached)[ENOUGH - 1]) + 1
        null, count, p = null[:stop], ENOUGH, ENOUGH / stop
    return _test(null, count, p)


def draws_behind(kept: Mapping[str, Any], p: float) -> int:
    """How many draws to ask of `sequential` in order to get a test again.

    Args:
        kept: the test's `to_dict()`.
        p: its p-value, which says whether it ended when enough draws had reached the score.
    """
    draws = int(kept["draws"])
    ended = kept["reached"] == ENOUGH and p == ENOUGH / draws
    return draws - 1 if ended else draws


def target_shuffle(peaks: Floats) -> Floats:
    """Scores of the peaks against every permutation of the gaps between their targets.

    Args:
        peaks: ascending wavenumbers, at least 3; the first m ≤ 8 are used, with the m − 1 gaps
            between their targets. For 3 peaks there are two permutations, so p ≥ 1/2: three
            peaks can never be significant, five are at best 1/24, eight 1/5040.

    Returns:
        (m − 1)! scores, the unshuffled one first.
    """
    used = peaks[:MAX_PEAKS]
    gaps = np.diff(LOG_PRIMES[: used.size])[_orders(used.size - 1)]
    targets = np.full((len(gaps), MAX_PEAKS), LOG_PRIMES[0])
    targets[:, 1 : used.size] += np.cumsum(gaps, axis=1)
    padded = np.zeros(MAX_PEAKS)
    padded[: used.size] = used
    return fit_primes(padded, targets)[0]


def exact(observed: float, null: Floats) -> NullTest:
    """The test of an observed score that is itself one of all the null's scores."""
    count = int(np.count_nonzero(_reaches(null, observed)))
    return _test(null, count, count / null.size)


@lru_cache(maxsize=8)
def _orders(count: int) -> NDArray[np.int64]:
    return np.array(list(permutations(range(count))))


def _reaches(null: Floats, observed: float) -> NDArray[np.bool_]:
    # A permutation that changes nothing must count as equal in spite of rounding.
    return null <= observed * (1 + _TIE) + _ROUNDING


def _test(null: Floats, reached: int, p: float) -> NullTest:
    ordered = np.sort(null)
    percentiles = ordered[np.round(_PERCENT * (null.size - 1)).astype(int)]
    median = min(float(np.median(null)), CAP)
    return NullTest(median, p, null.size, reached, ordered[:ENOUGH], percentiles)


def _plain(score: float) -> float | None:
    return float(f"{score:.6g}") if np.isfinite(score) else None

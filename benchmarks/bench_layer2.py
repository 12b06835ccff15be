"""What the analyses of layer 2 take on a grid of 1024 × 1024 cells, and a test of topology on 64².

The fields are random with a smooth spectrum, with as many phase defects in 64² cells as a run in
defect turbulence has (20). Processor time is given beside the wall clock, since a machine that
others use stretches only that.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.layer2.persistence import superlevel_persistence
from engine.layer2.singularities import locate
from engine.layer2.topology import topology_test

LARGE, SMALL = 1024, 64
DEFECTS = 20
REPEATS = 5


def main() -> None:
    psi = turbulent(LARGE)
    rho = psi.real**2 + psi.imag**2
    cases: dict[str, tuple[Callable[[], Any], Callable[[Any], str], str]] = {
        "defects, 1024²": (
            lambda: locate(psi, 1024.0),
            lambda found: f"{len(found.charges)} of them",
            "under 0.1 s",
        ),
        "persistence, 1024²": (
            lambda: superlevel_persistence(rho),
            lambda found: f"{len(found.pairs[0])} components, {len(found.pairs[1])} loops",
            "under 3 s",
        ),
        "topology test, 64²": (
            lambda: topology_test(turbulent(SMALL), "0" * 40, 99),
            lambda found: f"99 surrogates, p = {found.p:.2f}",
            "no wish",
        ),
    }
    print(f"medians of {REPEATS}, lowest in brackets")
    for name, (work, said, wanted) in cases.items():
        found = work()
        walls, processor = zip(*(timed(work) for _ in range(REPEATS)), strict=True)
        print(
            f"  {name:<20}{statistics.median(walls):>7.3f} s ({min(walls):.3f}), processor "
            f"{statistics.median(processor):.3f} s ({min(processor):.3f})   (wanted: {wanted})\n"
            f"  {'':<20}  {said(found)}"
        )


def turbulent(size: int) -> np.ndarray:
    """A complex Gaussian field, single precision, with 20 defects in 64² cells on the average."""
    random, m = np.random.default_rng(0), np.fft.fftfreq(size, 1 / size)
    # Of a spectrum exp(−k²/K²) there are K²/4π defects in a unit of area.
    width = np.sqrt(4 * np.pi * DEFECTS) * size / 64 / (2 * np.pi)
    envelope = np.exp(-(m[:, None] ** 2 + m[None, :] ** 2) / (2 * width**2))
    noise = random.normal(size=(size, size)) + 1j * random.normal(size=(size, size))
    return np.fft.ifft2(envelope * noise * size).astype(np.complex64)


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Wall clock and processor seconds."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor

"""Phase singularities of ψ: where they lie within their cells, and which way the phase turns.

A cell whose four corners the phase winds around (`engine.audit.defects`) holds a zero of ψ. Within
the cell ψ is taken as bilinear, with u, v in [0, 1] along x and y from its first corner:

    ψ(u, v) = a + b·u + c·v + d·u·v = 0      ⇒      Im[(a + b·u)(c + d·u)*] = 0,
    v = −Re[(a + b·u)(c + d·u)*] / |c + d·u|²

The phase that the winding counts along an edge is that of the straight line from corner to corner,
which is what the bilinear ψ does there: a winding of ±1 has exactly one such zero. Its distance
from the zero of a smooth field falls with the square of the cell.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.audit.defects import windings
from engine.audit.spectrum import Floats


@dataclass(frozen=True)
class Singularities:
    """The phase singularities of one field.

    Attributes:
        places: (x, y) of each, (n, 2), in x; between 0 and L.
        charges: winding number of each, (n,): +1 where the phase grows counter-clockwise.
    """

    places: Floats
    charges: NDArray[np.int64]


def locate(psi: NDArray[np.complexfloating], domain_length: float) -> Singularities:
    """The singularities of ψ, (N, N) as (y, x), on the periodic square of side L.

    Their charges add up to zero, exactly: each edge's step is counted once for either side.
    """
    winding = windings(psi)
    y, x = np.nonzero(winding)
    offset = _zero_of_bilinear(*_corners(psi, y, x))
    cell = domain_length / psi.shape[0]
    return Singularities((np.column_stack([x, y]) + offset) * cell, winding[y, x])


def _corners(
    psi: NDArray[np.complexfloating], y: NDArray[np.intp], x: NDArray[np.intp]
) -> tuple[NDArray[np.complex128], ...]:
    """a, b, c, d of the cells that begin at (y, x), each scaled to a largest corner of 1."""
    size = psi.shape[0]
    y1, x1 = (y + 1) % size, (x + 1) % size
    corners = np.stack([psi[y, x], psi[y, x1], psi[y1, x], psi[y1, x1]]).astype(np.complex128)
    largest = np.abs(corners).max(axis=0)
    p00, p10, p01, p11 = corners / np.where(largest > 0, largest, 1.0)
    return p00, p10 - p00, p01 - p00, p11 - p10 - p01 + p00


def _zero_of_bilinear(
    a: NDArray[np.complex128],
    b: NDArray[np.complex128],
    c: NDArray[np.complex128],
    d: NDArray[np.complex128],
) -> Floats:
    """(u, v) of the zero in the unit square, (n, 2)."""
    second, first, zeroth = (
        (b * d.conj()).imag,
        (a * d.conj() + b * c.conj()).imag,
        (a * c.conj()).imag,
    )
    root = np.sqrt(np.maximum(first**2 - 4 * second * zeroth, 0))
    stable = -(first + np.copysign(root, first)) / 2  # no difference of near numbers
    with np.errstate(divide="ignore", invalid="ignore"):
        u = np.stack([stable / second, zeroth / stable])
        slope = c + d * u
        v = -((a + b * u) * slope.conj()).real / (slope.real**2 + slope.imag**2)
        outside = np.hypot(u - np.clip(u, 0, 1), v - np.clip(v, 0, 1))
    # Of the two roots the one inside; a cell that is zero along a whole line has any of it.
    chosen = np.where(np.isfinite(outside), outside, np.inf).argmin(axis=0)[None]
    pair = np.stack([np.take_along_axis(each, chosen, axis=0)[0] for each in (u, v)], axis=-1)
    return np.asarray(np.clip(np.nan_to_num(pair, nan=0.5), 0, 1), np.float64)

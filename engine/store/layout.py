"""The artifact's layout: which dataset has which shape and type, declared once.

N is the grid's side, F the number of history frames and M the number of samples of the
diagnostics; arrays are `(y, x)`. Writer, reader and NeXus description derive from this table.
"""

from dataclasses import dataclass

import numpy as np

SCHEMA_VERSION = 1
"""Version of this layout; a reader refuses any other."""

MAX_CHUNK = 256
"""Longest side of a chunk: small enough to read a window of a large field."""

FIELD = ("y", "x")
FRAMES = ("t", "y", "x")
SAMPLES = ("t",)


@dataclass(frozen=True)
class Entry:
    """One dataset: its axes and the name that plots show.

    Attributes:
        axes: its dimension scales, slowest first.
        long_name: what it is, for people.
        complex: whether its values are complex.
        coordinate: float64 in every precision: axes, times and diagnostics.
    """

    axes: tuple[str, ...]
    long_name: str
    complex: bool = False
    coordinate: bool = False


LAYOUT: dict[str, Entry] = {
    "x": Entry(("x",), "x", coordinate=True),
    "y": Entry(("y",), "y", coordinate=True),
    "final_rho": Entry(FIELD, "ρ = |ψ|² at the end"),
    "final_g_tt": Entry(FIELD, "g_tt at the end"),
    "final_psi": Entry(FIELD, "ψ at the end", complex=True),
    "final_rho_s": Entry(FIELD, "ρ_s at the end"),
    "checkpoint/psi": Entry(FIELD, "ψ at the checkpoint", complex=True),
    "checkpoint/rho_s": Entry(FIELD, "ρ_s at the checkpoint"),
    "history/t": Entry(SAMPLES, "time", coordinate=True),
    "history/rho": Entry(FRAMES, "ρ = |ψ|²"),
    "history/g_tt": Entry(FRAMES, "g_tt"),
    "diagnostics/t": Entry(SAMPLES, "time", coordinate=True),
}
"""Every dataset but the diagnostics that the model adds: those are float64 over diagnostics/t."""

DIAGNOSTIC = Entry(SAMPLES, "", coordinate=True)


def dtype_of(entry: Entry, precision: str) -> np.dtype:
    """The type a dataset has in a run of the given precision."""
    if entry.coordinate or precision == "float64":
        return np.dtype(np.complex128 if entry.complex else np.float64)
    return np.dtype(np.complex64 if entry.complex else np.float32)


def chunks_of(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Chunks for a dataset: at most 256² values, and one frame of a history at a time."""
    if len(shape) == 1:
        return (max(1, min(shape[0], MAX_CHUNK**2)),)
    side = tuple(max(1, min(length, MAX_CHUNK)) for length in shape[-2:])
    return (1,) * (len(shape) - 2) + side

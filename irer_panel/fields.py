"""The two fields that the page shows: how each is read from an artifact, coloured and labelled."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.store.artifact import open_artifact
from irer_panel.viewport import Array, Range

SMALLEST_SPAN = 1e-6
"""Narrowest colour range: below it a map would show round-off as structure."""


@dataclass(frozen=True)
class FieldStyle:
    """A field's dataset, its symbol, what its colour bar says, its colour map."""

    dataset: str
    symbol: str
    meaning: str
    cmap: str
    centre: float | None = None

    def limits(self, field: Array) -> Range:
        """Colour limits of a run's whole field, so that zooming never changes a colour.

        From the smallest to the largest finite cell; symmetric around `centre` where it has one.
        """
        finite = field[np.isfinite(field)].astype(float)
        if self.centre is not None:
            reach = float(np.abs(finite - self.centre).max(initial=0.0))
            reach = max(reach, SMALLEST_SPAN)
            return self.centre - reach, self.centre + reach
        low, high = float(finite.min(initial=np.inf)), float(finite.max(initial=-np.inf))
        if not low <= high:
            return 0.0, SMALLEST_SPAN
        return low, max(high, low + SMALLEST_SPAN)


RHO = FieldStyle("final_rho", "ρ", "ρ = |ψ|²", "viridis")
G_TT = FieldStyle("final_g_tt", "g_tt", "g_tt = −Ω²", "RdBu_r", centre=-1.0)
SHOWN = (RHO, G_TT)
"""The fields of the page, in reading order."""


@dataclass(frozen=True, eq=False)
class RunFields:
    """A run's fields at full resolution, `(y, x)`, with their colour limits."""

    run: str
    length: float
    arrays: tuple[Array, ...]
    limits: tuple[Range, ...]

    @property
    def cells(self) -> int:
        """Cells along each side."""
        return int(self.arrays[0].shape[0])

    @property
    def extent(self) -> Range:
        """Where the domain begins and ends on both axes: at its outer cells' edges."""
        half = self.length / self.cells / 2
        return -half, self.length - half


def read_run(path: Path, run: str) -> RunFields:
    """Read what the page shows of a run.

    Args:
        path: its artifact.
        run: its id, which the artifact must be of.

    Raises:
        ArtifactError: the artifact is missing, unreadable or of another config.
    """
    with open_artifact(path, run) as artifact:
        arrays = tuple(artifact.read(style.dataset) for style in SHOWN)
        length = artifact.config.domain_length
    limits = tuple(style.limits(array) for style, array in zip(SHOWN, arrays, strict=True))
    return RunFields(run, length, arrays, limits)

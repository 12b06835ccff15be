"""Fields that are made from others, in memory, to be drawn from as if they lay in an artifact."""

import threading
from collections.abc import Mapping

import numpy as np

from engine.store.pyramid import STATISTICS, Level, bands_of, factors_of, levels_of, name_of
from irer_panel.viewport import Array


class MadeFields:
    """Planes by name, with the levels that an artifact of their size has (see docs/pyramid.md).

    Attributes:
        levels: factors of their levels, finest first; each plane's are made when first asked for.
    """

    def __init__(self, planes: Mapping[str, Array]) -> None:
        self.levels = factors_of(len(next(iter(planes.values()))))
        self._arrays = dict(planes)
        self._turn = threading.Lock()

    def read(self, name: str) -> Array:
        """A whole plane."""
        return self._arrays[name]

    def window(self, name: str, rows: slice, columns: slice) -> Array:
        """A part of a plane or of one of its levels."""
        with self._turn:
            if name not in self._arrays:
                self._add_levels(name)
            return self._arrays[name][rows, columns]

    def _add_levels(self, wanted: str) -> None:
        field = wanted.split("/")[1]
        plane = self._arrays[field]
        parts: dict[int, list[Level]] = {factor: [] for factor in self.levels}
        for factor, _, level in levels_of((plane[b] for b in bands_of(len(plane))), len(plane)):
            parts[factor].append(level)
        for factor, found in parts.items():
            for leaf, rows in zip(STATISTICS, zip(*found, strict=True), strict=True):
                self._arrays[name_of(field, factor, leaf)] = np.concatenate(rows)

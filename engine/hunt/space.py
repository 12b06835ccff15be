"""The search space: a box of physics keys, seen by strategies as the unit cube."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.settings import HuntSettings, RunConfig


@dataclass(frozen=True)
class Dimension:
    """One searched key and its interval."""

    key: str
    low: float
    high: float


@dataclass(frozen=True)
class SearchSpace:
    """Maps points of the unit cube, shape (n, d), to configs around a base config."""

    dimensions: tuple[Dimension, ...]
    base: RunConfig

    @classmethod
    def of(cls, settings: HuntSettings) -> "SearchSpace":
        """The space that the settings describe."""
        intervals = {
            "param_kappa": settings.kappa_range,
            "param_sigma_k": settings.sigma_k_range,
            "param_alpha": settings.alpha_range,
        }
        return cls(tuple(Dimension(k, *v) for k, v in intervals.items()), settings.base)

    @property
    def size(self) -> int:
        """Number of searched keys d."""
        return len(self.dimensions)

    def configs(self, points: np.ndarray) -> list[RunConfig]:
        """One config a point: key = low + u·(high − low).

        Args:
            points: shape (n, d), each in [0, 1].
        """
        return [self._config(point) for point in points]

    def _config(self, point: np.ndarray) -> RunConfig:
        values: dict[str, Any] = {
            d.key: min(d.high, d.low + float(u) * (d.high - d.low))
            for d, u in zip(self.dimensions, point, strict=True)
        }
        return dataclasses.replace(self.base, **values)

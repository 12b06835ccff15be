"""The search space: a box of physics keys, seen by strategies as the unit cube."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.dimensions import Dimension
from engine.settings import HuntSettings, RunConfig

SAME = 1e-9
"""A point of the search, as a share of a key's interval; of the value on a logarithmic one."""


@dataclass(frozen=True)
class SearchSpace:
    """Maps points of the unit cube, shape (n, d), to configs around a base config."""

    dimensions: tuple[Dimension, ...]
    base: RunConfig

    @classmethod
    def of(cls, settings: HuntSettings) -> "SearchSpace":
        """The space that the settings describe."""
        return cls(settings.dimensions, settings.base)

    @property
    def size(self) -> int:
        """Number of searched keys d."""
        return len(self.dimensions)

    @property
    def keys(self) -> tuple[str, ...]:
        """Names of the searched keys, in the order of the cube's axes."""
        return tuple(dimension.key for dimension in self.dimensions)

    def configs(self, points: np.ndarray, seed: int | None = None) -> list[RunConfig]:
        """One config a point.

        Args:
            points: shape (n, d), each in [0, 1].
            seed: of their initial noise; None for the base's.
        """
        base = self.base.to_dict()
        if seed is not None:
            base["seed"] = seed
        return [RunConfig(**{**base, **self._values(point)}) for point in points]

    def is_same(self, one: RunConfig, other: RunConfig) -> bool:
        """Whether two configs differ in nothing but the rounding of searched keys.

        The linear algebra of another processor, or of another release of its library, rounds
        otherwise: after 200 generations CMA-ES then asks for points 4e-13 away.
        """
        near = set()
        for d in self.dimensions:
            mine, theirs = getattr(one, d.key), getattr(other, d.key)
            if abs(mine - theirs) <= SAME * (mine if d.log else d.high - d.low):
                near.add(d.key)
        others = other.to_dict()
        return all(others[key] == value or key in near for key, value in one.to_dict().items())

    def unit_gradient(self, point: np.ndarray, gradient: Mapping[str, float]) -> np.ndarray:
        """A derivative in the keys as one in the coordinates of the cube, shape (d,)."""
        slopes = [d.slope(float(u)) for d, u in zip(self.dimensions, point, strict=True)]
        return np.array([gradient[key] for key in self.keys]) * slopes

    def _values(self, point: np.ndarray) -> dict[str, Any]:
        return {d.key: d.at(float(u)) for d, u in zip(self.dimensions, point, strict=True)}

"""Which rows of the run list are wanted: statuses, and ranges of numbers."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import SettingsError
from engine.settings import FAILURES, STATUS_OK
from engine.store.columns import NUMBERS


@dataclass(frozen=True)
class Filters:
    """A row passes when it has one of the statuses and lies in every range.

    Attributes:
        statuses: `ok` or classes of failure; none given, any will do.
        ranges: lowest and highest value by column of `columns.NUMBERS`, either None for no bound.
            A row without a value lies in no range.

    Raises:
        SettingsError: no such status or column, or a range that is none.
    """

    statuses: tuple[str, ...] = ()
    ranges: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = (STATUS_OK, *FAILURES)
        for status in self.statuses:
            if status not in known:
                raise _refused("status", repr(status), f"one of {', '.join(known)}")
        for name, bounds in self.ranges.items():
            if name not in NUMBERS:
                raise _refused(str(name), "a range", f"it of one of {', '.join(NUMBERS)}")
            if len(bounds) != 2 or not all(_is_bound(bound) for bound in bounds):
                raise _refused(name, repr(bounds), "two finite numbers, or None for no bound")

    def condition(self) -> tuple[str, dict[str, Any]]:
        """The SQL condition, and its values by name; no value becomes part of the text."""
        parts = []
        values: dict[str, Any] = {f"status{i}": s for i, s in enumerate(self.statuses)}
        if self.statuses:
            # With `+` the index of the status is not taken: nearly all rows share one.
            parts.append(f"+status IN ({', '.join(f':{name}' for name in values)})")
        for name, (low, high) in self.ranges.items():
            parts.append(f"{name} IS NOT NULL")
            for way, bound in ((">=", low), ("<=", high)):
                if bound is not None:
                    key = f"{name}_{'low' if way == '>=' else 'high'}"
                    parts.append(f"{name} {way} :{key}")
                    values[key] = bound
        return " AND ".join(parts) or "TRUE", values


EVERY_ROW = Filters()
"""What no row fails."""


def _is_bound(value: object) -> bool:
    if value is None:
        return True
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _refused(name: str, got: str, expected: str) -> SettingsError:
    return SettingsError(f"{name}: got {got}, expected {expected}; correct the filter.", field=name)

"""The searched keys of a hunt and their intervals, as they are written in its settings.

`epsilon=0.01:1:log param_alpha=off` searches ε on a logarithmic scale and no longer α.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from engine.errors import SettingsError
from engine.schema import Spec

OFF = "off"
_EXAMPLE = "write it as epsilon=0.01:1:log param_alpha=off"


@dataclass(frozen=True)
class Dimension:
    """One searched key and its interval, of which `log` searches the logarithm."""

    key: str
    low: float
    high: float
    log: bool = False

    def at(self, share: float) -> float:
        """The value at a share 0 … 1 of the interval."""
        if self.log:
            value = self.low * (self.high / self.low) ** share
        else:
            value = self.low + share * (self.high - self.low)
        return min(self.high, max(self.low, value))

    def slope(self, share: float) -> float:
        """Derivative of `at` in the share."""
        if self.log:
            return self.at(share) * math.log(self.high / self.low)
        return self.high - self.low


def parse_search(text: str, known: Mapping[str, Spec]) -> dict[str, Dimension | None]:
    """What a search text says: an interval a key, None for a key that is taken out.

    Args:
        text: pieces `key=low:high`, `key=low:high:log` or `key=off` between spaces or commas.
        known: the keys that can be searched, with their bounds.

    Raises:
        SettingsError: a piece that cannot be read, an unknown key or one that comes twice, an
            interval that is empty or leaves the key's bounds.
    """
    found: dict[str, Dimension | None] = {}
    for piece in text.replace(",", " ").split():
        key, _, rest = piece.partition("=")
        if key not in known:
            raise _refused(f"{key!r}", f"one of {', '.join(known)}")
        if key in found:
            raise _refused(f"{key} twice", "it once")
        found[key] = None if rest == OFF else _dimension(piece, key, rest, known[key])
    return found


def _dimension(piece: str, key: str, rest: str, spec: Spec) -> Dimension:
    low_text, _, tail = rest.partition(":")
    high_text, colon, scale = tail.partition(":")
    try:
        low, high = float(low_text) + 0.0, float(high_text) + 0.0
    except ValueError:
        raise _refused(repr(piece), "key=low:high, key=low:high:log or key=off") from None
    if colon and scale != "log":
        raise _refused(repr(piece), "no scale, or :log")
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise _refused(repr(piece), "finite numbers with low < high")
    if scale == "log" and low <= 0:
        raise _refused(repr(piece), "a logarithmic interval above 0")
    if spec.bounds:
        least, most = spec.bounds
        if low < least or high > most or (spec.low_open and low == least):
            above = "above" if spec.low_open else "at least"
            raise _refused(repr(piece), f"an interval {above} {least:g} and at most {most:g}")
    return Dimension(key, low, high, scale == "log")


def _refused(got: str, expected: str) -> SettingsError:
    return SettingsError(f"search: got {got}, expected {expected}; {_EXAMPLE}.", field="search")

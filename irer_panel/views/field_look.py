"""How a field is coloured: its map, its scale, its limits; all pure.

A scale maps values to places along a colour map. "symmetric" is linear close to the field's centre
and logarithmic away from it: t(v) = asinh((v − centre)/s), where s is a fiftieth of the reach.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from bokeh.palettes import (
    Cividis256,
    Greys256,
    Magma256,
    PuOr11,
    RdBu11,
    Viridis256,
    interp_palette,
)
from holoviews.plotting.util import process_cmap

from irer_panel.fields import FieldStyle
from irer_panel.source import Reach
from irer_panel.viewport import Range
from irer_panel.wording import number

SMALLEST_SPAN = 1e-6
"""Narrowest colour range, by the size of its values: a narrower one shows round-off."""

MAPS: dict[str, dict[str, Sequence[str]]] = {
    "sequential": {
        "viridis": Viridis256,
        "magma": Magma256,
        "cividis": Cividis256,
        "grey": Greys256,
    },
    "diverging": {
        "red-blue": interp_palette(RdBu11, 256),
        "orange-purple": interp_palette(PuOr11, 256)[::-1],
        "coolwarm": process_cmap("coolwarm", 256, provider="colorcet"),
    },
    "cyclic": {
        "wheel": process_cmap("colorwheel", 256, provider="colorcet"),
        "four colours": process_cmap("cyclic_mygbm_30_95_c78_s25", 256, provider="colorcet"),
        "grey": process_cmap("cyclic_grey_15_85_c0", 256, provider="colorcet"),
    },
}
"""Colour maps by a field's kind, its own first."""

SCALES = {
    "sequential": ("linear", "log"),
    "diverging": ("linear", "symmetric"),
    "cyclic": ("linear",),
}
"""Scales by a field's kind."""

_STEEPNESS = 50
_FINE = 2048
"""Colours of a bent map: enough that close to the centre each is one of the map's own."""


@dataclass(frozen=True)
class Look:
    """Colour map, scale and fixed limits of a field; empty and None for its own."""

    cmap: str = ""
    scale: str = "linear"
    limits: Range | None = None

    def map_of(self, style: FieldStyle) -> str:
        """The colour map, or the first of the field's kind."""
        return self.cmap or next(iter(MAPS[style.kind]))


@dataclass(frozen=True)
class Colours:
    """What a colour mapper and its bar need.

    Attributes:
        palette: colours from `limits[0]` to `limits[1]`, by value.
        bar: colours of the bar, from end to end.
        bar_limits: the ends of the bar, in the units of `ticks`.
        log: whether the palette goes by the logarithm of values.
        ticks: place and words along the bar; empty for those of a plain axis.
    """

    palette: tuple[str, ...]
    limits: Range
    bar: tuple[str, ...]
    bar_limits: Range
    log: bool = False
    ticks: tuple[tuple[float, str], ...] = ()


def automatic(style: FieldStyle, scale: str, reaches: Iterable[Reach]) -> Range:
    """Limits of whole fields together, so that neither zooming nor comparing changes a colour.

    From the smallest to the largest finite cell, above 0 for a logarithm; as far on both sides of
    the centre where a field has one; a whole turn where it is cyclic.
    """
    if style.kind == "cyclic":
        return -math.pi, math.pi
    reaches = tuple(reaches)
    lows = [reach.positive if scale == "log" else reach.low for reach in reaches]
    low = min(lows, default=math.inf)
    high = max((reach.high for reach in reaches), default=-math.inf)
    if style.kind == "diverging":
        centre = style.centre
        reach = max(centre - low, high - centre) if low <= high else 0.0
        reach = max(reach, SMALLEST_SPAN * abs(centre))
        reach = reach if reach > 0 else SMALLEST_SPAN
        return centre - reach, centre + reach
    if not low <= high:
        return (SMALLEST_SPAN, 1.0) if scale == "log" else (0.0, SMALLEST_SPAN)
    span = SMALLEST_SPAN * max(abs(low), abs(high))
    return low, max(high, low + (span if span > 0 else SMALLEST_SPAN))


def refusal(style: FieldStyle, scale: str, limits: Range) -> str:
    """Why limits cannot be had, in words; empty when they can."""
    low, high = limits
    if not (math.isfinite(low) and math.isfinite(high)):
        return f"Limits: got {low:g} to {high:g}, expected numbers; give both."
    if not low < high:
        return f"Limits: got {low:g} to {high:g}, expected the lower one first; swap them."
    if scale == "log" and low <= 0:
        return f"Limits: got {low:g}, expected more than 0 on a log scale; raise it."
    return ""


def colours(style: FieldStyle, look: Look, limits: Range) -> Colours:
    """The colours of a field between two limits."""
    chosen = tuple(MAPS[style.kind][look.map_of(style)])
    if look.scale == "log":
        return Colours(chosen, limits, chosen, limits, log=True)
    if look.scale != "symmetric":
        return Colours(chosen, limits, chosen, limits)
    reach = max(abs(limit - style.centre) for limit in limits)
    unit = reach / _STEEPNESS

    def place(values: Sequence[float] | np.ndarray) -> np.ndarray:
        return np.arcsinh((np.asarray(values, float) - style.centre) / unit)

    ends = place(limits)
    edges = np.linspace(*limits, _FINE + 1)
    shares = (place((edges[1:] + edges[:-1]) / 2) - ends[0]) / (ends[1] - ends[0])
    bent = tuple(chosen[int(i)] for i in np.minimum(shares * len(chosen), len(chosen) - 1))
    values = [v for v in _symmetric_ticks(style.centre, reach) if limits[0] <= v <= limits[1]]
    ticks = tuple(zip(place(values).tolist(), (number(v, 6) for v in values), strict=True))
    return Colours(bent, limits, chosen, (float(ends[0]), float(ends[1])), ticks=ticks)


def _symmetric_ticks(centre: float, reach: float) -> list[float]:
    """The centre, and on both sides of it the powers of ten that the reach holds."""
    largest = 10.0 ** math.floor(math.log10(reach))
    away = [largest / 10, largest, *([3 * largest] if reach >= 3 * largest else [])]
    return [centre - v for v in reversed(away)] + [centre] + [centre + v for v in away]

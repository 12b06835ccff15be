"""One colour bar for several plots: the colours of a field, with values along them."""

from irer_panel.fields import FieldStyle
from irer_panel.views.field_look import Colours
from irer_panel.wording import number

CSS = """
:host { width: 100%; }
.bar { display: flex; gap: 12px; align-items: flex-start; font-size: 12px; line-height: 16px;
  color: var(--mui-palette-text-primary); font-variant-numeric: tabular-nums; }
.bar > b { font-weight: 600; line-height: 14px; }
.scale { flex: 1 1 auto; margin-right: 24px; }
.ramp { height: 14px; border-radius: 2px; background-clip: padding-box !important;
  border: 1px solid var(--mui-palette-divider); }
.ticks { position: relative; height: 20px; color: var(--mui-palette-text-secondary); }
.ticks span { position: absolute; transform: translateX(-50%); white-space: nowrap; }
.ticks span:first-child { transform: none; }
.ticks span:last-child { transform: translateX(-100%); }
"""

STOPS = 64
"""Colours that the ramp is drawn from."""


def ticks_of(wanted: Colours) -> list[tuple[float, float]]:
    """Places along a bar, 0 to 1, and the values that stand there: both ends among them."""
    low, high = wanted.limits
    if wanted.log:
        return [(share, low * (high / low) ** share) for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
    if wanted.ticks:
        begin, end = wanted.bar_limits
        inner = [
            ((place - begin) / (end - begin), float(words.replace("−", "-").replace(",", "")))
            for place, words in wanted.ticks
        ]
        return [(0.0, low), *(each for each in inner if 0.08 < each[0] < 0.92), (1.0, high)]
    return [(share, low + share * (high - low)) for share in (0.0, 0.25, 0.5, 0.75, 1.0)]


def bar_html(style: FieldStyle, wanted: Colours) -> str:
    """The bar of a field."""
    last = len(wanted.bar) - 1
    stops = ", ".join(wanted.bar[round(i * last / (STOPS - 1))] for i in range(STOPS))
    ticks = "".join(
        f'<span style="left:{100 * place:.2f}%">{number(value)}</span>'
        for place, value in ticks_of(wanted)
    )
    return (
        f'<div class="bar"><b>{style.symbol}</b><div class="scale"><div class="ramp" '
        f'style="background:linear-gradient(to right, {stops})"></div>'
        f'<div class="ticks">{ticks}</div></div></div>'
    )

"""The scores of a null hypothesis' draws as a histogram, with the observed one as a line."""

import math
from itertools import pairwise
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, FixedTicker, HoverTool, Range1d
from bokeh.plotting import figure

from engine.audit.spectrum import Floats
from irer_panel.chart import write_numbers
from irer_panel.redraw import NullDraws
from irer_panel.views.spectrum_plot import NEUTRAL, SCORED
from irer_panel.wording import number

MOST_BINS = 40
_LEAST = 1e-30
_MARGIN = 1.15


def bins(scores: Floats, observed: float) -> tuple[Floats, Floats]:
    """Counts of scores in bins of equal width in log10, over all of them and the observed one.

    Scores are sums of squares and spread over decades. Infinite ones are left out.

    Returns:
        Edges (n + 1,), ascending, and counts (n,).
    """
    finite = np.maximum(scores[np.isfinite(scores)], _LEAST)
    low = min(float(finite.min(initial=np.inf)), max(observed, _LEAST)) / _MARGIN
    high = max(float(finite.max(initial=0.0)), observed, _LEAST) * _MARGIN
    most = int(np.clip(2 * np.sqrt(finite.size), 8, MOST_BINS))
    edges = np.geomspace(low, high, most + 1)
    return edges, np.histogram(finite, edges)[0].astype(float)


def ticks(low: float, high: float) -> list[float]:
    """Three to six ones, twos and fives of the decades between two scores, or powers of ten alone.

    Where both lie so close together that fewer are between them: even steps of one, two or five.
    """
    tens = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for mantissas in ((1, 2, 5), (1,)):
        found = [float(f"{m}e{ten}") for ten in tens for m in mantissas]
        found = [each for each in found if low <= each <= high]
        if len(found) <= 6:
            return found if len(found) > 2 else _even(low, high)
    return found[:: -(-len(found) // 6)]


def _even(low: float, high: float) -> list[float]:
    ten = math.ceil(math.log10(high - low))
    for step in (float(f"{m}e{n}") for n in (ten - 1, ten - 2) for m in (5, 2, 1)):
        whole = range(math.ceil(low / step), math.floor(high / step + 1e-9) + 1)
        if len(whole) > 2:
            break
    return [float(f"{each * step:.12g}") for each in whole]


class NullPlot:
    """The figure of one null hypothesis; `draw` fills it anew."""

    def __init__(self, what: str) -> None:
        self._bars = ColumnDataSource({"left": [], "right": [], "count": [], "range": []})
        self._ticker = FixedTicker()
        self._line = ColumnDataSource({"x": [], "sse": []})
        options: dict[str, Any] = {
            "height": 240,
            "sizing_mode": "stretch_width",
            "min_width": 280,
            "x_axis_type": "log",
            "x_range": Range1d(start=0.1, end=10),
            "y_range": Range1d(start=0, end=1),
            "x_axis_label": "log_prime_sse",
            "y_axis_label": what,
            "tools": "",
            "toolbar_location": None,
            "background_fill_alpha": 0,
        }
        plot = figure(**options)
        bars = plot.quad(
            "left",
            "right",
            "count",
            0,
            source=self._bars,
            fill_color=NEUTRAL,
            fill_alpha=0.55,
            line_color=NEUTRAL,
        )
        line = plot.vspan("x", source=self._line, line_color=SCORED, line_width=2.5)
        plot.xgrid.grid_line_color = None
        write_numbers(plot)
        plot.xaxis.ticker = self._ticker  # for good: for another the whole page is walked
        plot.add_tools(
            HoverTool(renderers=[bars], tooltips=[("SSE", "@range"), (what, "@count{0,0}")]),
            HoverTool(renderers=[line], tooltips=[("this run", "@sse")]),
        )
        self.figure = plot

    def draw(self, draws: NullDraws) -> None:
        """Show other draws."""
        edges, counts = bins(draws.scores, draws.observed)
        self._bars.data = {
            "left": edges[:-1],
            "right": edges[1:],
            "count": counts,
            "range": [f"{number(a, 3)} – {number(b, 3)}" for a, b in pairwise(edges)],
        }
        at = max(draws.observed, _LEAST)
        self._line.data = {"x": [at], "sse": [number(draws.observed)]}
        self.figure.x_range.update(start=float(edges[0]), end=float(edges[-1]))
        self._ticker.ticks = ticks(float(edges[0]), float(edges[-1]))
        self.figure.y_range.update(start=0, end=max(1.0, 1.1 * float(counts.max(initial=0))))

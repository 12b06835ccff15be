"""The scores of a null hypothesis' draws as a histogram, with the observed one as a line."""

from itertools import pairwise
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, HoverTool, Range1d
from bokeh.plotting import figure

from engine.audit.spectrum import Floats
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


class NullPlot:
    """The figure of one null hypothesis; `draw` fills it anew."""

    def __init__(self, what: str) -> None:
        self._bars = ColumnDataSource({"left": [], "right": [], "count": [], "range": []})
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
        self.figure.y_range.update(start=0, end=max(1.0, 1.1 * float(counts.max(initial=0))))

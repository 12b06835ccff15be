"""The diagnostics of a run over time, one small plot each, with the player's time marked."""

from typing import Any, NamedTuple

import panel as pn
from bokeh.layouts import column
from bokeh.models import BasicTicker, ColumnDataSource, HoverTool, Range1d
from bokeh.models.annotations.geometry import Span
from bokeh.plotting import figure

from irer_panel.chart import ACCENT, CALM, GOOD, give_room
from irer_panel.history import History


class Trace(NamedTuple):
    """A diagnostic, what its axis says, its colour."""

    name: str
    label: str
    colour: str


SHOWN = (
    Trace("q_coherence", "Q = ∫ρ dA", GOOD),
    Trace("energy", "E", GOOD),
    Trace("h_norm", "H-norm", CALM),
    Trace("max_rho", "max ρ", ACCENT),
    Trace("phase_defects", "defects", ACCENT),
)
"""What is drawn, from top to bottom; a run that does not hold one leaves its plot empty."""


class Traces(pn.viewable.Viewer):
    """The curves of one run; all share the axis of time."""

    def __init__(self) -> None:
        super().__init__()
        self._run = ""
        names = ["t", *(trace.name for trace in SHOWN)]
        self._source = ColumnDataSource({name: [0.0, 1.0] for name in names})
        self._now = [Span(dimension="height", line_color="gray", line_dash="dashed") for _ in SHOWN]
        self._times = Range1d(start=0, end=1)
        self._figures = []
        for trace, now in zip(SHOWN, self._now, strict=True):
            last = trace is SHOWN[-1]
            options: dict[str, Any] = {
                "height": 150 if last else 134 if trace is SHOWN[0] else 104,
                "sizing_mode": "stretch_width",
                "x_range": self._times,
                "y_axis_label": trace.label,
                "x_axis_label": "t" if last else None,
                "tools": "xpan,xwheel_zoom,save,reset",
                "toolbar_location": "above" if trace is SHOWN[0] else None,
                "min_border_left": 84,
            }
            plot = figure(**options)
            plot.toolbar.logo = None
            give_room(plot, 160)
            plot.xaxis.visible = last
            plot.yaxis.ticker = BasicTicker(desired_num_ticks=3)
            plot.yaxis.axis_label_standoff = 4
            plot.line("t", trace.name, source=self._source, color=trace.colour, line_width=2)
            tips = [("t", "@t"), (trace.label, f"@{trace.name}")]
            plot.add_tools(HoverTool(tooltips=tips, visible=False))
            plot.add_layout(now)
            self._figures.append(plot)

    def take(self, history: History) -> None:
        """Draw the curves of a run."""
        times = history.traces["t"]
        empty = [float("nan")] * len(times)
        data = {trace.name: history.traces.get(trace.name, empty) for trace in SHOWN}
        self._source.data = {"t": times, **data}
        if self._run != history.run:
            self._run = history.run
            end = float(times[-1]) if len(times) and times[-1] > 0 else 1.0
            pad = 0.01 * end
            self._times.update(start=-pad, end=end + pad, reset_start=-pad, reset_end=end + pad)

    def mark(self, time: float) -> None:
        """Mark a time in every plot."""
        for span in self._now:
            span.location = time

    def __panel__(self) -> pn.viewable.Viewable:
        plots = column(*self._figures, sizing_mode="stretch_width")
        return pn.pane.Bokeh(plots, sizing_mode="stretch_width", margin=0)

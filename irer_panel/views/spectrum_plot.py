"""P_j over k with its peaks and the scaled targets, as one Bokeh figure that is filled anew."""

from typing import Any

import numpy as np
from bokeh.models import (
    ColumnDataSource,
    FixedTicker,
    HoverTool,
    LinearAxis,
    Range1d,
    WheelZoomTool,
)
from bokeh.plotting import figure

from engine.audit.spectrum import PEAK_FLOOR
from irer_panel.chart import ON_HUE, write_numbers
from irer_panel.spectrum import PRIMES, Spectrum
from irer_panel.wording import number

CURVE, SCORED, NEUTRAL = "#1aa7c0", "#12a57d", "#7b8794"
"""Cyan, emerald and grey that can be read on a dark and on a light ground."""

_DEPTH = 1e-12
_BEYOND = 1.2
_BELOW, _ABOVE = 0.08, 0.2


class SpectrumPlot:
    """The figure of one page; `draw` puts another run's spectrum into it."""

    def __init__(self) -> None:
        self._rings = ColumnDataSource({"k": [], "power": [], "ring": []})
        self._others = ColumnDataSource({"k": [], "power": []})
        self._marks = ColumnDataSource({"k": [], "power": [], "name": []})
        self._goals = ColumnDataSource({"k": [], "prime": []})
        self._bare = ColumnDataSource({"k": [], "prime": []})
        self._misses = ColumnDataSource({"k": [], "goal": [], "power": []})
        self._floor = ColumnDataSource({"power": []})
        self._ticker = FixedTicker(ticks=[])
        self.figure = self._figure()

    def draw(self, spectrum: Spectrum) -> None:
        """Fill the figure; the whole of what is scored comes into view."""
        k, power = spectrum.wavenumbers, spectrum.power
        highest = float(power.max()) or 1.0
        lowest = _DEPTH * highest
        shown = np.maximum(power, lowest)
        self._rings.data = {"k": k, "power": shown, "ring": np.arange(1, k.size + 1)}
        peaks, used = spectrum.fidelity.peaks, spectrum.used.size
        heights = spectrum.heights
        self._others.data = {"k": peaks[used:], "power": heights[used:]}
        names = [str(index) for index in range(1, used + 1)]
        self._marks.data = {"k": peaks[:used], "power": heights[:used], "name": names}
        targets = spectrum.targets
        self._goals.data = {"k": targets[:used], "prime": list(PRIMES[:used])}
        self._bare.data = {"k": targets[used:], "prime": list(PRIMES[used : targets.size])}
        self._misses.data = {
            "k": peaks[:used],
            "goal": targets[:used],
            "power": heights[:used],
        }
        self._floor.data = {"power": [PEAK_FLOOR * highest]}
        self._label(targets)
        sight = _sight(k, spectrum)
        self._look_at(sight, _levels(shown[k <= sight[1]]))

    def _label(self, targets: np.ndarray) -> None:
        axis = self._axis
        axis.visible = bool(targets.size)
        names = {float(k): str(prime) for k, prime in zip(targets, PRIMES, strict=False)}
        self._ticker.ticks = list(names)
        axis.major_label_overrides = names

    def _look_at(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        for each, (low, high) in ((self.figure.x_range, x), (self.figure.y_range, y)):
            each.update(start=low, end=high, reset_start=low, reset_end=high)

    def _figure(self) -> figure:
        options: dict[str, Any] = {
            "height": 360,
            "sizing_mode": "stretch_width",
            "min_width": 300,
            "y_axis_type": "log",
            "x_range": Range1d(start=0, end=1),
            "y_range": Range1d(start=0.1, end=10),
            "x_axis_label": "wavenumber k [1/x]",
            "y_axis_label": "power P of a ring",
            "tools": "pan,box_zoom,reset",
            "toolbar_location": "right",
            "background_fill_alpha": 0,
        }
        plot = figure(**options)
        wheel = WheelZoomTool(dimensions="width")
        plot.add_tools(wheel)
        plot.toolbar.active_scroll = wheel
        plot.toolbar.logo = None
        write_numbers(plot)
        line: dict[str, Any] = {"line_color": NEUTRAL, "line_width": 1}
        plot.hspan(y="power", source=self._floor, line_dash="dotted", **line)
        goals = plot.vspan(x="k", source=self._goals, line_dash="dashed", **line)
        bare = plot.vspan(x="k", source=self._bare, line_dash="dotted", line_alpha=0.7, **line)
        plot.line("k", "power", source=self._rings, line_color=CURVE, line_width=1.5)
        rings = plot.scatter("k", "power", source=self._rings, size=4, color=CURVE)
        plot.segment(
            "k", "power", "goal", "power", source=self._misses, line_color=SCORED, line_width=2
        )
        others = plot.scatter(
            "k", "power", source=self._others, size=8, line_color=NEUTRAL, fill_alpha=0
        )
        marks = plot.scatter(
            "k", "power", source=self._marks, size=9, marker="diamond", color=SCORED
        )
        words: dict[str, Any] = {
            "y_offset": -8,
            "text_align": "center",
            "text_color": ON_HUE,
            "background_fill_color": SCORED,
            "padding": 2,
            "border_radius": 3,
            "text_font_size": "12px",
            "text_font_style": "bold",
        }
        plot.text("k", "power", "name", source=self._marks, **words)
        self._axis: Any = LinearAxis(axis_label="targets (ln p)/S for p =", visible=False)
        self._axis.update(ticker=self._ticker)
        plot.add_layout(self._axis, "above")
        plot.xgrid.grid_line_color = None
        at = [("k", "@k{0.0000} 1/x"), ("P", "@power{%.4g}")]
        goal = "ln @prime / S = @k{0.0000} 1/x"
        hovers: list[tuple[list[tuple[str, str]], list[Any]]] = [
            ([("ring", "@ring"), *at], [rings]),
            ([("peak", "@name"), *at], [marks]),
            ([("a peak", "not scored"), *at], [others]),
            ([("target", goal)], [goals]),
            ([("target without a peak", goal)], [bare]),
        ]
        for tips, renderers in hovers:
            plot.add_tools(
                HoverTool(
                    renderers=renderers,
                    tooltips=tips,
                    formatters={"@power": "printf"},
                    visible=False,
                )
            )
        return plot


def legend(spectrum: Spectrum) -> str:
    """What the marks mean that can be seen."""
    words = []
    if spectrum.used.size:
        words.append("Numbered: the scored peaks, each with a bar to its target.")
    if spectrum.fidelity.peaks.size > spectrum.used.size:
        words.append("Rings: peaks that are not scored.")
    if spectrum.missing:
        words.append("Dotted upright: targets without a peak.")
    power = spectrum.power
    if power.max() > 0 and power.min() <= PEAK_FLOOR * power.max():
        words.append(f"Dotted across: {number(PEAK_FLOOR)} of the highest, the least for a peak.")
    return " ".join(words)


def _sight(k: np.ndarray, spectrum: Spectrum) -> tuple[float, float]:
    """All rings, or where there are many more than are scored, the scored ones."""
    scored = np.concatenate([spectrum.used, spectrum.targets])
    end = float(k[-1]) * 1.02
    return 0.0, min(end, _BEYOND * float(scored.max())) if scored.size else end


def _levels(power: np.ndarray) -> tuple[float, float]:
    """From the lowest to the highest ring, at least a decade, and room for what stands on them."""
    low, high = np.log10(power.min()), np.log10(power.max())
    span = max(high - low, 1.0)
    return float(10 ** (low - _BELOW * span)), float(10 ** (high + _ABOVE * span))

"""Bokeh figures in one style, and which run is under a tap."""

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from bokeh.core.property.descriptors import UnsetValueError
from bokeh.events import Tap
from bokeh.models import (
    BoxSelectTool,
    ColumnDataSource,
    CustomJSTickFormatter,
    HoverTool,
    LassoSelectTool,
)
from bokeh.plotting import figure
from panel.io.state import set_curdoc

from engine.hunt.table import Numbers
from irer_panel.wording import NUMBER_JS

ACCENT, GOOD, CALM, BAD, PLAIN = "#0891b2", "#059669", "#d97706", "#dc2626", "#7c8b9e"
"""Cyan, emerald, amber, red and grey of the theme's hues, at 3:1 on both its grounds.

A canvas is drawn once for both themes: it cannot follow a CSS variable.
"""

ON_HUE = "#0d141c"
"""Of words on a ground of these hues: no colour of a text is at 4.5:1 on both of the theme's."""

REACH = 16.0
"""Pixels around a tap within which a run is meant."""

HEIGHT = 300

TIP = (
    '<div style="margin:-5px;padding:7px 10px;font:12px/18px sans-serif;'
    "color:var(--mui-palette-text-primary);background:var(--mui-palette-background-default);"
    'border:1px solid var(--mui-palette-divider)">%s</div>'
)
"""What surrounds a tooltip: Bokeh's own is white in both themes."""

RUN_TIP = (
    """<b>Run <span style="font-family:monospace">@name</span></b> · gen @generation{0}<br>%s"""
)


def chart(x_label: str, y_label: str, *, log_x: bool = False, log_y: bool = False) -> Any:
    """An empty Bokeh figure: it pans by dragging; its toolbar has zoom and reset."""
    options: dict[str, Any] = {
        "x_axis_type": "log" if log_x else "linear",
        "y_axis_type": "log" if log_y else "linear",
        "x_axis_label": x_label,
        "y_axis_label": y_label,
        "tools": "pan,wheel_zoom,reset",
        "active_drag": "pan",
    }
    fig: Any = figure(
        height=HEIGHT,
        sizing_mode="stretch_width",
        toolbar_location="above",
        min_border_right=12,
        **options,
    )
    fig.toolbar.logo = None
    give_room(fig, 120)
    fig.axis.axis_label_text_font_style = "normal"
    write_numbers(fig)
    return fig


def write_numbers(fig: Any) -> None:
    """Numbers on logarithmic axes as the page writes them; Bokeh has 10⁻³ or 6.000e-3 there."""
    for axis in fig.axis:
        if _is_log(axis):
            axis.formatter = CustomJSTickFormatter(code=f"return ({NUMBER_JS})(tick)")


def add_selection(fig: Any, renderers: Sequence[Any]) -> None:
    """A box and a lasso that select rows of the renderers' source."""
    fig.add_tools(
        BoxSelectTool(renderers=list(renderers)), LassoSelectTool(renderers=list(renderers))
    )
    give_room(fig, 190)


def add_tip(fig: Any, renderers: Sequence[Any], html: str) -> None:
    """A tooltip over some renderers; `@key{%.4g}` in it is the value in four digits."""
    keys = re.findall(r"@(\w+)\{%", html)
    formatters: dict[str, Any] = {f"@{key}": "printf" for key in keys}
    fig.add_tools(
        HoverTool(
            renderers=list(renderers), tooltips=TIP % html, formatters=formatters, visible=False
        )
    )


def add_ring(fig: Any, source: ColumnDataSource) -> None:
    """The mark of the selected run, from a source of one row or none."""
    fig.scatter(
        "x",
        "y",
        source=source,
        size=16,
        line_color=ACCENT,
        line_width=3,
        fill_alpha=0,
        level="overlay",
    )


def on_tap(fig: Any, call: Callable[[float, float], object]) -> None:
    """Call back with the place of each tap, in the units of the axes."""

    def tapped(event: Any) -> None:
        if event.x is not None and event.y is not None:
            with set_curdoc(fig.document):  # a tap changes models of its page alone
                call(float(event.x), float(event.y))

    fig.on_event(Tap, tapped)


def nearest(fig: Any, xs: Any, ys: Any, x: float, y: float) -> int | None:
    """Index of the point next to a place, None where none is within `REACH` pixels.

    Args:
        fig: whose axes and size count; before a browser has shown it, those of the points.
        xs: of the points, shape (n,), NaN for one that is not drawn.
        ys: the same along y.
        x: of the place.
        y: the same along y.
    """
    xs, ys = (np.asarray(each, float) for each in (xs, ys))
    width, height = frame_of(fig)
    across = _pixels(xs, x, fig.x_range, width, _is_log(fig.xaxis[0]))
    along = _pixels(ys, y, fig.y_range, height, _is_log(fig.yaxis[0]))
    distance = np.hypot(across, along)
    if not np.isfinite(distance).any():
        return None
    index = int(np.nanargmin(distance))
    return index if distance[index] <= REACH else None


def frame_of(fig: Any) -> tuple[int, int]:
    """Width and height in pixels within the axes; a guess before a browser has told."""
    try:
        return int(fig.inner_width), int(fig.inner_height)
    except UnsetValueError:
        return 800, HEIGHT


def give_room(fig: Any, pixels: int) -> None:
    """Keep a figure's toolbar so wide: without room to spare it folds its last tools away."""
    fig.toolbar.styles = {"min-width": f"{pixels}px", "justify-content": "flex-start"}


def _pixels(values: Numbers, at: float, ends: Any, pixels: float, log: bool) -> Numbers:
    """Distances along one axis, in pixels; NaN where a value is not on it."""
    if log:
        values, at = _log10(values), math.log10(at) if at > 0 else math.nan
    low, high = (_number(end) for end in (ends.start, ends.end))
    if log:
        low, high = (math.log10(end) if end > 0 else math.nan for end in (low, high))
    if not math.isfinite(high - low) or high == low:
        finite = values[np.isfinite(values)]
        low, high = (finite.min(), finite.max()) if len(finite) else (0.0, 1.0)
    return (values - at) * pixels / ((high - low) or 1.0)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else math.nan


def _log10(values: Numbers) -> Numbers:
    return np.log10(np.where(values > 0, values, np.nan))


def _is_log(axis: Any) -> bool:
    return type(axis).__name__ == "LogAxis"

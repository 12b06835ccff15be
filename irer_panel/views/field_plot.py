"""One field as a plot that keeps its zoom while its pixels are replaced."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import holoviews as hv
import numpy as np
import panel as pn
from bokeh.models import BoxZoomTool, WheelZoomTool
from holoviews.core.data.interface import Interface
from holoviews.streams import Pipe, PointerXY

from irer_panel.fields import FieldStyle
from irer_panel.viewport import Frame, Range

# HoloViews takes dask.dataframe for loaded while Datashader, in another thread, only tries to
# import it, which fails without PyArrow. No field of ours is a dask frame.
Interface.interfaces.pop("dask", None)

_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 90, 42, 54
"""Pixels around the frame: fixed, so that both frames align and stay square at every width."""

_SHORTER = _LEFT + _RIGHT - _TOP - _BOTTOM


@dataclass(frozen=True, eq=False)
class Picture:
    """One field's pixels with what their plot needs to know: colour limits, the domain's ends."""

    frame: Frame
    limits: Range
    extent: Range


BLANK = Picture(
    Frame(np.zeros((2, 2)), (0.0, 0.0, 1.0, 1.0), (slice(0, 2), slice(0, 2))),
    (0.0, 1.0),
    (0.0, 1.0),
)
"""What a plot holds before there is a run; a page does not show it."""


def field_plot(picture: Picture, style: FieldStyle) -> hv.Image:
    """A picture as a plot: x to the right, y up, both in units of the domain's side."""
    image = hv.Image(
        picture.frame.values[::-1],
        kdims=["x", "y"],
        vdims=[hv.Dimension(style.dataset, label=style.symbol)],
        bounds=picture.frame.bounds,
    )
    return image.opts(
        cmap=style.cmap,
        clim=picture.limits,
        xlim=picture.extent,
        ylim=picture.extent,
        title=style.dataset,
        colorbar=True,
        clabel=style.meaning,
        colorbar_opts={"width": 14, "padding": 2, "margin": 8},
        responsive=True,
        min_height=240,
        framewise=False,
        # At an edge of the domain the window glides along it and keeps its shape.
        default_tools=[
            "pan",
            WheelZoomTool(maintain_focus=False),
            BoxZoomTool(match_aspect=True),
            "reset",
        ],
        active_tools=["pan", "wheel_zoom"],
        backend_opts={
            "plot.min_border_left": _LEFT,
            "plot.min_border_right": _RIGHT,
            "plot.min_border_top": _TOP,
            "plot.min_border_bottom": _BOTTOM,
            "plot.toolbar_location": "above",
            "plot.toolbar.logo": None,
            # Without room to spare the toolbar folds its last tool, the reset, into a menu.
            "plot.toolbar.styles": {"min-width": "170px", "justify-content": "flex-start"},
        },
    )


def repaint(plot: Any, picture: Picture) -> None:
    """Put other pixels into a rendered plot (of HoloViews, by its Bokeh models).

    A new element through HoloViews gives the same picture in twenty times the time, on the loop:
    it compares every option and walks every model of the page.
    """
    left, bottom, right, top = picture.frame.bounds
    plot.handles["source"].data = {
        "image": [picture.frame.values],
        "x": [left],
        "y": [bottom],
        "dw": [right - left],
        "dh": [top - bottom],
    }
    low, high = picture.limits
    plot.handles["color_mapper"].update(low=low, high=high)


class SharedRanges:
    """The x and y ranges that all plots of a pair have in common, one pair a rendered page.

    Panel links plots only when they are rendered together; these come one after the other.
    """

    def __init__(self) -> None:
        self._of_root: dict[str, tuple[Any, Any]] = {}

    def join(self, plot: Any) -> None:
        """Give a rendered plot the ranges of the first one on its page."""
        figure = plot.state
        own = (figure.x_range, figure.y_range)
        x_range, y_range = self._of_root.setdefault(_root(plot), own)
        if figure.x_range is not x_range:
            figure.x_range, figure.y_range = x_range, y_range
            plot.handles.update(x_range=x_range, y_range=y_range)

    def show(self, extent: Range) -> None:
        """Show a whole domain; nothing beyond it can be moved into sight."""
        low, high = extent
        for ranges in self._of_root.values():
            for each in ranges:
                # The old bounds go first: a browser would hold the new ends within them.
                each.update(bounds=None)
                each.update(start=low, end=high, reset_start=low, reset_end=high)
                each.update(bounds=extent)


class FieldPlot(pn.viewable.Viewer):
    """One field, wherever it is rendered."""

    def __init__(self, style: FieldStyle, ranges: SharedRanges) -> None:
        super().__init__()
        self.style = style
        self._ranges = ranges
        self._rendered: dict[str, Any] = {}
        self._pipe = Pipe(data=BLANK)
        self.plot = hv.DynamicMap(partial(_draw, style, self._remember), streams=[self._pipe])
        self.pointer = PointerXY(source=self.plot)

    def draw(self, picture: Picture) -> None:
        """Replace the pixels."""
        self._pipe.update(data=picture)  # what a later rendering begins with
        for plot in self._rendered.values():
            repaint(plot, picture)

    def _remember(self, plot: Any, _: Any) -> None:
        self._rendered[_root(plot)] = plot
        self._ranges.join(plot)

    def __panel__(self) -> pn.viewable.Viewable:
        # The frame's height follows its width (cqw), so that one unit of x is one unit of y.
        pane = pn.pane.HoloViews(
            self.plot,
            linked_axes=False,
            sizing_mode="stretch_width",
            margin=0,
            styles={"height": f"calc(100cqw - {_SHORTER}px)", "flex": "0 0 auto"},
        )
        return pn.Column(
            pane,
            styles={
                "container-type": "inline-size",
                "flex": "1 1 420px",
                "max-width": "max(420px, min(760px, 62vh))",
            },
            min_width=300,
        )


def _root(plot: Any) -> str:
    return str(plot.root.ref["id"])


def _draw(style: FieldStyle, hook: Any, data: Picture) -> hv.Image:
    return field_plot(data, style).opts(hooks=[hook])

"""One field as a plot that keeps its zoom while its pixels are replaced."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from weakref import WeakMethod

import holoviews as hv
import numpy as np
import panel as pn
import param
from bokeh.models import BoxZoomTool, ColumnDataSource, SaveTool, WheelZoomTool
from holoviews.core.data.interface import Interface
from holoviews.streams import Pipe, PointerXY

from irer_panel.fields import RHO, FieldStyle
from irer_panel.plane import Plane
from irer_panel.viewport import Frame, Range
from irer_panel.views.field_look import Colours, Look, automatic, colours
from irer_panel.views.field_marks import SharedRanges, add_mask, dress, mask_data, root_of

# HoloViews takes dask.dataframe for loaded while Datashader, in another thread, only tries to
# import it, which fails without PyArrow. No field of ours is a dask frame.
Interface.interfaces.pop("dask", None)

LEFT, RIGHT, TOP, BOTTOM = 76, 90, 36, 54
"""Pixels around the frame: fixed, so that both frames align and stay square at every width."""

CANVAS = {"plot.output_backend": "canvas"}
"""Option of a plot: with WebGL, HoloViews' default, an image is drawn off the screen and copied,
which takes the longer the slower the graphics; in a notebook's cell it stays away."""

EDGE = 14
"""Pixels right of a frame that has no colour bar of its own."""


@dataclass(frozen=True, eq=False)
class Picture:
    """One field's pixels with what their plot needs to know.

    Attributes:
        frame: the pixels.
        extent: the domain's ends.
        plane: the field that they are of.
        style: which field it is.
        look: how it is coloured.
        title: what it shows, and of which run.
        compared: the planes that colour limits are taken from together.
        holes: where a pixel holds cells that are not finite; None where the field has none.
    """

    frame: Frame
    extent: Range
    plane: Plane
    style: FieldStyle
    look: Look
    title: str
    compared: tuple[Plane, ...]
    holes: Frame | None = None

    @property
    def cells(self) -> int:
        """Cells along each side of the field; 1 where there is none."""
        return self.plane.source.cells if self.plane.source else 1

    @property
    def limits(self) -> Range:
        """Colour limits: the fixed ones, or those of the whole field."""
        reaches = [plane.reach for plane in self.compared]
        return self.look.limits or automatic(self.style, self.look.scale, reaches)

    def looking(self, look: Look) -> "Picture":
        """The same pixels in other colours."""
        return replace(self, look=look)


_NOTHING = Plane.none("")
BLANK = Picture(
    Frame(np.zeros((2, 2)), (0.0, 0.0, 1.0, 1.0), (slice(0, 2), slice(0, 2))),
    (0.0, 1.0),
    _NOTHING,
    RHO,
    Look(),
    "…",
    (_NOTHING,),
)
"""What a plot holds before there is a run; a page does not show it.

It has a title, for Bokeh leaves a row of the first one standing if that makes room for itself.
"""


def field_plot(picture: Picture) -> hv.Image:
    """A picture as a plot: x to the right, y up, both in units of the domain's side."""
    image = hv.Image(
        picture.frame.values[::-1],
        kdims=["x", "y"],
        vdims=[hv.Dimension("value", label=picture.style.symbol)],
        bounds=picture.frame.bounds,
    )
    return image.opts(
        cmap=list(colours(picture.style, picture.look, picture.limits).bar),
        clim=picture.limits,
        xlim=picture.extent,
        ylim=picture.extent,
        title=picture.title,
        fontsize={"title": 10},
        colorbar=True,
        clabel="",
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
            SaveTool(),
        ],
        active_tools=["pan", "wheel_zoom"],
        backend_opts={
            **CANVAS,
            "plot.min_border_left": LEFT,
            "plot.min_border_right": RIGHT,
            "plot.min_border_top": TOP,
            "plot.min_border_bottom": BOTTOM,
            "plot.toolbar_location": "above",
            "plot.toolbar.logo": None,
            # Without room to spare the toolbar folds its last tools into a menu.
            "plot.toolbar.styles": {"min-width": "200px", "justify-content": "flex-start"},
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


@dataclass
class _Rendered:
    """A plot on one page, its mask, and the colours that it has."""

    plot: Any
    mask: ColumnDataSource
    bar: bool = True
    coloured: Colours | None = None

    def show(self, picture: Picture) -> None:
        repaint(self.plot, picture)
        self.plot.state.title.text = picture.title
        if source := picture.plane.source:
            for tool in self.plot.state.select(type=SaveTool):
                tool.filename = f"{picture.style.key}_{source.config.config_hash[:8]}"
        self.plot.handles["colorbar"].visible = self.bar and not picture.plane.problem
        self.plot.state.min_border_right = RIGHT if self.bar else EDGE
        self.mask.data = mask_data(picture.holes)
        self.colour(picture)

    def colour(self, picture: Picture) -> None:
        wanted = colours(picture.style, picture.look, picture.limits)
        if wanted != self.coloured:
            dress(self.plot, wanted)
            self.coloured = wanted


class FieldPlot(pn.viewable.Viewer):
    """One field, wherever it is rendered."""

    bar = param.Boolean(default=True, doc="Whether it has a colour bar of its own.")

    def __init__(self, ranges: SharedRanges) -> None:
        super().__init__()
        self._ranges = ranges
        self._rendered: dict[str, _Rendered] = {}
        self._pipe = Pipe(data=BLANK)
        self.plot = hv.DynamicMap(partial(_draw, WeakMethod(self._remember)), streams=[self._pipe])
        self.pointer = PointerXY(source=self.plot)

    def close(self) -> None:
        """Leave HoloViews' list of callbacks, which holds every plot in it; let go of the field."""
        for each in self._rendered.values():
            each.plot.cleanup()
        self._rendered = {}
        self._pipe.update(data=BLANK)

    @property
    def picture(self) -> Picture:
        """What is drawn."""
        picture: Picture = self._pipe.data
        return picture

    def draw(self, picture: Picture) -> None:
        """Replace the pixels, and the colours where they differ."""
        self._pipe.update(data=picture)  # what a later rendering begins with
        for each in self._rendered.values():
            each.show(picture)

    def colour(self, look: Look) -> None:
        """Change the colours, not the pixels."""
        self._pipe.update(data=self.picture.looking(look))
        for each in self._rendered.values():
            each.colour(self.picture)

    def _remember(self, plot: Any, _: Any) -> None:
        self._ranges.join(plot)
        rendered = self._rendered[root_of(plot)] = _Rendered(plot, add_mask(plot.state), self.bar)
        rendered.show(self.picture)

    @param.depends("bar")
    def _styles(self) -> dict[str, str]:
        shorter = LEFT + (RIGHT if self.bar else EDGE) - TOP - BOTTOM
        return {"container-type": "inline-size", "--shorter": f"{shorter}px"}

    @param.depends("bar", watch=True)
    def _make_room(self) -> None:
        for each in self._rendered.values():
            each.bar = self.bar
            each.show(self.picture)

    def __panel__(self) -> pn.viewable.Viewable:
        # The frame's height follows its width (cqw), so that one unit of x is one unit of y.
        pane = pn.pane.HoloViews(
            self.plot,
            linked_axes=False,
            sizing_mode="stretch_width",
            margin=0,
            styles={"height": "calc(100cqw - var(--shorter))", "flex": "0 0 auto"},
        )
        return pn.Column(pane, sizing_mode="stretch_width", styles=self._styles)


def _draw(remember: WeakMethod[Any], data: Picture) -> hv.Image:
    """The plot, which tells of its renderings; HoloViews keeps the options of what lives."""

    def tell(plot: Any, element: Any) -> None:
        told = remember()
        if told is not None:
            told(plot, element)

    return field_plot(data).opts(hooks=[tell])

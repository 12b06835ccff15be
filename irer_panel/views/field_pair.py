"""The selected run's fields side by side, linked in pan and zoom, rasterized on the server."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import holoviews as hv
import panel as pn
import param
from holoviews.streams import Pipe, PlotSize, PointerXY, RangeXY

from engine.errors import EngineError
from engine.store.workspace import Workspace
from irer_panel.background import Loop, Newest, painters
from irer_panel.fields import SHOWN, FieldStyle, RunFields, read_run
from irer_panel.selection import Selection
from irer_panel.viewport import Frame, Range, Window, cell_at, full_window, rasterize
from irer_panel.wording import number

_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 90, 42, 54
"""Pixels around the frame: fixed, so that both frames align and stay square at every width."""

_SHORTER = _LEFT + _RIGHT - _TOP - _BOTTOM


@dataclass(frozen=True, eq=False)
class Picture:
    """One field's pixels with what their plot needs to know."""

    frame: Frame
    limits: Range
    extent: Range


@dataclass(frozen=True, eq=False)
class Painted:
    """What a paint job made: the run's fields and a picture each, or why there is none."""

    run: str
    fields: RunFields | None = None
    pictures: tuple[Picture, ...] = ()
    problem: str = ""


def field_plot(picture: Picture, style: FieldStyle) -> hv.Image:
    """A picture as a plot: x to the right, y up, both in units of the domain's side."""
    low, high = picture.extent
    image = hv.Image(
        picture.frame.values[::-1],
        kdims=["x", "y"],
        vdims=[hv.Dimension(style.dataset, label=style.symbol)],
        bounds=picture.frame.bounds,
    )
    return image.opts(
        cmap=style.cmap,
        clim=picture.limits,
        xlim=(low, high),
        ylim=(low, high),
        title=style.dataset,
        colorbar=True,
        clabel=style.meaning,
        colorbar_opts={"width": 14, "padding": 2, "margin": 8},
        responsive=True,
        min_height=240,
        framewise=False,
        default_tools=["pan", "wheel_zoom", "box_zoom", "reset"],
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


def paint(
    fields: RunFields | None, run: str, workspace: Workspace, window: Window | None
) -> Painted:
    """Read the run's fields unless they are at hand, and rasterize the window of each."""
    try:
        if fields is None or fields.run != run:
            fields = read_run(workspace.artifact_path(run), run)
    except EngineError as error:
        return Painted(run, problem=str(error))
    half = fields.length / fields.cells / 2
    extent = (-half, fields.length - half)
    shown = window or full_window(fields.cells, fields.length)
    pictures = tuple(
        Picture(rasterize(array, fields.length, shown), limits, extent)
        for array, limits in zip(fields.arrays, fields.limits, strict=True)
    )
    return Painted(run, fields, pictures)


class FieldPlot(pn.viewable.Viewer):
    """One field of one domain: a plot that keeps its zoom while its pixels are replaced."""

    def __init__(self, style: FieldStyle, picture: Picture, ranges: "SharedRanges") -> None:
        super().__init__()
        self._pipe = Pipe(data=picture)
        self.plot = hv.DynamicMap(partial(_draw, style, ranges), streams=[self._pipe])
        self.pointer = PointerXY(source=self.plot)

    def draw(self, picture: Picture) -> None:
        """Replace the pixels."""
        self._pipe.send(picture)

    def __panel__(self) -> pn.viewable.Viewable:
        pane = pn.pane.HoloViews(
            self.plot,
            linked_axes=False,
            sizing_mode="stretch_width",
            margin=0,
            styles={"height": f"calc(100cqw - {_SHORTER}px)", "flex": "0 0 auto"},
        )
        # The frame's height follows its width (cqw), so that one unit of x is one unit of y.
        return pn.Column(
            pane,
            styles={
                "container-type": "inline-size",
                "flex": "1 1 420px",
                "max-width": "max(420px, min(760px, 62vh))",
            },
            min_width=300,
        )


class SharedRanges:
    """The x and y ranges that all plots of a pair have in common, one pair a rendered page.

    Panel links plots only when they are rendered together; these come one after the other.
    """

    def __init__(self) -> None:
        self._of_root: dict[str, tuple[Any, Any]] = {}

    def __call__(self, plot: Any, _: Any) -> None:
        """Give a plot the ranges of the first one on its page: a HoloViews hook."""
        figure = plot.state
        own = (figure.x_range, figure.y_range)
        x_range, y_range = self._of_root.setdefault(plot.root.ref["id"], own)
        if figure.x_range is not x_range:
            figure.x_range, figure.y_range = x_range, y_range
            plot.handles.update(x_range=x_range, y_range=y_range)


class FieldPair(pn.viewable.Viewer):
    """The selected run's ρ and g_tt, linked in pan and zoom."""

    problem = param.String(default="", doc="Why the selected run cannot be shown.")
    readout = param.String(default="", doc="Place and true values of the cell under the cursor.")
    fields = param.ClassSelector(class_=RunFields, doc="The run that is shown, None for none.")

    def __init__(self, workspace: Workspace, selection: Selection, loop: Loop) -> None:
        super().__init__()
        self._workspace = workspace
        self._selection = selection
        self._loop = loop
        self._paints: Newest[Painted] = Newest(painters, loop, self._show)
        self._watcher = selection.param.watch(self._request, "run")
        self._box = pn.Row(
            sizing_mode="stretch_width",
            styles={"flex-wrap": "wrap", "gap": "8px 16px", "justify-content": "center"},
        )
        self.plots: list[FieldPlot] = []
        self._extent: Range | None = None
        self._view: tuple[RangeXY, PlotSize] | None = None
        self._request()

    @property
    def window(self) -> Window | None:
        """What the browser shows of the domain, None until it says."""
        if self._view is None:
            return None
        ranges, size = self._view
        if not (ranges.x_range and ranges.y_range and size.width and size.height):
            return None
        return Window(
            tuple(ranges.x_range), tuple(ranges.y_range), int(size.width), int(size.height)
        )

    def close(self) -> None:
        """Follow the selection no more."""
        self._paints.close()
        self._selection.param.unwatch(self._watcher)

    def _request(self, *_: Any, **__: Any) -> None:
        run = self._selection.run
        if run:
            self._paints.request(partial(paint, self.fields, run, self._workspace, self.window))

    def _show(self, painted: Painted) -> None:
        if painted.run != self._selection.run:
            return
        if painted.pictures and painted.pictures[0].extent != self._extent:
            self._lay_out(painted.pictures)
        else:
            for plot, picture in zip(self.plots, painted.pictures, strict=False):
                plot.draw(picture)
        self._box.visible = bool(painted.pictures)
        self.param.update(fields=painted.fields, problem=painted.problem)

    def _lay_out(self, pictures: Sequence[Picture]) -> None:
        """Make the plots of a domain, each in a turn of the loop of its own."""
        self._extent = pictures[0].extent
        ranges = SharedRanges()
        self.plots = [FieldPlot(*each, ranges) for each in zip(SHOWN, pictures, strict=True)]
        first = self.plots[0].plot
        self._view = RangeXY(source=first), PlotSize(source=first)
        for stream in self._view:
            stream.add_subscriber(self._request)
        for plot in self.plots:
            plot.pointer.add_subscriber(self._point)
        self._box.objects = []
        for plot in self.plots:
            self._loop.soon(partial(self._box.append, plot))

    def _point(self, x: float | None = None, y: float | None = None) -> None:
        fields = self.fields
        if fields is None or x is None or y is None:
            self.readout = ""
            return
        cell = cell_at(x, y, fields.cells, fields.length)
        self.readout = "" if cell is None else readout(fields, *cell)

    def __panel__(self) -> pn.viewable.Viewable:
        return self._box


def readout(fields: RunFields, row: int, column: int) -> str:
    """Place and true values of one cell: "x 12.5 · y 3 · ρ 0.0891 · g_tt −0.98"."""
    size = fields.length / fields.cells
    values = [
        f"{style.symbol} {number(float(array[row, column]))}"
        for style, array in zip(SHOWN, fields.arrays, strict=True)
    ]
    return " · ".join([f"x {number(column * size)}", f"y {number(row * size)}", *values])


def _draw(style: FieldStyle, ranges: SharedRanges, data: Picture) -> hv.Image:
    return field_plot(data, style).opts(hooks=[ranges])

"""The selected run's fields side by side, linked in pan and zoom, rasterized on the server."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import panel as pn
import param
from holoviews.streams import PlotSize, RangeXY

from engine.errors import EngineError
from engine.store.workspace import Workspace
from irer_panel.background import Loop, Newest, painters
from irer_panel.fields import SHOWN, RunFields, read_run
from irer_panel.selection import Selection
from irer_panel.viewport import Range, Window, cell_at, full_window, rasterize
from irer_panel.views.field_plot import FieldPlot, Picture, SharedRanges
from irer_panel.wording import number


@dataclass(frozen=True, eq=False)
class Painted:
    """What a paint job made: the run's fields and a picture each, or why there is none."""

    run: str
    fields: RunFields | None = None
    pictures: tuple[Picture, ...] = ()
    problem: str = ""


def paint(
    run: str,
    workspace: Workspace,
    *,
    fields: RunFields | None = None,
    window: Window | None = None,
    extent: Range | None = None,
) -> Painted:
    """Read a run's fields unless they are at hand, and rasterize the window of each.

    Args:
        run: its id.
        workspace: where its artifact is.
        fields: those of the last job, maybe of this run.
        window: what the browser shows.
        extent: of which domain; of a run on another one, the whole domain is shown.
    """
    try:
        if fields is None or fields.run != run:
            fields = read_run(workspace.artifact_path(run), run)
    except EngineError as error:
        return Painted(run, problem=str(error))
    shown = full_window(fields.cells, fields.length)
    if window is not None and extent == fields.extent:
        shown = window
    pictures = tuple(
        Picture(rasterize(array, fields.length, shown), limits, fields.extent)
        for array, limits in zip(fields.arrays, fields.limits, strict=True)
    )
    return Painted(run, fields, pictures)


def readout(fields: RunFields, row: int, column: int) -> str:
    """Place and true values of one cell: "x 12.5 · y 3 · ρ 0.0891 · g_tt −0.98"."""
    size = fields.length / fields.cells
    values = [
        f"{style.symbol} {number(float(array[row, column]))}"
        for style, array in zip(SHOWN, fields.arrays, strict=True)
    ]
    return " · ".join([f"x {number(column * size)}", f"y {number(row * size)}", *values])


class FieldPair(pn.viewable.Viewer):
    """The selected run's ρ and g_tt."""

    problem = param.String(default="", doc="Why the selected run cannot be shown.")
    readout = param.String(default="", doc="Place and true values of the cell under the cursor.")
    fields = param.ClassSelector(class_=RunFields, doc="The run that is shown, None for none.")

    def __init__(self, workspace: Workspace, selection: Selection, loop: Loop) -> None:
        super().__init__()
        self._workspace = workspace
        self._selection = selection
        self._paints: Newest[Painted] = Newest(painters, loop, self._show)
        self._shared = SharedRanges()
        self._extent: Range | None = None
        self.plots = [FieldPlot(style, self._shared) for style in SHOWN]
        first = self.plots[0].plot
        self._ranges, self._size = RangeXY(source=first), PlotSize(source=first)
        for stream in (self._ranges, self._size):
            stream.add_subscriber(self._request)
        for plot in self.plots:
            plot.pointer.add_subscriber(self._point)
        self._box = pn.Row(
            self.plots[0],
            visible=False,
            sizing_mode="stretch_width",
            styles={"flex-wrap": "wrap", "gap": "8px 16px", "justify-content": "center"},
        )
        self._watcher = selection.param.watch(self._request, "run")

    def complete(self) -> None:
        """Add the plots after the first: each takes the loop a moment, so they come in turns."""
        self._box.extend(self.plots[len(self._box) :])
        self._request()

    def refresh(self) -> None:
        """Read the selected run again: its artifact has changed."""
        self._request()

    def close(self) -> None:
        """Follow the selection no more."""
        self._paints.close()
        self._selection.param.unwatch(self._watcher)

    @property
    def window(self) -> Window | None:
        """What the browser shows of the domain, None until it shows the domain at all."""
        x_range, y_range = self._ranges.x_range, self._ranges.y_range
        width, height = self._size.width, self._size.height
        if self._extent is None or not (x_range and y_range and width and height):
            return None
        return Window(tuple(x_range), tuple(y_range), int(width), int(height))

    def _request(self, *_: Any, **__: Any) -> None:
        run = self._selection.run
        if not run:
            return
        job = partial(
            paint,
            run,
            self._workspace,
            fields=self.fields,
            window=self.window,
            extent=self._extent,
        )
        self._paints.request(job)

    def _show(self, painted: Painted) -> None:
        if painted.run != self._selection.run:
            return
        if painted.pictures and painted.pictures[0].extent != self._extent:
            self._extent = painted.pictures[0].extent
            self._shared.show(self._extent)
            self._ranges.update(x_range=None, y_range=None)  # those of another domain
        for plot, picture in zip(self.plots, painted.pictures, strict=False):
            plot.draw(picture)
        self._box.visible = bool(painted.pictures)
        self.param.update(fields=painted.fields, problem=painted.problem)

    def _point(self, x: float | None = None, y: float | None = None) -> None:
        fields = self.fields
        if fields is None or x is None or y is None:
            self.readout = ""
            return
        cell = cell_at(x, y, fields.cells, fields.length)
        self.readout = "" if cell is None else readout(fields, *cell)

    def __panel__(self) -> pn.viewable.Viewable:
        return self._box

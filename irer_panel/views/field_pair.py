"""Two fields side by side, linked in pan, zoom and crosshair, rasterized on the server."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import panel as pn
import param
from holoviews.streams import PlotSize, RangeXY

from engine.store.workspace import Workspace
from irer_panel.background import Loop, Newest, painters, readers
from irer_panel.fields import RunFields
from irer_panel.selection import Selection
from irer_panel.viewport import Range, Window, cell_at, within
from irer_panel.views.field_marks import SharedRanges
from irer_panel.views.field_paint import Asked, Painted, note, paint, readout
from irer_panel.views.field_plot import FieldPlot, Picture
from irer_panel.views.field_profiles import Curve, ProfilePlot, curves
from irer_panel.views.field_state import FieldView

Ranges = tuple[Range, Range]

_BOX = {"flex": "1 1 420px", "max-width": "max(420px, min(760px, 62vh))"}
_NOTE = {
    "font-size": "12px",
    "line-height": "16px",
    "text-align": "center",
    "color": "var(--mui-palette-text-secondary)",
}


SURROUNDINGS = 25
"""Cells along each side of what is shown around a cell that was looked for."""


class FieldPair(pn.viewable.Viewer):
    """What the view asks for of the selected run and of the one that it is compared with."""

    view = param.ClassSelector(default=FieldView(), class_=FieldView, doc="What is to be shown.")
    other = param.String(default="", doc="Id of the run to compare with, empty for none.")
    profiles = param.Boolean(default=False, doc="Whether row and column are drawn.")
    problem = param.String(default="", doc="Why the selected run cannot be shown.")
    other_problem = param.String(default="", doc="Why the other run cannot be compared.")
    readout = param.String(default="", doc="Place and true values of the cell under the cursor.")
    fields = param.ClassSelector(class_=RunFields, doc="The run that is shown, None for none.")
    painted = param.ClassSelector(class_=Painted, doc="What is drawn, None before there is any.")

    def __init__(self, workspace: Workspace, selection: Selection, loop: Loop) -> None:
        super().__init__()
        self.loop = loop
        self._workspace = workspace
        self._selection = selection
        self._paints: Newest[Painted] = Newest(painters, loop, self._show)
        self._readouts: Newest[str] = Newest(readers, loop, self._say)
        self._finds: Newest[tuple[int, int] | None] = Newest(readers, loop, self._go_to)
        self._cuts: Newest[list[tuple[Curve, Curve]]] = Newest(readers, loop, self._cut)
        self._shared = SharedRanges()
        self._asked: Asked | None = None
        self._extent: Range | None = None
        self._sought: Ranges | None = None
        self._wish: tuple[Asked, int, str] | None = None
        self._on_zoom: list[Callable[[], object]] = []
        self._cell: tuple[int, int] | None = None
        count = len(self.view.panes)
        self.plots = [FieldPlot(self._shared) for _ in range(count)]
        self._notes = [
            pn.pane.HTML("", margin=0, sizing_mode="stretch_width", styles=_NOTE)
            for _ in range(count)
        ]
        self._strips = [pn.Column(sizing_mode="stretch_width", visible=False) for _ in range(count)]
        self._curves: list[list[ProfilePlot]] = [[] for _ in range(count)]
        first = self.plots[0].plot
        self._ranges, self._size = RangeXY(source=first), PlotSize(source=first)
        for stream in (self._ranges, self._size):
            stream.add_subscriber(self._request)
        for plot in self.plots:
            plot.pointer.add_subscriber(self._point)
        self.tools: list[Any] = [pn.Row(), pn.Row()]
        self._columns = [pn.Column(styles=_BOX, min_width=300) for _ in range(count)]
        self._box = pn.Row(
            visible=False,
            sizing_mode="stretch_width",
            styles={"flex-wrap": "wrap", "gap": "8px 16px", "justify-content": "center"},
        )
        self._watcher = selection.param.watch(self._request, "run")

    def furnish(self) -> None:
        """Add the first plot, with its tools above and its profiles below; room for the others."""
        self._columns[0].extend(self._parts(0))
        self._box.extend(self._columns)

    def complete(self) -> None:
        """Add the plots after the first: they take a moment, which others may need more."""
        for index, column in enumerate(self._columns):
            if not column:
                column.extend(self._parts(index))
        self._request()

    def refresh(self) -> None:
        """Read the selected run again: its artifact has changed."""
        self._request()

    def close(self) -> None:
        """Follow the selection no more."""
        for each in (self._paints, self._readouts, self._finds, self._cuts):
            each.close()
        self._selection.param.unwatch(self._watcher)
        with param.discard_events(self):  # a page that is gone takes no more words
            self.param.update(painted=None, fields=None)  # what nobody holds any more is closed
        for plot in self.plots:
            plot.close()

    @property
    def comparing(self) -> bool:
        """Whether there is another run to compare the selected one with."""
        return self.other not in ("", self._selection.run)

    @property
    def window(self) -> Window | None:
        """What the browser shows of the domain, None until it shows the domain at all."""
        ranges, width, height = self.ranges, self._size.width, self._size.height
        if ranges is None or not (width and height):
            return None
        return Window(*ranges, int(width), int(height))

    @property
    def ranges(self) -> Ranges | None:
        """The part of the domain that is shown, None while that is all of it."""
        x_range, y_range = self._ranges.x_range, self._ranges.y_range
        if self._extent is None or not (x_range and y_range):
            return None
        return tuple(x_range), tuple(y_range)

    def on_zoom(self, call: Callable[[], object]) -> None:
        """Have it called whenever another part of the domain is shown."""
        self._ranges.add_subscriber(lambda **_: call())
        self._on_zoom.append(call)

    @property
    def zoomed(self) -> Ranges | None:
        """The part of the domain that is shown, or will be; None for the whole."""
        ranges, extent = self._sought or self.ranges, self._extent
        if ranges is None or extent is None:
            return ranges
        ends = [*zip(ranges[0], extent, strict=True), *zip(ranges[1], extent, strict=True)]
        return None if all(math.isclose(*pair, abs_tol=1e-6) for pair in ends) else ranges

    def zoom(self, ranges: Ranges | None) -> None:
        """Show a part of the domain, or all of it; as soon as there is one."""
        self._sought = ranges
        if self._extent is not None:
            self._seek(self._extent)
            self._request()
            for call in self._on_zoom:  # the browser does not tell what it was told
                call()

    def find(self, index: int, extreme: str) -> None:
        """Zoom both panes to the smallest ("min") or largest ("max") cell of one of them.

        Of the field that was asked for last, once it is drawn; of none where another is by then.
        """
        if self._asked is not None:
            self._wish = (self._asked, index, extreme)
            self._grant()

    def _grant(self) -> None:
        if self._wish is None or self.painted is None:
            return
        asked, index, extreme = self._wish
        if asked != self._asked:
            self._wish = None
        elif asked == self.painted.asked:
            self._wish = None
            self._finds.request(partial(_place, self.plots[index].picture, extreme))

    def _go_to(self, cell: tuple[int, int] | None) -> None:
        fields = self.fields
        if cell is None or fields is None or max(cell) >= fields.cells:
            return
        (low, high), size = fields.extent, fields.length / fields.cells
        half = min(SURROUNDINGS, fields.cells) * size / 2
        y, x = (min(max(at * size, low + half), high - half) for at in cell)
        self.zoom(((x - half, x + half), (y - half, y + half)))
        self._point(x=cell[1] * size, y=cell[0] * size)

    def _seek(self, extent: Range) -> None:
        """Go where `zoom` asked to, as far as the domain reaches."""
        ranges, self._sought = self._sought, None
        if ranges is not None:
            x_range, y_range = (within(each, extent) for each in ranges)
            self._shared.zoom(x_range, y_range)
            self._ranges.update(x_range=x_range, y_range=y_range)
        elif self._extent is not None:
            self._shared.show(extent)
            self._ranges.update(x_range=None, y_range=None)

    @param.depends("other", watch=True)
    def _request(self, *_: Any, **__: Any) -> None:
        run = self._selection.run
        if not run:
            return
        self._asked = Asked(run, self.other if self.comparing else "", self.view)
        job = partial(
            paint,
            self._asked,
            self._workspace,
            before=self.painted,
            window=self.window,
            extent=self._extent,
        )
        self._paints.request(job)

    @param.depends("view", watch=True)
    def _look(self) -> None:
        """Other colours at once; other fields when they are painted."""
        if self._asked is None or self._asked.view.panes != self.view.panes:
            self._request()
        for plot in self.plots:
            plot.colour(self.view.look(plot.picture.style))
        self._profile()

    def _show(self, painted: Painted) -> None:
        if painted.asked.run != self._selection.run:
            return
        extent = painted.pictures[0].extent if painted.pictures else None
        if extent is not None and extent != self._extent:
            self._extent = extent
            self._shared.show(extent)
            self._ranges.update(x_range=None, y_range=None)  # those of another domain
            if self._sought is not None:
                self._seek(extent)
                self._request()
        for plot, words, pane, picture in zip(
            self.plots, self._notes, painted.asked.view.panes, painted.pictures, strict=False
        ):
            plot.draw(picture.looking(self.view.look(picture.style)))
            words.object = note(picture, pane.aggregation)
        self._box.visible = bool(painted.pictures)
        self.param.update(
            painted=painted,
            fields=painted.fields,
            problem=painted.problem,
            other_problem=painted.other_problem,
        )
        self._grant()
        self._profile()

    def _point(self, x: float | None = None, y: float | None = None) -> None:
        fields, painted = self.fields, self.painted
        cell = None
        if fields is not None and x is not None and y is not None:
            cell = cell_at(x, y, fields.cells, fields.length)
        if cell is None or painted is None:
            self._readouts.request(str)
            return
        self._readouts.request(partial(readout, painted, *cell))
        self._cell = cell
        self._profile()

    def _say(self, words: str) -> None:
        self.readout = words

    @param.depends("profiles", watch=True)
    def _fold(self) -> None:
        for strip in self._strips:
            strip.visible = self.profiles
        if self.profiles and not any(self._curves):  # models that most pages never need
            self.loop.aside(self._add_curves, self._profile)
        self._profile()

    def _add_curves(self) -> None:
        if any(self._curves):  # switched on twice before the first ones were made
            return
        with pn.io.hold(freeze=True):  # else each model that joins has all others walked
            for strip, plots in zip(self._strips, self._curves, strict=True):
                plots += [ProfilePlot(axis, self._shared) for axis in "xy"]
                strip.extend(plots)

    def _profile(self) -> None:
        """Cut both fields through the last cell under the cursor, the middle one before that."""
        painted = self.painted
        if not self.profiles or painted is None or painted.fields is None:
            return
        cells = painted.fields.cells
        cell = self._cell or (cells // 2, cells // 2)
        if max(cell) >= cells:  # of a run on a finer grid
            cell = (cells // 2, cells // 2)
        ranges = self.ranges or (painted.fields.extent, painted.fields.extent)
        self._cuts.request(partial(_cut_all, painted.pictures, cell, ranges))

    def _cut(self, found: list[tuple[Curve, Curve]]) -> None:
        for plots, pair in zip(self._curves, found, strict=True):
            for plot, curve in zip(plots, pair, strict=True):
                plot.draw(curve)

    def _parts(self, index: int) -> list[Any]:
        rows = (self.tools, self.plots, self._notes, self._strips)
        return [row[index] for row in rows]

    def __panel__(self) -> pn.viewable.Viewable:
        return self._box


def _cut_all(
    pictures: Sequence[Picture], cell: tuple[int, int], ranges: Ranges
) -> list[tuple[Curve, Curve]]:
    return [curves(picture, cell, *ranges) for picture in pictures]


def _place(picture: Picture, extreme: str) -> tuple[int, int] | None:
    """Where a field has its smallest or largest cell, None where it has no such cell."""
    plane = picture.plane
    if plane.problem or plane.reach.low > plane.reach.high:
        return None
    return plane.where(extreme)

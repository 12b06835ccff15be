"""The panes of compared runs: those of one length pan, zoom and point together."""

import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial

import panel as pn
import panel_material_ui as pmui
from holoviews.streams import PlotSize, RangeXY

from irer_panel.background import Loop
from irer_panel.viewport import Range, Window, within
from irer_panel.views.compare_state import Ranges
from irer_panel.views.field_marks import SharedRanges
from irer_panel.views.field_plot import FieldPlot, Picture
from irer_panel.wording import short_id

Call = Callable[[], object]

_GRID = {
    "display": "grid",
    "grid-template-columns": "repeat(auto-fit, minmax(min(350px, 100%), 1fr))",
    "gap": "12px 16px",
}
"""As many columns as fit, all of one width: equal cells of two runs are drawn equally large."""

_BOX = {"min-width": "0", "max-width": "max(350px, min(640px, 54vh))"}
_HEAD = {"align-items": "center", "gap": "4px 10px", "flex-wrap": "wrap", "min-height": "34px"}
_NOTE = {
    "font-size": "12px",
    "line-height": "16px",
    "text-align": "center",
    "color": "var(--mui-palette-text-secondary)",
}
_NAME_SX = {"fontFamily": "ui-monospace, monospace", "fontSize": "14px", "padding": "2px 6px"}


class Linked:
    """Plots over domains of one length: one window, one crosshair."""

    def __init__(self, moved: Call, sought: Ranges | None = None) -> None:
        """Plots to come, which first show what is `sought` of their domains, or the whole.

        `moved` is called whenever another part of them is shown.
        """
        self._moved = moved
        self._shared = SharedRanges()
        self._ranges: RangeXY | None = None
        self._size: PlotSize | None = None
        self._extent: Range | None = None
        self._sought = sought

    def plot(self) -> FieldPlot:
        """Another plot; the first one tells what the browser shows."""
        made = FieldPlot(self._shared)
        if self._ranges is None:
            self._ranges, self._size = RangeXY(source=made.plot), PlotSize(source=made.plot)
            for stream in (self._ranges, self._size):
                stream.add_subscriber(lambda **_: self._moved())
        return made

    @property
    def window(self) -> Window | None:
        """What the browser shows, None until it shows the domain at all."""
        if self._ranges is None or self._size is None or self._extent is None:
            return None
        x_range, y_range = self._ranges.x_range, self._ranges.y_range
        width, height = self._size.width, self._size.height
        if not (x_range and y_range and width and height):
            return None
        return Window(tuple(x_range), tuple(y_range), int(width), int(height))

    @property
    def zoomed(self) -> Ranges | None:
        """The part of the domains that is shown; None for the whole."""
        if self._ranges is None or self._extent is None:
            return self._sought
        x_range, y_range = self._ranges.x_range, self._ranges.y_range
        if not (x_range and y_range):
            return None
        pairs = zip((*x_range, *y_range), (*self._extent, *self._extent), strict=True)
        if all(math.isclose(*pair, abs_tol=1e-6) for pair in pairs):
            return None
        return tuple(x_range), tuple(y_range)

    def reach(self, extents: Iterable[Range]) -> None:
        """Show all of the domains where they reach otherwise than before."""
        lows, highs = zip(*extents, strict=True)
        extent = (min(lows), max(highs))
        if extent == self._extent or self._ranges is None:
            return
        self._extent = extent
        self._shared.show(extent)
        self._ranges.update(x_range=None, y_range=None)
        if self._sought is not None:
            x_range, y_range = (within(each, extent) for each in self._sought)
            self._sought = None
            self._shared.zoom(x_range, y_range)
            self._ranges.update(x_range=x_range, y_range=y_range)
            self._moved()  # the browser does not tell what it was told


class RunPane(pn.viewable.Viewer):
    """One run: its name, what it is worth, and its field or the words in its place."""

    def __init__(
        self, on_pick: Callable[[str], None], on_remove: Callable[[str], None], run: str
    ) -> None:
        super().__init__()
        self.length: float | None = None
        self.plot: FieldPlot | None = None
        self.name_button = pmui.Button(
            label="",
            variant="text",
            size="small",
            margin=0,
            align="center",
            sx=_NAME_SX,
            on_click=lambda _: on_pick(self.run),
        )
        self.remove = pmui.IconButton(
            icon="close",
            size="small",
            margin=0,
            align="center",
            on_click=lambda _: on_remove(self.run),
        )
        self.worth = pmui.Typography(
            "",
            variant="body2",
            margin=0,
            align="center",
            styles={"flex": "1 1 180px", "min-width": "0"},
        )
        self.words = pmui.Typography("", variant="body1", margin=(24, 0), visible=False)
        self._field = pn.Column(sizing_mode="stretch_width", visible=False)
        self._note = pn.pane.HTML("", margin=0, sizing_mode="stretch_width", styles=_NOTE)
        head = pn.Row(
            self.name_button, self.worth, self.remove, sizing_mode="stretch_width", styles=_HEAD
        )
        self.box = pn.Column(
            head, self.words, self._field, sizing_mode="stretch_width", styles=_BOX
        )
        self._be_of(run)

    def hold(self, plot: FieldPlot, length: float) -> None:
        """Take the plot that it shows fields of domains of a length with."""
        self.plot, self.length = plot, length
        self._field.objects = [plot, self._note]

    def tell(self, run: str, worth: str, words: str) -> None:
        """Be of a run; `words` stand in the place of its field, empty for none."""
        self._be_of(run)
        self.worth.object = worth
        self.words.param.update(object=words, visible=bool(words))
        self._field.visible = not words

    def draw(self, picture: Picture, note: str, bar: bool) -> None:
        """Show its field."""
        if self.plot is not None:
            self.plot.bar = bar
            self.plot.draw(picture)
            self._note.object = note

    def _be_of(self, run: str) -> None:
        self.run = run
        name = short_id(run)
        self.name_button.param.update(label=name, description=f"Select run {name}")
        self.remove.description = f"Take run {name} out of the comparison"

    def __panel__(self) -> pn.viewable.Viewable:
        return self.box


class ComparePanes(pn.viewable.Viewer):
    """As many panes as there are runs; each is made in a turn of its own, once."""

    def __init__(
        self,
        loop: Loop,
        moved: Call,
        on_pick: Callable[[str], None],
        on_remove: Callable[[str], None],
        sought: Ranges | None = None,
    ) -> None:
        """No panes yet.

        Args:
            loop: where the page lives.
            moved: called whenever another part of a domain is shown.
            on_pick: selects a run.
            on_remove: takes a run out of the comparison.
            sought: what is first shown of the first run's domain, None for the whole.
        """
        super().__init__()
        self._loop, self._moved, self._sought = loop, moved, sought
        self._pane = partial(RunPane, on_pick, on_remove)
        self.panes: list[RunPane] = []
        self.links: dict[float, Linked] = {}
        self._making = self._closed = False
        self._row = pn.Row(sizing_mode="stretch_width", styles=_GRID)

    @property
    def windows(self) -> dict[float, Window]:
        """What the browser shows, by the length of the domain."""
        found = {length: linked.window for length, linked in self.links.items()}
        return {length: window for length, window in found.items() if window is not None}

    @property
    def zoomed(self) -> Ranges | None:
        """What is shown of the first run's domain, or will be; None for the whole."""
        first = next(iter(self.links.values()), None)
        return self._sought if first is None else first.zoomed

    def fit(self, lengths: Mapping[str, float | None], then: Call) -> bool:
        """Whether there is a pane for each run; where not, the next one is made, `then` called.

        Args:
            lengths: of the runs' domains, by run, None for a run that needs no plot.
            then: called when there may be more to make.
        """
        if self._making:
            return False
        if any(
            length is not None and pane.length not in (None, length)
            for pane, length in zip(self.panes, lengths.values(), strict=False)
        ):
            self._let_go()  # panes of another domain: their links are of no more use
            self._row.clear()
        for index, (run, length) in enumerate(lengths.items()):
            missing = index >= len(self.panes)
            if missing or (length is not None and self.panes[index].plot is None):
                self._making = True
                self._loop.aside(partial(self._make, index, run, length), partial(self._made, then))
                return False
        for index, pane in enumerate(self.panes):
            pane.box.visible = index < len(lengths)
        return True

    def close(self) -> None:
        """Let go of every pane."""
        self._closed = True
        self._let_go()

    def _let_go(self) -> None:
        for pane in self.panes:
            if pane.plot is not None:
                pane.plot.close()
        self.panes, self.links = [], {}

    def _make(self, index: int, run: str, length: float | None) -> None:
        if self._closed:
            return
        with pn.io.hold(freeze=True):  # else each model that joins has all others walked
            if index == len(self.panes):
                self.panes.append(self._pane(run))
                self._row.append(self.panes[index])
            pane = self.panes[index]
            if length is not None and pane.plot is None:
                if length not in self.links:
                    self.links[length] = Linked(self._moved, self._sought)
                    self._sought = None
                linked = self.links[length]
                pane.hold(linked.plot(), length)

    def _made(self, then: Call) -> None:
        self._making = False
        then()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._row

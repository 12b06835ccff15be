"""Parallel coordinates: every run as a line over the searched keys and its figures."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource

from engine.hunt.table import HuntTable
from irer_panel.background import Loop
from irer_panel.chart import (
    ACCENT,
    ON_HUE,
    PLAIN,
    RUN_TIP,
    add_selection,
    add_tip,
    chart,
    nearest,
    on_tap,
)
from irer_panel.help_text import CARDS
from irer_panel.points import Axis, Points, Rows, points
from irer_panel.selection import Selection
from irer_panel.views.table_view import PickingView, emptiness
from irer_panel.wording import count, number

INK = 50.0
"""Sum of the lines' opacities: the more there are, the fainter each."""

_TIP = RUN_TIP % "fitness @fitness{%.4g} · SSE @log_prime_sse{%.4g} · p @p"


class ParallelView(PickingView):
    """The runs over all axes; a tap on an axis selects the run that crosses it there."""

    title = "Parallel coordinates"
    help = CARDS[title].text

    def __init__(
        self,
        selection: Selection | None = None,
        loop: Loop | None = None,
        rows: Rows | None = None,
        **params: Any,
    ) -> None:
        """Show a table, as `PickingView` does.

        Args:
            selection: which run is marked.
            loop: where the page lives.
            rows: those of the figures that it is linked with; None for rows of its own.
            params: `table`.
        """
        super().__init__(selection, loop, **params)
        self._rows = rows or Rows()
        self._ends = ColumnDataSource({"x": [], "low": [], "high": []})
        self._line = ColumnDataSource({"x": [], "y": []})
        self._axes: tuple[Axis, ...] = ()
        self.refresh()

    def _prepare(self, table: HuntTable | None) -> Callable[[], None]:
        if words := emptiness(table):
            return partial(self._show, None, words)
        assert table is not None
        drawn = points(table)
        words = f"The {count(len(drawn.places))} fittest runs are drawn." if drawn.left_out else ""
        return partial(self._show, drawn, words)

    def _show(self, drawn: Points | None, words: str) -> None:
        self._say(words)
        self._figure.visible = drawn is not None
        if drawn is None:
            return
        self._rows.show(drawn)
        before, self._axes = _titles(self._axes), drawn.axes
        self._ends.data = _ends(drawn.axes)
        if _titles(drawn.axes) != before:
            self._figure.object = _figure(
                drawn.axes, self._rows.source, self._ends, self._line, self._tapped
            )
        for lines in self._figure.object.select({"name": "lines"}):
            lines.glyph.line_alpha = min(0.5, max(0.04, INK / max(1, len(drawn.places))))
        self._mark()

    def _mark(self, *_: Any) -> None:
        drawn, run = self._rows.drawn, self._selection.run
        shares = [share for axis in self._axes for share in drawn.values(run, _share(axis))]
        self._line.data = {"x": list(range(len(shares))), "y": shares}
        self._push()

    def _tapped(self, x: float, y: float) -> None:
        columns = self._rows.drawn.columns
        ids = columns["id"]
        shares = [columns[_share(axis)] for axis in self._axes]
        across = np.repeat(np.arange(len(shares), dtype=float), len(ids))
        found = nearest(self._figure.object, across, np.concatenate(shares), x, y)
        if found is not None:
            self._selection.pick(ids[found % len(ids)])

    def __panel__(self) -> pn.viewable.Viewable:
        return pn.Column(self._words, self._figure, sizing_mode="stretch_width")


def _titles(axes: Sequence[Axis]) -> list[tuple[str, str]]:
    return [(axis.key, axis.name) for axis in axes]


def _share(axis: Axis) -> str:
    return f"share:{axis.key}"


def _ends(axes: Sequence[Axis]) -> dict[str, Any]:
    return {
        "x": list(range(len(axes))),
        "low": [number(axis.low, 3) for axis in axes],
        "high": [number(axis.high, 3) for axis in axes],
    }


def _figure(
    axes: Sequence[Axis],
    source: ColumnDataSource,
    ends: ColumnDataSource,
    line: ColumnDataSource,
    tapped: Any,
) -> Any:
    fig = chart("", "")
    fig.height = 340
    fig.x_range.start, fig.x_range.end = -0.4, len(axes) - 0.6
    fig.y_range.start, fig.y_range.end = -0.14, 1.14
    fig.yaxis.visible = fig.grid.visible = False
    fig.xaxis.ticker = list(range(len(axes)))
    fig.xaxis.major_label_overrides = {i: axis.name for i, axis in enumerate(axes)}
    for i, (left, right) in enumerate(pairwise(axes)):
        fig.segment(
            i,
            _share(left),
            i + 1,
            _share(right),
            source=source,
            color=PLAIN,
            name="lines",
            selection_color=ACCENT,
            selection_alpha=0.8,
            nonselection_alpha=0.04,
        )
    dots = [
        fig.scatter(
            i,
            _share(axis),
            source=source,
            size=5,
            color=PLAIN,
            alpha=0.6,
            selection_color=ACCENT,
            nonselection_alpha=0.08,
        )
        for i, axis in enumerate(axes)
    ]
    fig.line("x", "y", source=line, color=ACCENT, line_width=3)
    words: dict[str, Any] = {
        "source": ends,
        "text_color": ON_HUE,
        "background_fill_color": PLAIN,
        "padding": 2,
        "border_radius": 3,
        "text_font_size": "11px",
        "text_align": "center",
    }
    fig.text("x", -0.03, "low", text_baseline="top", **words)
    fig.text("x", 1.03, "high", text_baseline="bottom", **words)
    add_selection(fig, dots)
    add_tip(fig, dots, _TIP)
    on_tap(fig, tapped)
    return fig

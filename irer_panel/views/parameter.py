"""A searched key against a figure, both of choice."""

from collections.abc import Callable
from functools import partial
from typing import Any

import panel as pn
import panel_material_ui as pmui
from bokeh.models import ColumnDataSource

from engine.dimensions import Dimension
from engine.hunt.table import FITNESS, METRICS, HuntTable, Metric
from irer_panel.background import Loop
from irer_panel.chart import (
    ACCENT,
    PLAIN,
    RUN_TIP,
    add_ring,
    add_selection,
    add_tip,
    chart,
    nearest,
    on_tap,
)
from irer_panel.choices import Choices
from irer_panel.help_text import CARDS
from irer_panel.points import Points, Rows, key_name, points
from irer_panel.selection import Selection
from irer_panel.views.table_view import PickingView, emptiness
from irer_panel.wording import count

_SELECT_SX = {"& .MuiInputBase-root": {"height": "36px"}}


class ParameterView(PickingView):
    """The runs by one searched key and one figure; a tap selects the run next to it."""

    title = "Parameter against figure"
    help = CARDS[title].text

    def __init__(
        self,
        selection: Selection | None = None,
        loop: Loop | None = None,
        rows: Rows | None = None,
        choices: Choices | None = None,
        **params: Any,
    ) -> None:
        """Show a table, as `PickingView` does.

        Args:
            selection: which run is marked.
            loop: where the page lives.
            rows: those of the figures that it is linked with; None for rows of its own.
            choices: of the page, hence what the menus begin with; None for one of its own.
            params: `table`.
        """
        super().__init__(selection, loop, **params)
        self._choices = choices or Choices()
        self._rows = rows or Rows()
        self._ring = ColumnDataSource({"x": [], "y": []})
        self._dimensions: tuple[Dimension, ...] = ()
        self._shown: tuple[Dimension, Metric] | None = None
        small = {"size": "small", "sx": _SELECT_SX, "margin": 0, "width": 150}
        self.key = pmui.Select(label="Parameter", options=[], **small)
        self.metric = pmui.Select(
            label="Figure", options={m.name: m for m in METRICS}, value=FITNESS, **small
        )
        self._controls = pn.Row(self.key, self.metric, styles={"gap": "8px"}, visible=False)
        self._choices.bind("figure", self.metric, _key_of)
        for widget in (self.key, self.metric):
            widget.param.watch(self._change, "value")
        self.refresh()

    def _prepare(self, table: HuntTable | None) -> Callable[[], None]:
        if words := emptiness(table):
            return partial(self._show, (), None, words)
        assert table is not None
        drawn = points(table)
        words = f"The {count(len(drawn.places))} fittest runs are drawn." if drawn.left_out else ""
        return partial(self._show, table.dimensions, drawn, words)

    def _show(self, dimensions: tuple[Dimension, ...], drawn: Points | None, words: str) -> None:
        self._say(words)
        self._controls.visible = self._figure.visible = bool(dimensions)
        if drawn is not None:
            self._rows.show(drawn)
        if dimensions and dimensions != self._dimensions:
            self._dimensions = dimensions
            keys = {key_name(each.key): each for each in dimensions}
            chosen = self._choices.chosen("parameter", keys, _key_of, dimensions[0])
            self.key.param.update(options=keys, value=chosen)
        self._mark()

    def _change(self, *_: Any) -> None:
        shown = (self.key.value, self.metric.value)
        if self.key.value is not None and shown != self._shown:
            self._shown = shown
            self._choices.note("parameter", self.key.value, _key_of, self._dimensions[0])
            self._figure.object = _figure(*shown, self._rows.source, self._ring, self._tapped)
            self._mark()

    def _mark(self, *_: Any) -> None:
        if self._shown is not None:
            drawn, run = self._rows.drawn, self._selection.run
            x, y = (drawn.values(run, each.key) for each in self._shown)
            self._ring.data = {"x": x, "y": y}
            self._push()

    def _tapped(self, x: float, y: float) -> None:
        if self._shown is None:
            return
        key, metric = self._shown
        columns = self._rows.drawn.columns
        found = nearest(self._figure.object, columns[key.key], columns[metric.key], x, y)
        if found is not None:
            self._selection.pick(columns["id"][found])

    def __panel__(self) -> pn.viewable.Viewable:
        return pn.Column(self._controls, self._words, self._figure, sizing_mode="stretch_width")


def _key_of(of: Dimension | Metric) -> str:
    return of.key


def _figure(
    key: Dimension, metric: Metric, source: ColumnDataSource, ring: ColumnDataSource, tapped: Any
) -> Any:
    fig = chart(key_name(key.key), metric.name, log_x=key.log, log_y=metric.log)
    dots = fig.scatter(
        key.key,
        metric.key,
        source=source,
        size=7,
        color=PLAIN,
        alpha=0.7,
        selection_color=ACCENT,
        nonselection_alpha=0.08,
    )
    add_ring(fig, ring)
    add_selection(fig, [dots])
    add_tip(
        fig,
        [dots],
        RUN_TIP % f"{key_name(key.key)} @{key.key}{{%.4g}} · {metric.name} @{metric.key}{{%.4g}}",
    )
    on_tap(fig, tapped)
    return fig

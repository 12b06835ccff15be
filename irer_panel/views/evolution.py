"""Evolution: best, median and spread by generation."""

from collections.abc import Callable
from functools import partial
from typing import Any

import panel as pn
import panel_material_ui as pmui
from bokeh.models import BasicTicker, ColumnDataSource

from engine.hunt.generations import Generations, by_generation
from engine.hunt.table import FITNESS, HuntTable, Metric
from irer_panel.background import Loop
from irer_panel.chart import GOOD, PLAIN, add_ring, add_tip, chart, nearest, on_tap
from irer_panel.choices import SHORT, Choices
from irer_panel.help_text import CARDS
from irer_panel.selection import Selection
from irer_panel.views.table_view import PickingView, emptiness
from irer_panel.zooms import Zooms

CROWDED = 150
"""Generations above which their best are drawn as small dots."""

_TIP = """<b>Generation @generation{0}</b>
<br>best @best{%.4g} · median @median{%.4g}<br>@failed{0} of @runs{0} failed"""


class EvolutionView(PickingView):
    """A figure of the runs against the generation; a tap selects a generation's best run."""

    title = "Evolution"
    help = CARDS[title].text

    def __init__(
        self,
        selection: Selection | None = None,
        loop: Loop | None = None,
        choices: Choices | None = None,
        zooms: Zooms | None = None,
        **params: Any,
    ) -> None:
        """Show a table, as `PickingView` does; `choices` and `zooms` tell what it begins with."""
        super().__init__(selection, loop, **params)
        self._source = ColumnDataSource(_columns(by_generation(HuntTable(), FITNESS)))
        self._ring = ColumnDataSource({"x": [], "y": []})
        self.metric = pmui.RadioButtonGroup(
            options={metric.name: metric for metric in SHORT},
            value=FITNESS,
            size="small",
            margin=0,
            sx={"& button": {"whiteSpace": "nowrap", "padding": "2px 10px"}},
        )
        self._zooms = zooms or Zooms()
        self._runs: list[str] = []
        self._drawn: Metric | None = None
        (choices or Choices()).bind("evolution", self.metric, lambda metric: metric.key)
        self.metric.param.watch(lambda _: self.refresh(), "value")
        self.refresh()

    def _prepare(self, table: HuntTable | None) -> Callable[[], None]:
        metric = self.metric.value
        if words := emptiness(table):
            return partial(self._show, metric, [], {}, words)
        assert table is not None
        found = by_generation(table, metric)
        winners = [table.ids[int(i)] if i >= 0 else "" for i in found.winner]
        words = ""
        if len(found) == 1:
            words = "One generation so far: a second one shows which way the hunt goes."
        return partial(self._show, metric, winners, _columns(found), words)

    def _show(self, metric: Metric, runs: list[str], columns: dict[str, Any], words: str) -> None:
        if metric is not self.metric.value:
            return
        self._say(words)
        self._figure.visible = bool(columns)
        if columns:
            self._runs, self._source.data = runs, columns
            self._mark()
        if columns and metric is not self._drawn:
            if self._drawn is not None:
                self._zooms.note("evolution", None)  # another figure is on other scales
            self._drawn = metric
            self._draw_anew()
        elif columns:
            self._size_dots()

    def _draw_anew(self) -> None:
        fig = _figure(self.metric.value, self._source, self._ring, self._tapped)
        self._zooms.bind("evolution", fig, self._draw_anew)
        self._figure.object = fig
        self._size_dots()

    def _size_dots(self) -> None:
        [dots] = self._figure.object.select({"name": "best"})
        dots.glyph.size = 7 if len(self._runs) <= CROWDED else 3

    def _mark(self, *_: Any) -> None:
        run = self._selection.run
        at = self._runs.index(run) if run in self._runs else None
        data = self._source.data
        self._ring.data = (
            {"x": [], "y": []}
            if at is None
            else {"x": [data["generation"][at]], "y": [data["best"][at]]}
        )
        self._push()

    def _tapped(self, x: float, y: float) -> None:
        data = self._source.data
        found = nearest(self._figure.object, data["generation"], data["best"], x, y)
        if found is not None and self._runs[found]:
            self._selection.pick(self._runs[found])

    def __panel__(self) -> pn.viewable.Viewable:
        return pn.Column(self.metric, self._words, self._figure, sizing_mode="stretch_width")


def _columns(found: Generations) -> dict[str, Any]:
    return {
        "generation": found.number,
        "best": found.best,
        "median": found.median,
        "low": found.low,
        "high": found.high,
        "best_so_far": found.best_so_far,
        "runs": found.runs,
        "failed": found.failed,
    }


def _figure(metric: Metric, source: ColumnDataSource, ring: ColumnDataSource, tapped: Any) -> Any:
    fig = chart("generation", metric.name, log_y=metric.log)
    fig.height = 346
    fig.xaxis.ticker = BasicTicker(min_interval=1, num_minor_ticks=0)
    fig.varea(
        "generation",
        "low",
        "high",
        source=source,
        color=PLAIN,
        alpha=0.25,
        legend_label="middle half",
    )
    fig.line(
        "generation",
        "median",
        source=source,
        color=PLAIN,
        line_width=2,
        line_dash="dashed",
        legend_label="median",
    )
    fig.step(
        "generation",
        "best_so_far",
        source=source,
        color=GOOD,
        alpha=0.5,
        mode="after",
        legend_label="best so far",
    )
    dots = fig.scatter(
        "generation", "best", source=source, color=GOOD, size=7, legend_label="best", name="best"
    )
    fig.add_layout(fig.legend[0], "below")
    fig.legend.update(ncols=2, border_line_alpha=0, background_fill_alpha=0)
    fig.legend.update(padding=0, margin=0, spacing=8, label_text_font_size="11px")
    add_ring(fig, ring)
    add_tip(fig, [dots], _TIP)
    on_tap(fig, tapped)
    return fig

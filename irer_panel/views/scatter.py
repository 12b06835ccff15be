"""Fidelity against stability: every scored run, the front, the box that success lies in."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import panel as pn

from engine.audit.verdicts import SUCCESS_H_NORM, SUCCESS_SSE
from engine.hunt.front import front
from engine.hunt.table import H_NORM, SSE, HuntTable, Numbers
from irer_panel.background import Loop, Newest, painters
from irer_panel.chart import frame_of, nearest, on_tap
from irer_panel.density import Density, around, density
from irer_panel.help_text import CARDS
from irer_panel.points import FITTEST, MOST, Points, Rows, points
from irer_panel.selection import Selection
from irer_panel.viewport import Range, Window
from irer_panel.views.scatter_figure import ScatterSources, density_columns, scatter_figure
from irer_panel.views.table_view import PickingView, emptiness
from irer_panel.wording import count, counted
from irer_panel.zooms import Zooms

GRAIN = 2
"""Pixels along each side of a bin of the density: a lone run must be seen."""


@dataclass(frozen=True, eq=False)
class Cloud:
    """Every run with a score: its id and place in the figure, the front's places, the extent."""

    ids: tuple[str, ...] = ()
    x: Numbers = field(default_factory=lambda: np.empty(0))
    y: Numbers = field(default_factory=lambda: np.empty(0))
    front: tuple[Numbers, Numbers] = field(default_factory=lambda: (np.empty(0), np.empty(0)))
    x_range: Range = (0.1, 10.0)
    y_range: Range = (0.1, 10.0)

    @property
    def crowded(self) -> bool:
        """Whether it is too large to be drawn run by run."""
        return len(self.ids) > MOST


def cloud(table: HuntTable) -> Cloud:
    """The scored runs of a table; success lies within the extent."""
    places, line = table.scored, front(table)
    x, y = (table[metric.key][places] for metric in (SSE, H_NORM))
    return Cloud(
        tuple(table.ids[i] for i in places),
        x,
        y,
        (table[SSE.key][line], table[H_NORM.key][line]),
        around(np.append(x, SUCCESS_SSE / 2)),
        around(np.append(y, SUCCESS_H_NORM / 2)),
    )


class ScatterView(PickingView):
    """SSE against H-norm; a tap selects the run next to it."""

    title = "Fidelity and stability"
    help = CARDS[title].text

    def __init__(
        self,
        selection: Selection | None = None,
        loop: Loop | None = None,
        zooms: Zooms | None = None,
        **params: Any,
    ) -> None:
        """Show a table, as `PickingView` does; `zooms` tell what of it is seen at first."""
        super().__init__(selection, loop, **params)
        self._zooms = zooms or Zooms()
        self.rows = Rows()
        self._sources = ScatterSources()
        self._cloud = Cloud()
        self._paints: Newest[Density] = Newest(painters, self._loop, self._draw)
        self.figure = self._new_figure()
        self._watched = self._zooms.param.watch(self._moved, "windows")
        self.refresh()

    def close(self) -> None:
        """Follow table and selection no more."""
        super().close()
        self._paints.close()
        self._zooms.param.unwatch(self._watched)

    def _new_figure(self) -> Any:
        fig = scatter_figure(self.rows.source, self._sources)
        on_tap(fig, self._tapped)
        self._zooms.bind("scatter", fig, self._draw_anew)
        return fig

    def _draw_anew(self) -> None:
        self.figure = self._figure.object = self._new_figure()

    def _prepare(self, table: HuntTable | None) -> Callable[[], None]:
        if words := emptiness(table):
            return partial(self._show, Cloud(), None, words)
        assert table is not None
        found, painted = cloud(table), None
        if found.crowded and not self._built:  # with its figure, not after it
            painted = painters.submit(density, *self._asked(found)).result()
        words = ""
        if found.crowded:
            words = (
                f"Brightness is the number of runs under a pixel, of {count(len(found.ids))}; "
                f"points are the {count(FITTEST)} fittest and the front. A tap finds any run."
            )
        elif len(found.ids) < 3:
            words = f"{counted(len(found.ids), 'run')} with a score so far."
        return partial(self._show, found, points(table), words, painted)

    def _show(
        self, found: Cloud, drawn: Points | None, words: str, painted: Density | None = None
    ) -> None:
        self._say(words)
        self._figure.visible = bool(found.ids)
        self._cloud = found
        if drawn is not None:
            self.rows.show(drawn)
        x, y = found.front
        self._sources.front.data = {"x": x, "y": y}
        self._sources.extent.data = {"x": list(found.x_range), "y": list(found.y_range)}
        self._mark()
        if painted is not None or not found.crowded:
            self._sources.density.data = density_columns(painted)
        else:
            self._paint()
        if found.ids and self._figure.object is None:  # it needs a point to find its ranges
            self._figure.object = self.figure

    def _asked(self, found: Cloud) -> tuple[Numbers, Numbers, Window]:
        x_range, y_range = self._zooms.of("scatter") or (found.x_range, found.y_range)
        width, height = frame_of(self.figure)
        return found.x, found.y, Window(x_range, y_range, width // GRAIN, height // GRAIN)

    def _paint(self) -> None:
        self._paints.request(partial(density, *self._asked(self._cloud)))

    def _draw(self, painted: Density) -> None:
        if self._cloud.crowded:
            self._sources.density.data = density_columns(painted)
            self._push()

    def _moved(self, *_: Any) -> None:
        if self._cloud.crowded:
            self._paint()

    def _mark(self, *_: Any) -> None:
        run = self._selection.run
        found = self._cloud
        at = found.ids.index(run) if run in found.ids else None
        self._sources.ring.data = {
            "x": [] if at is None else [found.x[at]],
            "y": [] if at is None else [found.y[at]],
        }
        self._push()

    def _tapped(self, x: float, y: float) -> None:
        found = nearest(self.figure, self._cloud.x, self._cloud.y, x, y)
        if found is not None:
            self._selection.pick(self._cloud.ids[found])

    def __panel__(self) -> pn.viewable.Viewable:
        return pn.Column(self._words, self._figure, sizing_mode="stretch_width")

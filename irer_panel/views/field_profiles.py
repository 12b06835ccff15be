"""The row and the column of a field through one cell, as two curves under its plot."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import holoviews as hv
import numpy as np
import panel as pn
from holoviews.streams import Pipe

from irer_panel.viewport import Array, Range, cell_span
from irer_panel.views.field_marks import SharedRanges, root_of
from irer_panel.views.field_plot import CANVAS, LEFT, RIGHT, Picture
from irer_panel.wording import number

_LINE = "#0ea5c6"  # the accent, as far from white as from the dark ground
_HEIGHT = 118
_MARGIN = 0.04

MOST_STEPS = 4000
"""Most steps of a curve: more than a screen has pixels."""


@dataclass(frozen=True, eq=False)
class Curve:
    """Values of cells along one axis, drawn as steps from cell edge to cell edge.

    Attributes:
        axis: "x" for a row, "y" for a column.
        at: where it was cut, along the other axis.
        places: edges of the cells, each but the outer ones twice, shape (2n,).
        values: of the cells, each twice, shape (2n,); of more than `MOST_STEPS` cells, the smallest
            and the largest of each few.
        limits: of the field's colours.
        symbol: of the field.
    """

    axis: str
    at: float
    places: Array
    values: Array
    limits: Range
    symbol: str

    @property
    def title(self) -> str:
        """What is cut where: "ρ along x at y = 10"."""
        other = "y" if self.axis == "x" else "x"
        return f"{self.symbol} along {self.axis} at {other} = {number(self.at)}"


def curves(
    shown: Picture, cell: tuple[int, int], x_range: Range, y_range: Range
) -> tuple[Curve, Curve]:
    """The row and the column of a field through one cell, over the cells in sight.

    Args:
        shown: what its plot draws; the values come from its plane, not from its pixels.
        cell: row and column.
        x_range: of the window.
        y_range: of the window.

    Raises:
        ArtifactError: the cells cannot be read.
    """
    low, high = shown.extent
    (row, column), plane = cell, shown.plane
    if plane.problem:
        nothing = np.zeros(0)
        along_x, along_y = (
            Curve(axis, low, nothing, nothing, shown.limits, shown.style.symbol) for axis in "xy"
        )
        return along_x, along_y
    cells = shown.cells
    size = (high - low) / cells
    across, down = (cell_span(*each, cells, high - low) for each in (x_range, y_range))
    found = []
    for axis, place, span, values in (
        ("x", row, across, plane.row(row, across)),
        ("y", column, down, plane.column(column, down)),
    ):
        edges = size * (np.arange(span.start, span.stop + 1) - 0.5)
        steps = _steps(edges, values)
        found.append(Curve(axis, place * size, *steps, shown.limits, shown.style.symbol))
    return found[0], found[1]


def _steps(edges: Array, values: Array) -> tuple[Array, Array]:
    """Cells as steps from edge to edge; of very many, the smallest and largest of each few.

    Args:
        edges: of the cells, shape (n + 1,).
        values: of the cells, shape (n,).

    Returns:
        Places and values, each of shape (2m,), m ≤ `MOST_STEPS`.
    """
    count = -(-len(values) // MOST_STEPS)
    if count == 1:
        return np.repeat(edges, 2)[1:-1], np.repeat(values, 2)
    starts = np.arange(0, len(values), count)
    ends = np.minimum(starts + count, len(values))
    extremes = np.stack([each.reduceat(values, starts) for each in (np.fmin, np.fmax)], axis=1)
    return np.stack([edges[starts], edges[ends]], axis=1).ravel(), extremes.ravel()


class ProfilePlot(pn.viewable.Viewer):
    """One curve that keeps its axes while its values are replaced, wherever it is rendered."""

    def __init__(self, axis: str, ranges: SharedRanges) -> None:
        super().__init__()
        self._axis = axis
        self._ranges = ranges
        self._rendered: dict[str, Any] = {}
        nothing = np.zeros(0)
        self._pipe = Pipe(data=Curve(axis, 0.0, nothing, nothing, (0.0, 1.0), ""))
        self.plot = hv.DynamicMap(partial(_draw, self._remember), streams=[self._pipe])

    def draw(self, curve: Curve) -> None:
        """Replace the values."""
        self._pipe.update(data=curve)
        for plot in self._rendered.values():
            _redraw(plot, curve)

    def _remember(self, plot: Any, _: Any) -> None:
        self._rendered[root_of(plot)] = plot
        self._ranges.join_profile(plot, self._axis)
        _redraw(plot, self._pipe.data)

    def __panel__(self) -> pn.viewable.Viewable:
        return pn.pane.HoloViews(
            self.plot,
            linked_axes=False,
            sizing_mode="stretch_width",
            height=_HEIGHT,
            margin=0,
        )


def _draw(hook: Any, data: Curve) -> hv.Curve:
    curve = hv.Curve((data.places, data.values), data.axis, "value")
    return curve.opts(
        color=_LINE,
        line_width=1.5,
        title=data.title,
        fontsize={"title": 9, "labels": 9, "ticks": 8},
        xlabel="",
        ylabel="",
        yticks=3,
        yformatter="%.3g",
        responsive=True,
        height=_HEIGHT,
        min_height=_HEIGHT,
        framewise=False,
        default_tools=[],
        toolbar=None,
        show_grid=True,
        hooks=[hook],
        backend_opts={**CANVAS, "plot.min_border_left": LEFT, "plot.min_border_right": RIGHT},
    )


def _redraw(plot: Any, curve: Curve) -> None:
    plot.handles["source"].data = {curve.axis: curve.places, "value": curve.values}
    low, high = curve.limits
    reach = _MARGIN * (high - low)
    plot.state.y_range.update(start=low - reach, end=high + reach)
    plot.state.title.text = curve.title

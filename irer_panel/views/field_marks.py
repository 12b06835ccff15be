"""What lies over and around the pixels of a rendered plot: ranges, crosshair, mask, colour bar."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from bokeh.models import (
    BasicTicker,
    ColumnDataSource,
    CrosshairTool,
    FixedTicker,
    LinearColorMapper,
    LogColorMapper,
    LogTicker,
)
from bokeh.models.annotations import Span

from irer_panel.viewport import Frame, Range
from irer_panel.views.field_look import Colours

MASK = (255, 43, 214)
"""Red, green and blue of cells that are not finite: a magenta that no colour map holds."""

_LINES = ({"line_color": "black", "line_alpha": 0.55, "line_width": 3}, {"line_color": "white"})
"""A light line on a dark one can be seen on every colour."""


def root_of(plot: Any) -> str:
    """The id of the page's model that a rendered plot is part of."""
    return str(plot.root.ref["id"])


@dataclass(frozen=True)
class Shared:
    """What the plots of one page have in common: their ranges, and the lines of the crosshair."""

    x_range: Any
    y_range: Any
    across: tuple[Span, ...]
    upright: tuple[Span, ...]


class SharedRanges:
    """The ranges and the crosshair of all plots of a pair, one set a rendered page.

    Panel links plots only when they are rendered together; these come one after the other.
    """

    def __init__(self) -> None:
        self._of_root: dict[str, Shared] = {}

    def join(self, plot: Any) -> None:
        """Give a rendered plot the ranges and the crosshair of the first one on its page."""
        figure = plot.state
        shared = self._of_root.get(root_of(plot))
        if shared is None:
            lines = [
                tuple(Span(dimension=dimension, level="overlay", **line) for line in _LINES)
                for dimension in ("width", "height")
            ]
            shared = self._of_root[root_of(plot)] = Shared(figure.x_range, figure.y_range, *lines)
        if figure.x_range is not shared.x_range:
            figure.x_range, figure.y_range = shared.x_range, shared.y_range
            plot.handles.update(x_range=shared.x_range, y_range=shared.y_range)
        for across, upright in zip(shared.across, shared.upright, strict=True):
            figure.add_tools(CrosshairTool(overlay=(across, upright), visible=False))

    def join_profile(self, plot: Any, axis: str) -> None:
        """Give a rendered profile the pair's range along `axis`; over x also the crosshair."""
        shared = self._of_root.get(root_of(plot))
        if shared is None:
            return
        figure = plot.state
        figure.x_range = shared.x_range if axis == "x" else shared.y_range
        plot.handles["x_range"] = figure.x_range
        if axis == "x":
            for upright in shared.upright:
                figure.add_tools(CrosshairTool(overlay=upright, visible=False))

    def show(self, extent: Range) -> None:
        """Show a whole domain; nothing beyond it can be moved into sight."""
        low, high = extent
        for shared in self._of_root.values():
            for each in (shared.x_range, shared.y_range):
                # The old bounds go first: a browser would hold the new ends within them.
                each.update(bounds=None)
                each.update(start=low, end=high, reset_start=low, reset_end=high)
                each.update(bounds=extent)

    def zoom(self, x_range: Range, y_range: Range) -> None:
        """Show a part of the domain."""
        for shared in self._of_root.values():
            for each, (low, high) in ((shared.x_range, x_range), (shared.y_range, y_range)):
                each.update(start=low, end=high)


def add_mask(figure: Any) -> ColumnDataSource:
    """An empty mask over a figure; `mask_data` fills it."""
    source = ColumnDataSource(mask_data(None))
    figure.image_rgba("image", "x", "y", "dw", "dh", source=source, level="glyph")
    return source


def mask_data(holes: Frame | None) -> dict[str, Any]:
    """What a mask draws.

    Args:
        holes: above 0 where a pixel holds cells that are not finite; None for nothing.
    """
    if holes is None:
        return {name: [] for name in ("image", "x", "y", "dw", "dh")}
    image = np.zeros((*holes.values.shape, 4), np.uint8)
    image[holes.values > 0] = (*MASK, 255)
    left, bottom, right, top = holes.bounds
    return {
        "image": [image.view(np.uint32)[..., 0]],
        "x": [left],
        "y": [bottom],
        "dw": [right - left],
        "dh": [top - bottom],
    }


def dress(plot: Any, wanted: Colours) -> None:
    """Colour a rendered plot and its bar, by their Bokeh models; its pixels stay."""
    low, high = wanted.limits
    old, bar = plot.handles["color_mapper"], plot.handles["colorbar"]
    colours = {"palette": wanted.palette, "low": low, "high": high, "nan_color": old.nan_color}
    mapper = _changed(old, LogColorMapper if wanted.log else LinearColorMapper, **colours)
    if mapper is not old:
        plot.handles["glyph"].color_mapper = plot.handles["color_mapper"] = mapper
    if wanted.ticks:
        own = None if bar.color_mapper in (old, mapper) else bar.color_mapper
        low, high = wanted.bar_limits
        bar.update(
            color_mapper=_changed(own, LinearColorMapper, palette=wanted.bar, low=low, high=high),
            ticker=_changed(bar.ticker, FixedTicker, ticks=[place for place, _ in wanted.ticks]),
            major_label_overrides=dict(wanted.ticks),
        )
    else:
        ticker = _changed(bar.ticker, LogTicker if wanted.log else BasicTicker)
        bar.update(color_mapper=mapper, ticker=ticker, major_label_overrides={})


def _changed(old: Any, kind: type[Any], **values: Any) -> Any:
    """A model of a kind with these values, the old one if it can be.

    For a model that joins a page Bokeh walks through all of them, in 20 ms, and a palette that is
    set is checked colour by colour, be it the same.
    """
    if type(old) is not kind:
        return kind(**values)
    old.update(**{name: value for name, value in values.items() if getattr(old, name) != value})
    return old

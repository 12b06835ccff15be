"""One field at one stored time, drawn from the cells; the next time only replaces them."""

from typing import Any

import panel as pn
from bokeh.models import ColumnDataSource, LinearColorMapper, Range1d
from bokeh.models.annotations.labels import Title
from bokeh.models.annotations.legends import ColorBar
from bokeh.plotting import figure

from irer_panel.chart import give_room
from irer_panel.fields import RHO, FieldStyle
from irer_panel.history import History
from irer_panel.viewport import Range
from irer_panel.views.field_look import MAPS, Look


def palette_of(style: FieldStyle) -> tuple[str, ...]:
    """The colours of a field's own map, from its lowest value to its highest."""
    return tuple(MAPS[style.kind][Look().map_of(style)])


class Film(pn.viewable.Viewer):
    """The frame of a history that `turn_to` names."""

    def __init__(self) -> None:
        super().__init__()
        self._history: History | None = None
        self._extent: Range | None = None
        self._source = ColumnDataSource({"image": [], "at": [], "side": []})
        self._colours = LinearColorMapper(palette=palette_of(RHO), low=0, high=1)
        self._ranges = Range1d(start=0, end=1), Range1d(start=0, end=1)
        self._title = Title()
        options: dict[str, Any] = {
            "title": self._title,
            "frame_width": 360,
            "frame_height": 360,
            "x_range": self._ranges[0],
            "y_range": self._ranges[1],
            "tools": "pan,wheel_zoom,box_zoom,save,reset",
            "active_scroll": "wheel_zoom",
            "toolbar_location": "above",
            "x_axis_label": "x",
            "y_axis_label": "y",
        }
        self._figure = figure(**options)
        self._figure.toolbar.logo = None
        give_room(self._figure, 190)
        self._figure.grid.visible = False
        cells: dict[str, Any] = {"source": self._source, "color_mapper": self._colours}
        self._figure.image(image="image", x="at", y="at", dw="side", dh="side", **cells)
        self._bar = ColorBar(color_mapper=self._colours, width=14, padding=2, margin=8)
        self._figure.add_layout(self._bar, "right")

    def take(self, history: History) -> None:
        """Take another run or field: its colours and its domain."""
        self._history = history
        low, high = history.limits
        self._colours.update(palette=palette_of(history.style), low=low, high=high)
        self._title.text = history.style.meaning
        if self._extent != history.extent:  # else the zoom stays
            self._extent = history.extent
            for each in self._ranges:
                each.update(
                    start=history.extent[0],
                    end=history.extent[1],
                    reset_start=history.extent[0],
                    reset_end=history.extent[1],
                )

    def turn_to(self, frame: int) -> None:
        """Draw a frame."""
        history = self._history
        if history is None:
            return
        low, high = history.extent
        self._source.data = {
            "image": [history.frames[frame]],
            "at": [low],
            "side": [high - low],
        }

    def __panel__(self) -> pn.viewable.Viewable:
        return pn.pane.Bokeh(self._figure, margin=0)

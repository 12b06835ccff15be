"""Where the user has zoomed the hunt's figures to, as a link carries it and as figures are told."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import param
from bokeh.events import RangesUpdate, Reset
from bokeh.models import LogScale, Range1d
from panel.io.state import set_curdoc

from engine.hunt.table import FITNESS
from irer_panel.choices import SHORT
from irer_panel.viewport import Range
from irer_panel.views.field_state import read_range, wrong

ZOOMED = ("scatter", "evolution")
"""The figures whose zoom a link carries."""

Ranges = tuple[Range, Range]


class Zooms(param.Parameterized):
    """What is seen of each figure of one page, also of those that were never drawn."""

    windows = param.Dict(default={}, doc="Ranges along x and y by figure, but for whole figures.")

    def of(self, name: str) -> Ranges | None:
        """What is seen of a figure; None for the whole of it, which grows with its runs."""
        return self.windows.get(name)

    def note(self, name: str, window: Ranges | None) -> None:
        """Know what is seen of a figure."""
        rest = {key: each for key, each in self.windows.items() if key != name}
        self.windows = rest if window is None else {**rest, name: window}

    def bind(self, name: str, fig: Any, again: Callable[[], object]) -> None:
        """Show what is to be seen of a figure, and hear where its user goes.

        Args:
            name: one of `ZOOMED`.
            fig: a Bokeh figure whose ranges follow what it draws until its user moves them.
            again: makes another such figure in its place. A browser cannot be told where to begin
                without being told where a reset leads to, nor be given other ranges later.
        """
        window = self.of(name)

        def moved(event: Any) -> None:
            seen = (event.x0, event.x1), (event.y0, event.y1)
            scales = fig.x_scale, fig.y_scale
            if all(_can_be(*each) for each in zip(seen, scales, strict=True)):
                with set_curdoc(fig.document):
                    self.note(name, seen)

        def reset(_: Any) -> None:
            with set_curdoc(fig.document):
                self.note(name, None)
                if window is not None:
                    again()

        if window is not None:
            fig.x_range, fig.y_range = (Range1d(start=low, end=high) for low, high in window)
        fig.on_event(RangesUpdate, moved)
        fig.on_event(Reset, reset)


def words_of(zooms: Zooms) -> dict[str, str]:
    """What is seen of the figures: `scatter.x` is "0.01:2", and so on."""
    return {
        f"{name}.{axis}": f"{low:.7g}:{high:.7g}"
        for name in ZOOMED
        for axis, (low, high) in zip("xy", zooms.of(name) or (), strict=False)
    }


def wanted_zooms(wanted: Mapping[str, str]) -> tuple[Zooms, tuple[str, ...]]:
    """What a link shows of the figures, and in words what of it was left out."""
    windows, refused = {}, []
    for name in ZOOMED:
        texts = [wanted.get(f"{name}.{axis}", "") for axis in "xy"]
        if not any(texts):
            continue
        x, y = (read_range(text) for text in texts)
        log_x, log_y = _logarithmic(name, wanted)
        if x and y and (x[0] > 0 or not log_x) and (y[0] > 0 or not log_y):
            windows[name] = x, y
        else:
            refused.append(wrong(f"{name}.x, {name}.y", " ".join(texts), "such as 0.1:12.5, both"))
    return Zooms(windows=windows), tuple(refused)


def _can_be(ends: tuple[Any, Any], scale: Any) -> bool:
    """Whether these are ends of a range: of a figure without points they are not."""
    if not all(isinstance(end, int | float) and math.isfinite(end) for end in ends):
        return False
    return ends[0] < ends[1] and (ends[0] > 0 or not isinstance(scale, LogScale))


def _logarithmic(name: str, wanted: Mapping[str, str]) -> tuple[bool, bool]:
    """Whether a figure's axes have a logarithm, hence no place for 0 and less."""
    if name == "scatter":
        return True, True
    metric = next((each for each in SHORT if each.key == wanted.get("evolution")), FITNESS)
    return False, metric.log

"""How compared runs are shown, as a value; and as the words that a link carries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from irer_panel.viewport import Range
from irer_panel.views.field_look import MAPS, SCALES, Look
from irer_panel.views.field_state import Pane, read_pane, read_range, wrong

Ranges = tuple[Range, Range]

_LIMITS = {"all": False, "own": True}


@dataclass(frozen=True)
class CompareView:
    """What every pane shows, and how it is coloured.

    Attributes:
        pane: field and pixels.
        look: map and scale.
        own: whether each run has limits of its own.
    """

    pane: Pane = field(default_factory=partial(Pane, "rho"))
    look: Look = field(default_factory=Look)
    own: bool = False


def words_of(view: CompareView, window: Ranges | None = None) -> dict[str, str]:
    """A view as words: what differs from how the tab begins, and the window's ranges.

    `panes` is "phase:mean:wheel:linear:own", with "all" for limits in common and nothing for the
    field's own map; `panes.x` and `panes.y` are "0:12.5".
    """
    words = {}
    if view != CompareView():
        pane, look = view.pane, view.look
        limits = "own" if view.own else "all"
        words["panes"] = ":".join((pane.field, pane.aggregation, look.cmap, look.scale, limits))
    if window is not None:
        for axis, (low, high) in zip("xy", window, strict=True):
            words[f"panes.{axis}"] = f"{low:.7g}:{high:.7g}"
    return words


def read_words(words: Mapping[str, str]) -> tuple[CompareView, Ranges | None, tuple[str, ...]]:
    """The view and the window that words ask for, and what was wrong with those left out.

    Words of other names are none of ours and are passed over.
    """
    view, window, refused = CompareView(), None, []
    if text := words.get("panes"):
        found = _view(text)
        if found is None:
            refused.append(wrong("panes", text, "such as rho:mean:viridis:log:own"))
        view = found or view
    texts = [words.get(f"panes.{axis}", "") for axis in "xy"]
    x_range, y_range = (read_range(text) for text in texts)
    if x_range is not None and y_range is not None:
        window = x_range, y_range
    elif any(texts):
        refused.append(wrong("panes.x, panes.y", " ".join(texts), "such as 0:12.5, both"))
    return view, window, tuple(refused)


def _view(text: str) -> CompareView | None:
    parts = text.split(":")
    if len(parts) != 5:
        return None
    key, aggregation, cmap, scale, limits = parts
    pane = read_pane(f"{key}:run:{aggregation}")
    if pane is None or limits not in _LIMITS:
        return None
    kind = pane.style().kind
    if (cmap and cmap not in MAPS[kind]) or scale not in SCALES[kind]:
        return None
    if kind == "cyclic" and pane.aggregation != "mean":  # an angle has no smallest or largest
        return None
    return CompareView(pane, Look(cmap, scale), _LIMITS[limits])

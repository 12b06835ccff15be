"""What a user sets about the two fields, as a value; and as the words that a link carries."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from irer_panel.fields import FIELDS, FieldStyle
from irer_panel.viewport import AGGREGATIONS, Range
from irer_panel.views.field_look import MAPS, SCALES, Look, refusal

SIDES = ("run", "other", "difference")
"""Whose field a pane shows: the selected run's, the compared one's, or one minus the other."""


@dataclass(frozen=True)
class Pane:
    """What one pane shows."""

    field: str
    side: str = "run"
    aggregation: str = "mean"

    def style(self, comparing: bool = True) -> FieldStyle:
        """How what it shows is labelled and coloured; a field of its own where none is compared."""
        plain = FIELDS[self.field]
        return plain.difference if comparing and self.side == "difference" else plain


@dataclass(frozen=True)
class FieldView:
    """What both panes show, and how each field is coloured, by the key of its style.

    Panes that show the same field share its look, so that their colours can be compared.
    """

    panes: tuple[Pane, ...] = (Pane("rho"), Pane("g_tt"))
    looks: Mapping[str, Look] = field(default_factory=dict)

    def look(self, style: FieldStyle) -> Look:
        """How a field is coloured."""
        return self.looks.get(style.key, Look())

    def with_pane(self, index: int, pane: Pane) -> "FieldView":
        """The same with another pane."""
        if pane.style().kind == "cyclic":
            pane = replace(pane, aggregation="mean")  # an angle has no smallest or largest
        panes = (*self.panes[:index], pane, *self.panes[index + 1 :])
        return replace(self, panes=panes)

    def with_look(self, style: FieldStyle, look: Look) -> "FieldView":
        """The same with another look of a field."""
        return replace(self, looks={**self.looks, style.key: look})


def words_of(view: FieldView, window: tuple[Range, Range] | None = None) -> dict[str, str]:
    """A view as words: what differs from how a page begins, and the window's ranges.

    `pane1` is "phase", or "rho:difference:max"; `look.rho` is "magma:log:0.1:2", with "auto" for
    limits that are not fixed; `x` and `y` are "0:12.5".
    """
    words = {}
    for index, (pane, usual) in enumerate(zip(view.panes, FieldView().panes, strict=True)):
        if pane != usual:
            words[f"pane{index + 1}"] = f"{pane.field}:{pane.side}:{pane.aggregation}"
    for key, look in view.looks.items():
        if look != Look():
            limits = "auto" if look.limits is None else f"{look.limits[0]!r}:{look.limits[1]!r}"
            words[f"look.{key}"] = f"{look.cmap}:{look.scale}:{limits}"
    if window is not None:
        words |= {axis: f"{low!r}:{high!r}" for axis, (low, high) in zip("xy", window, strict=True)}
    return words


def read_words(
    words: Mapping[str, str],
) -> tuple[FieldView, tuple[Range, Range] | None, tuple[str, ...]]:
    """The view and the window that words ask for, and what was wrong with those left out.

    Words of other names are none of ours and are passed over.
    """
    view, refused = FieldView(), []
    styles = {s.key: s for f in FIELDS.values() for s in (f, f.difference)}
    for index in range(len(view.panes)):
        if text := words.get(f"pane{index + 1}"):
            pane = read_pane(text)
            if pane is None:
                refused.append(wrong(f"pane{index + 1}", text, "such as rho:run:mean"))
            else:
                view = view.with_pane(index, pane)
    for key, style in styles.items():
        if text := words.get(f"look.{key}"):
            look = _look(text, style)
            if look is None:
                refused.append(wrong(f"look.{key}", text, "such as viridis:log:0.1:2"))
            else:
                view = view.with_look(style, look)
    found = [read_range(words[axis]) for axis in "xy" if axis in words]
    window = None
    if found:
        if len(found) == 2 and found[0] is not None and found[1] is not None:
            window = found[0], found[1]
        else:
            text = " ".join(f"{axis}={words.get(axis, '')}" for axis in "xy")
            refused.append(wrong("window", text, "x and y such as 0:12.5"))
    return view, window, tuple(refused)


def read_pane(text: str) -> Pane | None:
    """A pane from words such as "rho:run:mean" or "phase"; None for what is none."""
    name, _, rest = text.partition(":")
    side, _, aggregation = (rest or "run:mean").partition(":")
    pane = Pane(name, side, aggregation or "mean")
    known = pane.field in FIELDS and pane.side in SIDES and pane.aggregation in AGGREGATIONS
    return pane if known else None


def _look(text: str, style: FieldStyle) -> Look | None:
    cmap, _, rest = text.partition(":")
    scale, _, limits = rest.partition(":")
    if (cmap and cmap not in MAPS[style.kind]) or scale not in SCALES[style.kind]:
        return None
    if limits == "auto":
        return Look(cmap, scale)
    ends = read_range(limits)
    if ends is None or refusal(style, scale, ends):
        return None
    return Look(cmap, scale, ends)


def read_range(text: str) -> Range | None:
    """A range from words such as "0:12.5"; None for what is none."""
    try:
        low, high = (float(each) for each in text.split(":"))
    except ValueError:
        return None
    return (low, high) if low < high and math.isfinite(low + high) else None


def wrong(name: str, got: str, expected: str) -> str:
    """That a link's words of a name were left out, and why."""
    return f"{name}: got {got[:60]!r}, expected words {expected}; it was left out."

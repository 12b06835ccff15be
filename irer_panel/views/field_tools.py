"""What stands above a pane: which field it shows, of which run, and a popover for its colours."""

from dataclasses import replace
from functools import partial
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from irer_panel.fields import FIELDS
from irer_panel.viewport import AGGREGATIONS
from irer_panel.views.field_look import MAPS, SCALES, refusal
from irer_panel.views.field_pair import FieldPair
from irer_panel.views.field_plot import LEFT
from irer_panel.views.field_state import Pane

_LABELS = {
    style.key: style.title if style.symbol == "residual" else f"{style.symbol} · {style.title}"
    for style in FIELDS.values()
}
_ORDER = ("First", "Second")
_SIDES = {"This": "run", "Other": "other", "Δ": "difference"}
_SELECT_SX = {"& .MuiInputBase-root, &.MuiInputBase-root": {"height": "34px", "fontSize": "14px"}}
_GROUP_SX = {
    "& .MuiToggleButton-root": {"padding": "4px 10px", "fontSize": "13px", "whiteSpace": "nowrap"}
}
_HINTS = {
    "run": "Limits of the whole field. A number typed here fixes them.",
    "fixed": "Fixed: every run is coloured by these limits.",
}


class FieldTools(pn.viewable.Viewer):
    """Edits one pane of a pair's view, and the look of the field that it shows."""

    refused = param.String(default="", doc="Why the limits that were typed are not taken.")

    def __init__(self, pair: FieldPair, index: int) -> None:
        super().__init__()
        self._pair = pair
        self._index = index
        self._syncing = False
        self.field = pmui.Select(
            options={label: key for key, label in _LABELS.items()},
            label=f"{_ORDER[index]} field",
            value=self.pane.field,
            size="small",
            width=196,
            margin=0,
            sx=_SELECT_SX,
        )
        self.side = pmui.RadioButtonGroup(
            options=_SIDES,
            value=self.pane.side,
            size="small",
            margin=0,
            visible=False,
            sx=_GROUP_SX,
        )
        self.popover = pmui.Popup(margin=0)
        self.open = pmui.IconButton(
            icon="tune",
            size="small",
            margin=0,
            description="Colours, scale, limits and pixels",
            attached=[self.popover],
            on_click=self._open,
        )
        self._parts: dict[str, Any] = {}
        self._watchers = [
            self.field.param.watch(lambda e: self._pane(field=e.new), "value"),
            self.side.param.watch(lambda e: self._pane(side=e.new), "value"),
        ]
        self._watcher = pair.param.watch(self._sync, ["view", "other", "painted"])
        self._sync()

    def close(self) -> None:
        """Follow the pair no more."""
        self._pair.param.unwatch(self._watcher)

    @property
    def pane(self) -> Pane:
        """What the pane is to show."""
        return self._pair.view.panes[self._index]

    def keep(self, *_: Any) -> None:
        """Fix the limits that are in use."""
        self._fix(self._pair.plots[self._index].picture.limits)

    def release(self, *_: Any) -> None:
        """Let the limits follow the field again."""
        self.refused = ""
        self._look(limits=None)

    def find(self, extreme: str, *_: Any) -> None:
        """Zoom to the smallest ("min") or the largest ("max") cell of the field."""
        self._pair.find(self._index, extreme)

    def _fix(self, limits: tuple[float, float]) -> None:
        style = self.pane.style(self._pair.comparing)
        self.refused = refusal(style, self._pair.view.look(style).scale, limits)
        if not self.refused:
            self._look(limits=limits)
        self._sync()

    def _typed(self, *_: Any) -> None:
        if self._syncing:
            return
        words = [self._parts[name].value for name in ("low", "high")]
        try:
            low, high = (float(each.replace("−", "-").replace(",", "")) for each in words)
        except ValueError:
            self.refused = f"Limits: got {words[0]} to {words[1]}, expected two numbers."
            self._sync()
            return
        self._fix((low, high))

    def _pane(self, **changes: Any) -> None:
        if not self._syncing:
            self._show(self._pair.view.with_pane(self._index, replace(self.pane, **changes)))

    def _look(self, **changes: Any) -> None:
        if self._syncing:
            return
        style = self.pane.style(self._pair.comparing)
        look = replace(self._pair.view.look(style), **changes)
        if look.limits is not None and refusal(style, look.scale, look.limits):
            look = replace(look, limits=None)  # such as 0 to 1, now on a log scale
        self._show(self._pair.view.with_look(style, look))

    def _show(self, view: Any) -> None:
        if view != self._pair.view:
            self._pair.view = view

    def _open(self, *_: Any) -> None:
        if self._parts:
            self._unfold()
        else:  # a dozen models that most pages never need
            self._pair.loop.aside(self._build, self._unfold)

    def _unfold(self) -> None:
        self._sync()
        self.popover.open = True

    def _build(self) -> None:
        if self._parts:  # clicked twice before they were made
            return

        def group(change: Any) -> Any:
            buttons = pmui.RadioButtonGroup(size="small", margin=(0, 0, 8, 0), sx=_GROUP_SX)
            buttons.param.watch(lambda e: change(e.new), "value")
            return buttons

        cmap = pmui.Select(label="Colour map", size="small", width=270, margin=(4, 0, 10, 0))
        cmap.param.watch(lambda e: self._look(cmap=e.new), "value")
        limits = {
            name: pmui.TextInput(label=label, size="small", width=130, margin=(4, 0))
            for name, label in (("low", "From"), ("high", "To"))
        }
        for each in limits.values():
            each.param.watch(self._typed, "value")
        buttons = {
            name: pmui.Button(
                label=label, size="small", variant="outlined", margin=0, on_click=call
            )
            for name, label, call in (
                ("keep", "Keep these", self.keep),
                ("release", "Automatic", self.release),
                ("min", "Smallest", partial(self.find, "min")),
                ("max", "Largest", partial(self.find, "max")),
            )
        }
        self._parts = {
            "cmap": cmap,
            "scale": group(lambda value: self._look(scale=value)),
            "aggregation": group(lambda value: self._pane(aggregation=value)),
            **limits,
            **buttons,
            "hint": pmui.Typography("", variant="caption", width=270, margin=(4, 0, 6, 0)),
            "pixel": _caption("A pixel of many cells shows their"),
            "goto": _caption("Zoom to the cell that is"),
        }
        parts, gap = self._parts, {"gap": "10px"}
        self.popover.objects = [
            pn.Column(
                cmap,
                _caption("Scale"),
                parts["scale"],
                _caption("Limits"),
                pn.Row(parts["low"], parts["high"], styles=gap),
                parts["hint"],
                pn.Row(parts["keep"], parts["release"], margin=(0, 0, 10, 0), styles=gap),
                parts["pixel"],
                parts["aggregation"],
                parts["goto"],
                pn.Row(parts["min"], parts["max"], margin=(0, 0, 4, 0), styles=gap),
                margin=(10, 14),
                width=280,
            )
        ]

    @param.depends("refused", watch=True)
    def _sync(self, *_: Any) -> None:
        """Bring every widget to what the pair's view says."""
        self._syncing = True
        try:
            comparing = self._pair.comparing
            self.field.value = self.pane.field
            self.side.param.update(value=self.pane.side, visible=comparing)
            if self._parts:
                self._sync_popover(comparing)
        finally:
            self._syncing = False

    def _sync_popover(self, comparing: bool) -> None:
        style, parts = self.pane.style(comparing), self._parts
        look = self._pair.view.look(style)
        parts["cmap"].param.update(options=list(MAPS[style.kind]), value=look.map_of(style))
        scales = SCALES[style.kind]
        parts["scale"].param.update(
            options=list(scales), value=look.scale, disabled=len(scales) == 1
        )
        cyclic = style.kind == "cyclic"  # an angle has no smallest or largest
        for name in ("pixel", "aggregation", "goto", "min", "max"):
            parts[name].visible = not cyclic
        parts["aggregation"].param.update(options=list(AGGREGATIONS), value=self.pane.aggregation)
        picture = self._pair.plots[self._index].picture
        low, high = look.limits or picture.limits
        if not self.refused:
            parts["low"].value, parts["high"].value = f"{low:.6g}", f"{high:.6g}"
        parts["keep"].disabled = look.limits is not None
        parts["release"].disabled = look.limits is None and not self.refused
        parts["hint"].object = self.refused or _HINTS["fixed" if look.limits else "run"]

    def __panel__(self) -> pn.viewable.Viewable:
        return pn.Row(
            self.field,
            self.side,
            self.open,
            sizing_mode="stretch_width",
            margin=(0, 0, 0, LEFT),
            styles={"align-items": "center", "gap": "6px", "flex-wrap": "wrap"},
        )


def _caption(text: str) -> Any:
    return pmui.Typography(text, variant="caption", margin=(0, 0, 2, 0))

"""What stands above the compared panes: which field, its colours, whose limits."""

from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from irer_panel.fields import FIELDS
from irer_panel.viewport import AGGREGATIONS
from irer_panel.views.compare_state import CompareView
from irer_panel.views.field_look import MAPS, SCALES, Look
from irer_panel.views.field_state import Pane

_LABELS = {
    style.title if style.symbol == "residual" else f"{style.symbol} · {style.title}": style.key
    for style in FIELDS.values()
}
_SWITCH_SX = {"& .MuiFormControlLabel-label": {"fontSize": "14px", "whiteSpace": "nowrap"}}


class CompareLook(pn.viewable.Viewer):
    """`pane` is what is shown of every run, `look` how it is coloured, `own` by whose limits."""

    pane = param.ClassSelector(default=Pane("rho"), class_=Pane, doc="Field and pixels.")
    look = param.ClassSelector(default=Look(), class_=Look, doc="Map and scale.")
    own = param.Boolean(default=False, doc="Whether each run has its own limits.")

    def __init__(self, view: CompareView) -> None:
        super().__init__(pane=view.pane, look=view.look, own=view.own)
        small: dict[str, Any] = {"size": "small", "margin": 0}
        self.field = pmui.Select(
            label="Field", options=_LABELS, value=self.pane.field, width=196, **small
        )
        self.cmap = pmui.Select(label="Colour map", width=140, **small)
        self.scale = pmui.Select(label="Scale", width=116, **small)
        self.pixel = pmui.Select(
            label="Pixel of many cells",
            options=list(AGGREGATIONS),
            value=self.pane.aggregation,
            width=150,
            **small,
        )
        self.own_limits = pmui.Switch.from_param(
            self.param.own, label="Own limits", sx=_SWITCH_SX, **small
        )
        self._syncing = False
        self._offer()
        for widget in (self.field, self.pixel):
            widget.param.watch(self._chosen, "value")
        for widget in (self.cmap, self.scale):
            widget.param.watch(self._coloured, "value")

    @property
    def view(self) -> CompareView:
        """All of it."""
        return CompareView(self.pane, self.look, self.own)

    def _chosen(self, *_: Any) -> None:
        if self._syncing:
            return
        style = FIELDS[str(self.field.value)]
        before = FIELDS[self.pane.field]
        cyclic = style.kind == "cyclic"  # an angle has no smallest or largest
        pane = Pane(style.key, aggregation="mean" if cyclic else str(self.pixel.value))
        look = self.look if style.kind == before.kind else Look()
        self.param.update(pane=pane, look=look)
        self._offer()

    def _coloured(self, *_: Any) -> None:
        if not self._syncing:
            self.look = Look(str(self.cmap.value), str(self.scale.value))

    def _offer(self) -> None:
        """Bring the menus to what the field can have."""
        style = FIELDS[self.pane.field]
        self._syncing = True
        try:
            self.cmap.param.update(options=list(MAPS[style.kind]), value=self.look.map_of(style))
            self.scale.param.update(
                options=list(SCALES[style.kind]),
                value=self.look.scale,
                disabled=len(SCALES[style.kind]) == 1,
            )
            self.pixel.param.update(value=self.pane.aggregation, disabled=style.kind == "cyclic")
        finally:
            self._syncing = False

    def __panel__(self) -> pn.viewable.Viewable:
        return pn.Row(
            self.field,
            self.cmap,
            self.scale,
            self.pixel,
            self.own_limits,
            sizing_mode="stretch_width",
            margin=(0, 0, 10, 0),
            styles={"flex-wrap": "wrap", "gap": "12px 8px", "align-items": "center"},
        )

"""The selected run: its heading, its fields, and words where there is nothing to draw."""

from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from engine.store.workspace import Workspace
from irer_panel.background import Loop
from irer_panel.selection import Selection
from irer_panel.states import emptiness
from irer_panel.views.field_pair import FieldPair
from irer_panel.views.hunt_view import HuntView
from irer_panel.views.run_heading import RunHeading

_PAPER = {
    "background": "var(--mui-palette-background-paper)",
    "border": "1px solid var(--mui-palette-divider)",
    "border-radius": "8px",
    "padding": "10px 14px",
}


class FieldPanel(HuntView):
    """Heading, field pair and the readout under the cursor."""

    def __init__(
        self, workspace: Workspace, selection: Selection, loop: Loop, **params: Any
    ) -> None:
        super().__init__(**params)
        self._selection = selection
        self.heading = RunHeading(selection, snapshot=self.param.snapshot)
        self.pair = FieldPair(workspace, selection, loop)
        self._words = pmui.Typography(
            "", variant="body1", margin=(48, 0), sizing_mode="stretch_width"
        )
        self._readout = pn.pane.HTML(
            "",
            margin=0,
            sizing_mode="stretch_width",
            styles={"min-height": "20px", "font-size": "13px", "text-align": "center"},
        )
        self._watchers = [
            self.pair.param.watch(self._update, ["fields", "problem"]),
            self.pair.param.watch(self._point, "readout"),
        ]
        self._update()

    def close(self) -> None:
        """Follow the selection no more."""
        self.heading.close()
        self.pair.close()
        for watcher in self._watchers:
            self.pair.param.unwatch(watcher)
        self._watchers = []

    @param.depends("snapshot", watch=True)
    def _update(self, *_: Any) -> None:
        words = self.pair.problem or (
            "" if self.pair.fields is not None else emptiness(self.snapshot)
        )
        self._words.param.update(object=words, visible=bool(words))
        self._point()

    def _point(self, *_: Any) -> None:
        shown = self.pair.fields is not None
        hint = "Drag to pan, scroll to zoom both fields; move over a cell to read its values."
        self._readout.param.update(object=self.pair.readout or hint, visible=shown)

    def __panel__(self) -> pn.viewable.Viewable:
        return pn.Column(
            self.heading,
            self.pair,
            self._readout,
            self._words,
            sizing_mode="stretch_width",
            styles=_PAPER,
        )

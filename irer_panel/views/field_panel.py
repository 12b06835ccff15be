"""The selected run: its heading, its fields, and words where there is nothing to draw."""

from collections.abc import Callable
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from engine.store.workspace import Workspace
from irer_panel.background import Loop
from irer_panel.selection import Selection
from irer_panel.states import can_work, emptiness, eviction_words
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
        self,
        workspace: Workspace,
        selection: Selection,
        loop: Loop,
        on_restore: Callable[[str], None],
        **params: Any,
    ) -> None:
        super().__init__(**params)
        self._selection = selection
        self.heading = RunHeading(selection, snapshot=self.param.snapshot)
        self.pair = FieldPair(workspace, selection, loop)
        self._words = pmui.Typography("", variant="body1", margin=0, sizing_mode="stretch_width")
        self.restore = pmui.Button(
            label="Re-create",
            icon="restore",
            variant="outlined",
            margin=(12, 0, 0, 0),
            visible=False,
            on_click=lambda _: on_restore(selection.run),
        )
        self._nothing = pn.Column(
            self._words,
            self.restore,
            sizing_mode="stretch_width",
            styles={"padding": "40px 0"},
            visible=False,
        )
        self._evicted: tuple[str, bool] = ("", False)
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
        row = self.snapshot.run(self._selection.run)
        evicted = bool(row and row["evicted"]) and self.pair.fields is None
        words = self.pair.problem or (
            "" if self.pair.fields is not None else emptiness(self.snapshot)
        )
        if row and evicted:
            words = eviction_words(self.snapshot, row)
        self._words.object = words
        self.restore.param.update(visible=evicted, disabled=not can_work(self.snapshot))
        self._nothing.visible = bool(words)
        before, self._evicted = self._evicted, (self._selection.run, evicted)
        if before == (self._selection.run, True) and not evicted:
            self.pair.refresh()  # its artifact is there again
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
            self._nothing,
            sizing_mode="stretch_width",
            styles=_PAPER,
        )

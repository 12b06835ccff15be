"""The sidebar: the settings in folds, Start, Pause and Stop, and what Start would begin."""

from typing import Any, Protocol

import panel as pn
import panel_material_ui as pmui
import param

from irer_panel.controls import FIXED, SPECS, HuntControls
from irer_panel.sizing import size_words
from irer_panel.states import can_pause, start_refusal
from irer_panel.views.hunt_view import HuntView
from irer_panel.views.setting_fields import SettingFields

FIRST = ("num_generations", "population_size", "strategy", "seed")
"""Settings that stand open at the top; the others fold away by group."""

GROUPS = {
    "hunt": "Objectives and budget",
    "search": "Search space",
    "simulation": "Simulation",
    "physics": "Physics",
    "audit": "Audit",
    "storage": "Storage",
}
"""Fold-outs, by the group that a setting declares."""

_FOLD_SX = {
    "& .MuiAccordionSummary-root": {"minHeight": "42px"},
    "& .MuiAccordionSummary-content": {"margin": "8px 0"},
    "& .MuiAccordionSummary-content *": {"fontSize": "15px", "fontWeight": 500},
}
_BUTTON_SX = {"height": "38px", "padding": "0 8px", "whiteSpace": "nowrap"}


class Hunter(Protocol):
    """What the buttons ask for; none of it makes the page wait."""

    def start(self) -> None:
        """Start a hunt with the settings as they stand."""

    def pause(self) -> None:
        """Pause the running hunt, or resume the paused one."""

    def stop(self) -> None:
        """Stop the hunt."""


class ControlPanel(HuntView):
    """Edits `HuntControls`; Start hands over, Pause and Stop ask. The folds come last."""

    def __init__(self, controls: HuntControls, hunter: Hunter, **params: Any) -> None:
        super().__init__(**params)
        self._controls = controls
        self._fields = SettingFields(controls)
        self.start = _button("Start", "play_arrow", lambda _: hunter.start())
        self.pause = _button("Pause", "pause", lambda _: hunter.pause(), variant="outlined")
        self.stop = _button(
            "Stop", "stop", lambda _: hunter.stop(), variant="outlined", color="error"
        )
        self.reason = pmui.Typography("", variant="body2", margin=(6, 0, 0, 0))
        self._folds = {
            group: pn.Column(sizing_mode="stretch_width", min_height=40) for group in GROUPS
        }
        self._accordion = pmui.Accordion(
            *((title, self._folds[group]) for group, title in GROUPS.items()),
            active=[],
            sizing_mode="stretch_width",
            margin=(14, 0, 0, 0),
            sx=_FOLD_SX,
        )
        self._below = pn.Column(sizing_mode="stretch_width")
        self._accordion.param.watch(self._opened, "active")
        self._watcher = controls.param.watch(self._update, [*SPECS, "errors"])
        self._update()

    def complete(self) -> None:
        """Add the folds below the buttons: they take a moment, which others may need more."""
        self._below.objects = [self._accordion]

    def close(self) -> None:
        """Follow the controls no more."""
        self._controls.param.unwatch(self._watcher)
        self._fields.close()

    @param.depends("snapshot", watch=True)
    def _update(self, *_: Any) -> None:
        refusal, status = start_refusal(self.snapshot), self.snapshot.status
        paused = status.state == "paused"
        self.start.disabled = bool(refusal)
        self.pause.disabled = not can_pause(self.snapshot)
        if paused != (self.pause.label == "Resume"):
            label, icon = ("Resume", "play_arrow") if paused else ("Pause", "pause")
            self.pause.param.update(label=label, icon=icon)
        self.stop.disabled = not status.active or status.state == "stopping"
        self.reason.object = refusal or size_words(self._controls, self.snapshot.room)

    def _opened(self, event: Any) -> None:
        for index in event.new:
            self.unfold(list(GROUPS)[index])

    def unfold(self, group: str) -> None:
        """Make the fields of a group, once: forty of them would slow down every first paint."""
        elsewhere = (*FIRST, *FIXED)
        names = [n for n, spec in SPECS.items() if spec.group == group and n not in elsewhere]
        if not self._folds[group].objects:
            self._folds[group].objects = self._fields.rows(names)

    def __panel__(self) -> pn.viewable.Viewable:
        first = self._fields.rows(FIRST)
        side_by_side = {"styles": {"gap": "8px"}, "sizing_mode": "stretch_width"}
        return pn.Column(
            pn.Row(*first[:2], **side_by_side),
            pn.Row(*first[2:], **side_by_side),
            pn.Row(self.start, self.pause, self.stop, margin=(10, 0, 0, 0), **side_by_side),
            self.reason,
            self._below,
            sizing_mode="stretch_width",
            styles={"padding": "14px 16px"},
        )


def _button(label: str, icon: str, on_click: Any, **look: Any) -> pmui.Button:
    return pmui.Button(
        label=label,
        icon=icon,
        on_click=on_click,
        sizing_mode="stretch_width",
        margin=0,
        sx=_BUTTON_SX,
        **look,
    )

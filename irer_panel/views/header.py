"""The header: which hunt, in what state, how far, how fast, on what device."""

import html
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from irer_panel.snapshot import Snapshot
from irer_panel.states import progress, progress_words, state_word
from irer_panel.theme import NARROW
from irer_panel.views.hunt_view import HuntView

_CSS = """
:host { width: 100%; }
.line { display: flex; justify-content: space-between; gap: 12px; font-size: 13px;
  line-height: 18px; font-variant-numeric: tabular-nums; white-space: nowrap;
  color: var(--mui-palette-text-primary); }
.line span { overflow: hidden; text-overflow: ellipsis; }
.track { height: 6px; margin-top: 4px; border-radius: 3px; overflow: hidden;
  background: color-mix(in srgb, var(--mui-palette-text-primary) 18%, transparent); }
.bar { height: 100%; border-radius: 3px; background: var(--mui-palette-primary-main);
  transition: width .2s linear; }
"""

_WIDE_ONLY = f"@media (max-width: {NARROW}px) {{ :host {{ display: none; }} }}"


def progress_html(snapshot: Snapshot) -> str:
    """Progress bar and words of the shown hunt."""
    share, words = progress(snapshot), html.escape(progress_words(snapshot))
    name = html.escape(snapshot.shown.hunt_id)
    percent = 100 * (share or 0.0)
    return (
        f'<div class="line"><span title="The hunt that is shown">{name}</span>'
        f'<span class="words">{words}</span></div>'
        f'<div class="track" role="progressbar" aria-label="Runs done" aria-valuemin="0" '
        f'aria-valuemax="100" aria-valuenow="{percent:.0f}">'
        f'<div class="bar" style="width:{percent:.1f}%"></div></div>'
    )


class Header(HuntView):
    """State chip, progress and device, in the bar at the top."""

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._chip = pmui.Chip(label="", size="small", margin=(0, 16, 0, 16))
        self._progress = pn.pane.HTML(
            "", stylesheets=[_CSS], sizing_mode="stretch_width", margin=0, max_width=760
        )
        self._device = pn.pane.HTML(
            "",
            margin=(0, 12, 0, 24),
            stylesheets=[_WIDE_ONLY],
            styles={"font-size": "13px", "white-space": "nowrap", "margin-left": "auto"},
        )
        self._update()

    @param.depends("snapshot", watch=True)
    def _update(self) -> None:
        state = state_word(self.snapshot)
        self._chip.param.update(label=state.word, icon=state.icon, color=state.color)
        self._progress.object = progress_html(self.snapshot)
        self._device.object = html.escape(self.snapshot.shown.device)

    def __panel__(self) -> pn.viewable.Viewable:
        return pn.Row(
            self._chip,
            self._progress,
            self._device,
            sizing_mode="stretch_width",
            align="center",
            styles={"align-items": "center"},
        )

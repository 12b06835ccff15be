"""The header: which hunt, in what state, how far, how fast, on what device."""

import html
from typing import Any

import panel as pn
import param

from irer_panel.snapshot import Snapshot
from irer_panel.states import progress, progress_words, state_word
from irer_panel.theme import NARROW, TONES
from irer_panel.views.hunt_view import HuntView

_CSS = f"""
:host {{ width: 100%; }}
.header {{ display: flex; align-items: center; gap: 16px; font-size: 13px; line-height: 18px;
  font-variant-numeric: tabular-nums; white-space: nowrap;
  color: var(--mui-palette-text-primary); }}
.chip {{ display: flex; align-items: center; gap: 6px; padding: 3px 10px 3px 8px;
  border-radius: 12px; border: 1px solid var(--tone); font-weight: 500;
  background: color-mix(in srgb, var(--tone) 22%, transparent); }}
.chip b {{ color: color-mix(in srgb, var(--tone) 70%, var(--mui-palette-text-primary));
  font-weight: 700; width: 12px; text-align: center; }}
.progress {{ flex: 1 1 200px; min-width: 0; max-width: 760px; }}
.line {{ display: flex; justify-content: space-between; gap: 12px; }}
.line span {{ overflow: hidden; text-overflow: ellipsis; }}
.track {{ height: 6px; margin-top: 4px; border-radius: 3px; overflow: hidden;
  background: color-mix(in srgb, var(--mui-palette-text-primary) 18%, transparent); }}
.bar {{ height: 100%; border-radius: 3px; background: var(--mui-palette-primary-main);
  transition: width .2s linear; }}
.device {{ margin-left: auto; padding-right: 8px; }}
@media (max-width: {NARROW}px) {{ .device {{ display: none; }} }}
"""


def header_html(snapshot: Snapshot) -> str:
    """State chip, progress bar with its words, and device of the shown hunt."""
    state, status = state_word(snapshot), snapshot.shown
    tone, hint = TONES[state.tone], html.escape(status.stalled)
    percent = 100 * (progress(snapshot) or 0.0)
    return (
        f'<div class="header"><div class="chip" role="status" title="{hint}" style="--tone:{tone}">'
        f'<b aria-hidden="true">{state.sign}</b>{state.word}</div>'
        '<div class="progress"><div class="line">'
        f'<span title="The hunt that is shown">{html.escape(status.hunt_id)}</span>'
        f'<span class="words">{html.escape(progress_words(snapshot))}</span></div>'
        '<div class="track" role="progressbar" aria-label="Runs done" aria-valuemin="0" '
        f'aria-valuemax="100" aria-valuenow="{percent:.0f}">'
        f'<div class="bar" style="width:{percent:.1f}%"></div></div></div>'
        f'<div class="device" title="Where the runs are computed">{html.escape(status.device)}'
        "</div></div>"
    )


class _Line(pn.pane.HTML):
    """Sends its text alone.

    The first pane of a page is made with style sheets of its own, which Panel replaces with the
    page's at the first change: all models of the page are walked for it, at a hunt's start.
    """

    def _update(self, ref: str, model: Any) -> None:
        model.text = self._get_properties(model.document)["text"]


class Header(HuntView):
    """State, progress and device, in the bar at the top."""

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._pane = _Line(
            "", stylesheets=[_CSS], sizing_mode="stretch_width", margin=(0, 0, 0, 16)
        )
        self._update()

    @param.depends("snapshot", watch=True)
    def _update(self) -> None:
        self._pane.object = header_html(self.snapshot)

    def __panel__(self) -> pn.viewable.Viewable:
        return self._pane

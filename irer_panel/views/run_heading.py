"""The heading of the selected run: its id, parameters and scores, or why there is nothing."""

import html
from collections.abc import Mapping
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from irer_panel.selection import Selection
from irer_panel.views.hunt_view import HuntView
from irer_panel.wording import number, short_id

_CSS = """
:host { width: 100%; }
.run { display: flex; flex-wrap: wrap; gap: 2px 14px; align-items: baseline; font-size: 14px;
  line-height: 22px; font-variant-numeric: tabular-nums;
  color: var(--mui-palette-text-primary); }
.run b { font-size: 16px; font-weight: 600; }
.run code { font-family: ui-monospace, monospace; color: var(--mui-palette-primary-main); }
.run span { white-space: nowrap; }
.run .failed { color: var(--mui-palette-error-main); }
.run i { font-style: normal; color: var(--mui-palette-text-secondary); }
"""

_SWITCH_SX = {"& .MuiFormControlLabel-label": {"fontSize": "14px", "whiteSpace": "nowrap"}}

_FIGURES = (
    ("κ", "param_kappa"),
    ("σ", "param_sigma_k"),
    ("α", "param_alpha"),
    ("SSE", "log_prime_sse"),
    ("H-norm", "sdg_h_norm_l2"),
    ("PCS", "pcs_score"),
    ("fitness", "fitness"),
)


def heading_html(run_id: str, run: Mapping[str, Any] | None, *, known: bool = True) -> str:
    """One line on a run.

    Args:
        run_id: its config_hash, empty for none.
        run: its ledger columns, None where it is not of the hunt that is shown.
        known: whether its columns were looked for.
    """
    if not run_id:
        return '<div class="run"><b>No run selected</b></div>'
    parts = [f'<b>Run <code title="{html.escape(run_id)}">{short_id(run_id)}</code></b>']
    if run is None:
        words = "of an earlier hunt" if known else "…"
        return f'<div class="run">{parts[0]}<span><i>{words}</i></span></div>'
    generation = run.get("generation")
    if generation is not None:
        parts.append(f"<span><i>gen</i> {number(generation)}</span>")
    parts += [f"<span><i>{name}</i> {number(run.get(column))}</span>" for name, column in _FIGURES]
    if run["status"] != "ok":
        error = html.escape(str(run.get("error") or ""))
        kind = html.escape(str(run["status"]).replace("_", " "))
        parts.append(f'<span title="{error}" class="failed">{kind}</span>')
    return f'<div class="run">{"".join(parts)}</div>'


class RunHeading(HuntView):
    """The selected run in one line, with the switch that follows the newest."""

    def __init__(
        self, selection: Selection, steps: pn.viewable.Viewer | None = None, **params: Any
    ) -> None:
        """Show the selected run.

        Args:
            selection: which run.
            steps: what leads to its neighbours, where there is a list of them.
            params: `snapshot`.
        """
        super().__init__(**params)
        self._selection, self._steps = selection, steps
        self._pane = pn.pane.HTML(
            "", stylesheets=[_CSS], sizing_mode="stretch_width", margin=0, align="center"
        )
        self._follow = pmui.Switch.from_param(
            selection.param.follow,
            label="Follow newest",
            size="small",
            margin=0,
            align="center",
            sx=_SWITCH_SX,
        )
        self._watcher = selection.param.watch(self._update, "run")
        self._update()

    def close(self) -> None:
        """Follow the selection no more."""
        self._selection.param.unwatch(self._watcher)

    @param.depends("snapshot", watch=True)
    def _update(self, *_: Any) -> None:
        run = self._selection.run
        known = self.snapshot.asked == run
        self._pane.object = heading_html(run, self.snapshot.run(run), known=known)

    def __panel__(self) -> pn.viewable.Viewable:
        return pn.Row(
            *([self._steps] if self._steps is not None else []),
            self._pane,
            self._follow,
            sizing_mode="stretch_width",
            styles={"gap": "10px"},
        )

"""The best run of the hunt: what it is worth, whether a finer grid bears it out, its JSON."""

import html
import json
from collections.abc import Callable, Mapping
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from irer_panel.job import PROMOTE
from irer_panel.promotion import CSS as PROMOTION_CSS
from irer_panel.promotion import promotion_html
from irer_panel.snapshot import Snapshot
from irer_panel.states import can_work, job_words, over_seeds, verdict
from irer_panel.views.download import download
from irer_panel.views.hunt_view import HuntView
from irer_panel.wording import short_id

_CSS = """
pre { margin: 0; padding: 10px 12px; max-height: 300px; overflow: auto; border-radius: 8px;
  font: 12px/18px ui-monospace, monospace; color: var(--mui-palette-text-primary);
  background: var(--mui-palette-background-paper); border: 1px solid var(--mui-palette-divider); }
"""


def best_json(best: Mapping[str, Any]) -> str:
    """The best run as strict JSON text; NaN is null."""
    return json.dumps(best, indent=2, allow_nan=False, ensure_ascii=False)


def promotion_words(snapshot: Snapshot) -> str:
    """HTML on the best run's promotion: under way, failed, or what it found; empty for none."""
    job, best = snapshot.job, snapshot.best
    if best is None:
        return ""
    ours = job.kind == PROMOTE and job.run == best["config_hash"]
    if ours and job.active:
        return f"<p>{html.escape(job_words(snapshot))}</p>"
    words = promotion_html(snapshot.promotion) if snapshot.promotion else ""
    if ours and job.problem:
        return f'<p class="no">Not promoted: {html.escape(job.problem)}</p>{words}'
    return words


class BestRun(HuntView):
    """The best run so far: final when the hunt has ended."""

    def __init__(self, on_promote: Callable[[str], None], **params: Any) -> None:
        super().__init__(**params)
        self._text = self._run = ""
        self._title = pmui.Typography("", variant="subtitle1", margin=0)
        self._verdict = pmui.Typography("", variant="body2", margin=(0, 0, 4, 0))
        self._json = pn.pane.HTML(
            "", stylesheets=[_CSS], sizing_mode="stretch_width", margin=(4, 0), visible=False
        )
        self._download = download(
            lambda: self._text.encode(), "best_run.json", label="Download JSON", disabled=True
        )
        self.promote = pmui.Button(
            label="Promote",
            icon="grid_on",
            variant="outlined",
            size="small",
            margin=0,
            disabled=True,
            on_click=lambda _: on_promote(self._run),
        )
        self._promotion = pn.pane.HTML(
            "", stylesheets=[PROMOTION_CSS], sizing_mode="stretch_width", margin=0, visible=False
        )
        self._update()

    @param.depends("snapshot", watch=True)
    def _update(self) -> None:
        snapshot = self.snapshot
        text = best_json(snapshot.best) if snapshot.best else ""
        final = "Best run" if not snapshot.shown.active else "Best run so far"
        self._title.object = final
        self._verdict.object = " ".join(filter(None, [verdict(snapshot), over_seeds(snapshot)]))
        self._run = str(snapshot.best["config_hash"]) if snapshot.best else ""
        config = (snapshot.best or {}).get("config")
        self.promote.label = f"Promote to N = {2 * config['N_grid']}" if config else "Promote"
        self.promote.disabled = not self._run or not can_work(snapshot)
        words = promotion_words(snapshot)
        if words != self._promotion.object:
            self._promotion.param.update(object=words, visible=bool(words))
        if text == self._text:
            return
        self._text = text
        self._json.param.update(object=f"<pre>{html.escape(text)}</pre>", visible=bool(text))
        name = f"best_run_{short_id(self._run)}.json" if text else "best_run.json"
        self._download.param.update(filename=name, disabled=not text)

    def __panel__(self) -> pn.viewable.Viewable:
        return pn.Column(
            self._title,
            self._verdict,
            self._promotion,
            pn.Row(
                self.promote,
                self._download,
                sizing_mode="stretch_width",
                margin=(4, 0),
                styles={"gap": "8px", "flex-wrap": "wrap"},
            ),
            self._json,
            sizing_mode="stretch_width",
        )

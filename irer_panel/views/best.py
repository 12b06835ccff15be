"""The best run of the hunt as JSON, with a download and a plain word on what it is worth."""

import html
import io
import json
from collections.abc import Mapping
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from irer_panel.states import verdict
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


class BestRun(HuntView):
    """The best run so far: final when the hunt has ended."""

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._text = ""
        self._title = pmui.Typography("", variant="subtitle1", margin=0)
        self._verdict = pmui.Typography("", variant="body2", margin=(0, 0, 4, 0))
        self._json = pn.pane.HTML(
            "", stylesheets=[_CSS], sizing_mode="stretch_width", margin=(4, 0), visible=False
        )
        self._download = pmui.FileDownload(
            callback=self._file,
            filename="best_run.json",
            label="Download JSON",
            size="small",
            disabled=True,
            margin=0,
        )
        self._download.variant = "outlined"  # given above, it would warn of itself
        self._update()

    def _file(self) -> io.BytesIO:
        return io.BytesIO(self._text.encode())

    @param.depends("snapshot", watch=True)
    def _update(self) -> None:
        snapshot = self.snapshot
        text = best_json(snapshot.best) if snapshot.best else ""
        final = "Best run" if not snapshot.shown.active else "Best run so far"
        self._title.object = final
        self._verdict.object = verdict(snapshot)
        if text == self._text:
            return
        self._text = text
        self._json.param.update(object=f"<pre>{html.escape(text)}</pre>", visible=bool(text))
        run = short_id(str(snapshot.best["config_hash"])) if snapshot.best else ""
        self._download.param.update(filename=f"best_run_{run}.json", disabled=not text)

    def __panel__(self) -> pn.viewable.Viewable:
        return pn.Column(
            pn.Row(
                self._title,
                self._download,
                sizing_mode="stretch_width",
                styles={"align-items": "center", "justify-content": "space-between"},
            ),
            self._verdict,
            self._json,
            sizing_mode="stretch_width",
        )

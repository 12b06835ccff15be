"""The golden parameters on the page: text, a button that copies it, a file to keep."""

import html
from collections.abc import Mapping
from functools import partial
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from engine.errors import EngineError
from engine.hunt.engine import Engine
from engine.hunt.significance import read_report
from engine.store.workspace import Workspace
from irer_panel.background import Loop, Newest, readers
from irer_panel.golden import golden_json
from irer_panel.states import verdict
from irer_panel.views.clipboard import Clipboard
from irer_panel.views.download import download
from irer_panel.views.hunt_view import HuntView
from irer_panel.views.section import CSS, PAPER
from irer_panel.wording import short_id

_CSS = """
pre { margin: 6px 0 0; padding: 8px 10px; max-height: 420px; overflow: auto; border-radius: 6px;
  font: 12px/18px ui-monospace, monospace; border: 1px solid var(--mui-palette-divider); }
"""


class GoldenParameters(HuntView):
    """The best run of the shown hunt; the report is read off the loop."""

    def __init__(self, engine: Engine, loop: Loop, **params: Any) -> None:
        super().__init__(**params)
        self._workspace = engine.workspace
        self._reads: Newest[tuple[str, str]] = Newest(readers, loop, self._show)
        self._asked: tuple[Any, ...] = ()
        self.clipboard = Clipboard()
        self.clipboard.param.watch(self._copied, "done")
        self.copy = pmui.Button(
            label="Copy",
            icon="content_copy",
            variant="outlined",
            size="small",
            margin=0,
            disabled=True,
            on_click=lambda _: self._copy(),
        )
        self.download = download(
            lambda: self.text.encode(), "golden_parameters.json", label="Download", disabled=True
        )
        self._words = pn.pane.HTML("", stylesheets=[CSS], sizing_mode="stretch_width", margin=0)
        self._json = pn.pane.HTML(
            "", stylesheets=[CSS, _CSS], sizing_mode="stretch_width", margin=0, visible=False
        )
        self._request()

    @property
    def text(self) -> str:
        """The JSON that is shown, empty for none."""
        return str(self.clipboard.text)

    def close(self) -> None:
        """Read nothing any more."""
        self._reads.close()

    @param.depends("snapshot", watch=True)
    def _request(self) -> None:
        best, says = self.snapshot.best, verdict(self.snapshot)
        asked = (best["config_hash"] if best else "", says, self.snapshot.shown.active)
        if asked == self._asked:
            return
        self._asked = asked
        over = not self.snapshot.shown.active
        self._reads.request(partial(_compose, self._workspace, best, says, over))

    def _show(self, composed: tuple[str, str]) -> None:
        text, words = composed
        run = self._asked[0]
        self._words.object = (
            f'<div class="bare"><h3>Golden parameters <code title="{html.escape(run)}">'
            f"{short_id(run) if run else ''}</code></h3><p>{html.escape(words)}</p></div>"
        )
        self._json.param.update(object=f"<pre>{html.escape(text)}</pre>", visible=bool(text))
        self.clipboard.text = text
        self.copy.param.update(label="Copy", disabled=not text)
        name = f"golden_parameters_{short_id(run)}.json" if run else "golden_parameters.json"
        self.download.param.update(filename=name, disabled=not text)

    def _copy(self) -> None:
        self.clipboard.asked += 1

    def _copied(self, _: Any) -> None:
        self.copy.label = "Copied" if not self.clipboard.problem else "Not copied: select the text"

    def __panel__(self) -> pn.viewable.Viewable:
        buttons = pn.Row(
            self.copy, self.download, self.clipboard, styles={"gap": "8px", "flex-wrap": "wrap"}
        )
        return pn.Column(
            self._words, buttons, self._json, sizing_mode="stretch_width", styles=PAPER
        )


def _compose(
    workspace: Workspace, best: Mapping[str, Any] | None, says: str, over: bool
) -> tuple[str, str]:
    """The JSON of the best run, empty for none, and the words beside it."""
    if best is None:
        return "", says
    try:
        report = read_report(workspace, str(best["hunt_id"])) if over else None
        return golden_json(best, report, says), says
    except EngineError as error:
        return "", f"The best run's parameters cannot be shown: {error}"

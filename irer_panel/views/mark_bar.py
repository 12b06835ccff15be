"""Which runs are marked for comparison: how many, a button that compares them, one that clears."""

import html
from collections.abc import Callable
from typing import Any

import panel as pn
import panel_material_ui as pmui

from irer_panel.compared import MOST, Compared

# As high as two lines whether or not there are two: nothing below moves under the cursor.
_CSS = """
div.words { display: flex; flex-direction: column; justify-content: center; min-height: 40px; }
p { margin: 0; font-size: 13px; line-height: 20px; color: var(--mui-palette-text-secondary); }
p b { color: var(--mui-palette-text-primary); font-weight: 600; }
p.refused { color: var(--mui-palette-warning-main); }
"""


def marks_html(compared: Compared) -> str:
    """How many runs are marked, and why the newest was not."""
    count = len(compared.runs)
    words = f"<p>Tick up to {MOST} runs to see them side by side.</p>"
    if count:
        words = f"<p><b>{count} of {MOST}</b> marked for comparison</p>"
    if compared.refused:
        words += f'<p class="refused" role="alert">⚠ {html.escape(compared.refused)}</p>'
    return f'<div class="words">{words}</div>'


class MarkBar(pn.viewable.Viewer):
    """Follows the marks; *Compare* calls `on_compare`."""

    def __init__(self, compared: Compared, on_compare: Callable[[], None]) -> None:
        super().__init__()
        self._compared = compared
        self._words = pn.pane.HTML(
            "",
            stylesheets=[_CSS],
            margin=0,
            align="center",
            styles={"flex": "0 1 auto", "min-width": "0"},
        )
        small: dict[str, Any] = {"size": "small", "margin": 0, "align": "center"}
        self.compare = pmui.Button(
            label="Compare",
            icon="grid_view",
            variant="outlined",
            on_click=lambda _: on_compare(),
            **small,
        )
        self.clear = pmui.Button(
            label="Clear", variant="text", on_click=lambda _: compared.clear(), **small
        )
        self._watcher = compared.param.watch(self._update, ["runs", "refused"])
        self._update()

    def close(self) -> None:
        """Follow the marks no more."""
        self._compared.param.unwatch(self._watcher)

    def _update(self, *_: Any) -> None:
        self._words.object = marks_html(self._compared)
        self.compare.disabled = not self._compared.runs
        self.clear.visible = bool(self._compared.runs)

    def __panel__(self) -> pn.viewable.Viewable:
        return pn.Row(
            self.compare,
            self.clear,
            self._words,
            sizing_mode="stretch_width",
            margin=(0, 0, 8, 0),
            styles={"align-items": "center", "gap": "4px 12px", "flex-wrap": "wrap"},
        )

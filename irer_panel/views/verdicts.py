"""The audit of the selected run: every verdict on a line, as its provenance holds them."""

import html
from collections.abc import Mapping
from functools import partial
from typing import Any

import panel as pn
import param

from engine.errors import EngineError
from engine.store.provenance import read_provenance
from engine.store.workspace import Workspace
from irer_panel.background import Loop, Newest, readers
from irer_panel.selection import Selection
from irer_panel.views.hunt_view import HuntView
from irer_panel.wording import NONE, bare_exponents, number, short_id

_CSS = """
:host { width: 100%; container-type: inline-size; }
section { padding: 10px 14px; border: 1px solid var(--mui-palette-divider); border-radius: 8px;
  background: var(--mui-palette-background-paper); color: var(--mui-palette-text-primary);
  font-size: 13px; line-height: 20px; }
h3 { margin: 0 0 6px; font-size: 16px; font-weight: 400; line-height: 24px; }
h3 code { font-family: ui-monospace, monospace; color: var(--mui-palette-primary-main); }
p { margin: 0; }
table { border-collapse: collapse; width: 100%; }
td { padding: 4px 12px 4px 0; vertical-align: top; border-top: 1px solid
  var(--mui-palette-divider); }
td:last-child { padding-right: 0; }
td.mark { white-space: nowrap; font-weight: 600; width: 1%; }
td.figure { white-space: nowrap; text-align: right; font-variant-numeric: tabular-nums; width: 1%; }
td.asked { color: var(--mui-palette-text-secondary); width: 26%; }
.yes { color: var(--mui-palette-success-main); } .no { color: var(--mui-palette-error-main); }
.open { color: var(--mui-palette-text-secondary); }
@container (max-width: 640px) {
  td { border: 0; padding: 2px 12px 2px 0; } tr { display: grid; padding: 4px 0;
  grid-template-columns: 9em 6em 1fr; border-top: 1px solid var(--mui-palette-divider); }
  td.meaning { grid-column: 1 / -1; } td.figure, td.asked, td.mark { width: auto; } }
"""

_MARKS = {True: ("yes", "✓", "passed"), False: ("no", "✗", "failed"), None: ("open", NONE, "open")}


def verdicts_html(run: str, provenance: Mapping[str, Any] | None, problem: str = "") -> str:
    """The list of a run, or why there is none.

    Args:
        run: its id, empty for none.
        provenance: the audit's report.
        problem: why it cannot be read.
    """
    if not run:
        return "<section><h3>Audit</h3><p>No run selected.</p></section>"
    title = f'<h3>Audit of <code title="{html.escape(run)}">{short_id(run)}</code></h3>'
    lines = (provenance or {}).get("verdicts") or []
    if not lines:
        reason = problem or (provenance or {}).get("error") or "Reading its provenance …"
        return f"<section>{title}<p>{html.escape(str(reason))}</p></section>"
    rows = "".join(_row(line) for line in lines)
    return f'<section data-run="{html.escape(run)}">{title}<table>{rows}</table></section>'


def _row(line: Mapping[str, Any]) -> str:
    kind, mark, word = _MARKS[line["passed"]]
    figure = "" if line["figure"] is None else number(line["figure"])
    asked = html.escape(bare_exponents(line["threshold"]))
    return (
        f'<tr data-verdict="{html.escape(line["name"])}"><td class="mark {kind}" title="{word}">'
        f"{mark} {html.escape(line['name'])}</td>"
        f'<td class="figure">{figure}</td><td class="asked">{asked}</td>'
        f'<td class="meaning">{html.escape(line["meaning"])}</td></tr>'
    )


class VerdictList(HuntView):
    """The verdicts on the selected run; read off the loop, from its provenance."""

    def __init__(
        self, workspace: Workspace, selection: Selection, loop: Loop, **params: Any
    ) -> None:
        super().__init__(**params)
        self._workspace = workspace
        self._selection = selection
        self._reads: Newest[tuple[str, str]] = Newest(readers, loop, self._show)
        self._pane = pn.pane.HTML(
            verdicts_html("", None), stylesheets=[_CSS], sizing_mode="stretch_width", margin=0
        )
        self._shown: tuple[str, Any] = ("", None)
        self._watcher = selection.param.watch(self._request, "run")
        self._request()

    def close(self) -> None:
        """Follow the selection no more."""
        self._reads.close()
        self._selection.param.unwatch(self._watcher)

    @param.depends("snapshot", watch=True)
    def _request(self, *_: Any) -> None:
        run = self._selection.run
        row = self.snapshot.run(run)
        wanted = (run, row["committed"] if row else None)  # an audit made again is a new row
        if wanted != self._shown:
            self._shown = wanted
            self._reads.request(partial(_read, self._workspace, run))

    def _show(self, read: tuple[str, str]) -> None:
        run, text = read
        if run == self._selection.run:
            self._pane.object = text

    def __panel__(self) -> pn.viewable.Viewable:
        return self._pane


def _read(workspace: Workspace, run: str) -> tuple[str, str]:
    try:
        found = read_provenance(workspace.provenance_path(run)) if run else None
        return run, verdicts_html(run, found)
    except EngineError as error:
        return run, verdicts_html(run, None, str(error))

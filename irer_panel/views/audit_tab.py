"""The Audit tab: verdicts, what stands behind them, two tests of the run, the golden parameters."""

from functools import partial
from typing import Any

import panel as pn
import param

from engine.hunt.engine import Engine
from irer_panel.audit_facts import AuditFacts, read_facts
from irer_panel.audit_html import config_html, facts_html
from irer_panel.background import DocumentLoop, Loop, Newest, readers
from irer_panel.selection import Selection
from irer_panel.views.golden import GoldenParameters
from irer_panel.views.hunt_view import HuntView
from irer_panel.views.recheck import Recheck
from irer_panel.views.section import CSS
from irer_panel.views.verdicts import VerdictList

_FACTS = """
table.facts td:first-child { color: var(--mui-palette-text-secondary); white-space: nowrap;
  width: 1%; }
table.files td:first-child { overflow-wrap: anywhere; }
a { color: var(--mui-palette-primary-main); }
code.sum { display: inline-block; width: 8ch; overflow: hidden; white-space: nowrap; height: 18px;
  vertical-align: bottom; user-select: all; cursor: copy; font-family: ui-monospace, monospace; }
"""
_CONFIG = """
table.config code { font-family: ui-monospace, monospace; font-size: 12px; }
tr.searched td { font-weight: 600; }
table.config td { overflow-wrap: anywhere; }
"""


class AuditTab(HuntView):
    """Everything that vouches for the selected run, or speaks against it."""

    def __init__(self, engine: Engine, selection: Selection, loop: Loop, **params: Any) -> None:
        super().__init__(**params)
        self._engine = engine
        self._selection = selection
        self._served = isinstance(loop, DocumentLoop)
        look = self.param.snapshot
        self.verdicts = VerdictList(engine.workspace, selection, loop, snapshot=look)
        self.recheck = Recheck(engine, selection, snapshot=look)
        self.golden = GoldenParameters(engine, loop, snapshot=look)
        self._reads: Newest[AuditFacts] = Newest(readers, loop, self._show)
        self._facts, self._config = _pane(_FACTS), _pane(_CONFIG)
        self._asked: tuple[Any, ...] = ()
        self._watcher = selection.param.watch(self._request, "run")
        self._request()

    def close(self) -> None:
        """Follow the selection no more."""
        self._reads.close()
        for view in (self.verdicts, self.recheck, self.golden):
            view.close()
        self._selection.param.unwatch(self._watcher)

    @param.depends("snapshot", watch=True)
    def _request(self, *_: Any) -> None:
        run = self._selection.run
        row = self.snapshot.run(run) or {}
        asked = (run, row.get("committed"), row.get("evicted"))
        if asked != self._asked:
            self._asked = asked
            workspace, reader = self._engine.workspace, self._engine.reader
            self._reads.request(partial(read_facts, workspace, reader, run))

    def _show(self, facts: AuditFacts) -> None:
        if facts.run == self._selection.run:
            self._facts.object = facts_html(facts, served=self._served)
            self._config.object = config_html(facts)

    def __panel__(self) -> pn.viewable.Viewable:
        gap = {"gap": "12px"}
        left = pn.Column(self.verdicts, self.recheck, self._facts, styles=gap)
        right = pn.Column(self._config, self.golden, styles=gap)
        left.styles = {**gap, "flex": "3 1 520px", "min-width": "0"}
        right.styles = {**gap, "flex": "2 1 340px", "min-width": "0"}
        wrapping = {**gap, "flex-wrap": "wrap", "align-items": "flex-start"}
        return pn.Row(left, right, sizing_mode="stretch_width", styles=wrapping)


def _pane(css: str) -> pn.pane.HTML:
    return pn.pane.HTML("", stylesheets=[CSS, css], sizing_mode="stretch_width", margin=0)

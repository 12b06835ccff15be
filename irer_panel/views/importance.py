"""Importances: which searched keys mattered, as bars."""

import html
from collections.abc import Callable
from functools import partial
from typing import Any

import panel as pn
import panel_material_ui as pmui

from engine.hunt.importance import Importances, importances
from engine.hunt.table import FITNESS, HuntTable, Metric
from irer_panel.background import Loop
from irer_panel.choices import SHORT, Choices
from irer_panel.help_text import CARDS
from irer_panel.points import key_name
from irer_panel.views.table_view import PAPER, TableView, emptiness
from irer_panel.wording import number

CSS = f"""{PAPER}
table {{ border-collapse: collapse; width: 100%; font-size: 13px; line-height: 20px;
  color: var(--mui-palette-text-primary); margin-bottom: 6px; }}
td {{ padding: 4px 10px 4px 0; }}
td.key {{ width: 1%; white-space: nowrap; }}
td.figure {{ width: 1%; white-space: nowrap; text-align: right; padding-right: 0;
  font-variant-numeric: tabular-nums; }}
.bar {{ height: 12px; border-radius: 3px; background: var(--mui-palette-primary-main);
  min-width: 2px; }}
"""


def importances_html(found: Importances) -> str:
    """A bar a key, then the words."""
    rows = "".join(
        f'<tr data-key="{html.escape(key)}"><td class="key" title="{html.escape(key)}">'
        f'{html.escape(key_name(key))}</td><td><div class="bar" style="width:{100 * share:.1f}%">'
        f'</div></td><td class="figure">{number(100 * share, 2)} %</td></tr>'
        for key, share in found.shares.items()
    )
    table = f"<table>{rows}</table>" if rows else ""
    return f"{table}<p>{html.escape(found.words)}</p>"


class ImportanceView(TableView):
    """PED-ANOVA's shares for a figure of choice."""

    title = "Importances"
    help = CARDS[title].text

    def __init__(
        self, loop: Loop | None = None, choices: Choices | None = None, **params: Any
    ) -> None:
        """Show a table, as `TableView` does; `choices` tell what the menu begins with."""
        super().__init__(loop, **params)
        self.metric = pmui.RadioButtonGroup(
            options={metric.name: metric for metric in SHORT},
            value=FITNESS,
            size="small",
            margin=0,
            sx={"& button": {"whiteSpace": "nowrap", "padding": "2px 10px"}},
        )
        (choices or Choices()).bind("importance", self.metric, lambda metric: metric.key)
        self.metric.param.watch(lambda _: self.refresh(), "value")
        self._pane = pn.pane.HTML("", stylesheets=[CSS], sizing_mode="stretch_width", margin=0)
        self.refresh()

    def _prepare(self, table: HuntTable | None) -> Callable[[], None]:
        metric: Metric = self.metric.value
        if words := emptiness(table):
            return partial(self._show, metric, f"<p>{html.escape(words)}</p>")
        assert table is not None
        return partial(self._show, metric, importances_html(importances(table, metric)))

    def _show(self, metric: Metric, text: str) -> None:
        if metric is self.metric.value:
            self._pane.object = text

    def __panel__(self) -> pn.viewable.Viewable:
        return pn.Column(self.metric, self._pane, sizing_mode="stretch_width")

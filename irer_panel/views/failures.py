"""The runs of a hunt by what became of them: classes of failure counted, and what each means."""

import html
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import panel as pn

from engine.hunt.table import HuntTable
from engine.settings import STATUS_OK
from irer_panel.background import Loop
from irer_panel.help_text import CARDS
from irer_panel.views.table_view import PAPER, TableView, emptiness
from irer_panel.wording import count, number

MEANINGS = {
    STATUS_OK: "Audited, with a score.",
    "diverged": "The field grew beyond all bounds, or became no number.",
    "too_few_peaks": "Fewer than 3 spectral peaks: a score would mean nothing.",
    "artifact_missing": "Its file was not there to be audited.",
    "artifact_unreadable": "Its file is damaged, or none of this engine's.",
    "config_mismatch": "The stored config is not the one of its id.",
    "audit_failed": "The audit found the fields inconsistent.",
    "worker_failed": "The process that computed or audited it broke.",
    "timed_out": "It took longer than the hunt allows.",
}
"""Every status in plain words."""

_CSS = f"""{PAPER}
table {{ border-collapse: collapse; width: 100%; font-size: 13px; line-height: 18px;
  color: var(--mui-palette-text-primary); font-variant-numeric: tabular-nums; }}
td {{ padding: 5px 12px 5px 0; vertical-align: top;
  border-top: 1px solid var(--mui-palette-divider); }}
tr:first-child td {{ border-top: 0; }}
td.kind {{ white-space: nowrap; width: 1%; }}
td.figure {{ white-space: nowrap; width: 1%; text-align: right; }}
td.meaning {{ color: var(--mui-palette-text-secondary); padding-right: 0; }}
.failed {{ color: var(--mui-palette-error-main); }}
.ok {{ color: var(--mui-palette-success-main); }}
"""


def failures_html(counts: Mapping[str, int]) -> str:
    """A line a status that occurs: the scored runs, then classes of failure by their number."""
    total = sum(counts.values())
    ordered = sorted(counts.items(), key=lambda each: (each[0] != STATUS_OK, -each[1], each[0]))
    rows = "".join(_row(kind, n, total) for kind, n in ordered)
    none = "" if set(counts) - {STATUS_OK} else "<p>No run failed.</p>"
    return f"<table>{rows}</table>{none}"


def _row(kind: str, n: int, total: int) -> str:
    tone, mark = ("ok", "✓") if kind == STATUS_OK else ("failed", "✗")
    name = "scored" if kind == STATUS_OK else kind.replace("_", " ")
    return (
        f'<tr data-kind="{html.escape(kind)}"><td class="kind {tone}">{mark} '
        f'{html.escape(name)}</td><td class="figure">{count(n)}</td>'
        f'<td class="figure">{number(100 * n / total, 3)} %</td>'
        f'<td class="meaning">{html.escape(MEANINGS.get(kind, ""))}</td></tr>'
    )


class FailureView(TableView):
    """How many runs have a score, and how many failed in which way."""

    title = "Failures"
    help = CARDS[title].text

    def __init__(self, loop: Loop | None = None, **params: Any) -> None:
        super().__init__(loop, **params)
        self._pane = pn.pane.HTML("", stylesheets=[_CSS], sizing_mode="stretch_width", margin=0)
        self.refresh()

    def _prepare(self, table: HuntTable | None) -> Callable[[], None]:
        if table is None or not len(table):
            return partial(self._show, f"<p>{html.escape(emptiness(table))}</p>")
        return partial(self._show, failures_html(Counter(table.statuses)))

    def _show(self, text: str) -> None:
        self._pane.object = text

    def __panel__(self) -> pn.viewable.Viewable:
        return self._pane

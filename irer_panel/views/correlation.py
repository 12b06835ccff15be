"""The stability–fidelity correlation on a line from −1 to 1, beside the one once reported."""

import html
from collections.abc import Callable
from functools import partial
from typing import Any

import panel as pn

from engine.hunt.correlation import REPORTED, Correlation, signed, stability_fidelity
from engine.hunt.table import HuntTable
from irer_panel.background import Loop
from irer_panel.help_text import CARDS
from irer_panel.views.table_view import PAPER, TableView, emptiness
from irer_panel.wording import counted

_CSS = f"""{PAPER}
.line {{ position: relative; height: 74px; margin: 2px 14px 6px; font-size: 12px;
  color: var(--mui-palette-text-secondary); font-variant-numeric: tabular-nums; }}
.line > * {{ position: absolute; }}
.rule {{ left: 0; right: 0; top: 36px; border-top: 1px solid var(--mui-palette-divider); }}
.end {{ top: 42px; transform: translateX(-50%); }}
.tick {{ top: 31px; height: 11px; border-left: 1px solid var(--mui-palette-text-secondary); }}
.interval {{ top: 33px; height: 7px; border-radius: 4px; min-width: 2px;
  background: color-mix(in srgb, var(--mui-palette-warning-main) 45%, transparent); }}
.pearson {{ top: 30px; width: 13px; height: 13px; margin-left: -6px; border-radius: 50%;
  background: var(--mui-palette-warning-main); }}
.spearman {{ top: 32px; width: 9px; height: 9px; margin-left: -5px; transform: rotate(45deg);
  border: 2px solid var(--mui-palette-text-primary); box-sizing: border-box; }}
.reported {{ top: 18px; height: 36px; border-left: 2px dashed var(--mui-palette-text-primary); }}
.reported-name {{ top: 0; transform: translateX(-50%); white-space: nowrap;
  color: var(--mui-palette-text-primary); }}
.figures {{ display: flex; flex-wrap: wrap; gap: 2px 16px; font-size: 14px; line-height: 22px;
  color: var(--mui-palette-text-primary); font-variant-numeric: tabular-nums;
  margin-bottom: 4px; }}
.figures i {{ font-style: normal; color: var(--mui-palette-text-secondary); }}
"""


def correlation_html(found: Correlation) -> str:
    """Figures, line and words; without a correlation the words alone."""
    words = f"<p>{html.escape(found.words)}</p>"
    r, low, high, rho = found.pearson, found.low, found.high, found.spearman
    if r is None or low is None or high is None or rho is None:
        return words
    figures = (
        f"<span><i>● Pearson r</i> <b>{signed(r)}</b></span>"
        f"<span><i>95 %</i> {signed(low)} to {signed(high)}</span>"
        f"<span><i>◇ Spearman ρ</i> {signed(rho)}</span>"
        f"<span><i>over</i> {counted(found.runs, 'run')}</span>"
    )
    ends = "".join(
        f'<span class="end" style="left:{_at(x)}">{name}</span>'
        for x, name in ((-1, "−1"), (0, "0"), (1, "+1"))
    )
    line = (
        f'<div class="rule"></div><div class="tick" style="left:{_at(0)}"></div>{ends}'
        f'<div class="interval" style="left:{_at(low)};width:{50 * (high - low):.2f}%"></div>'
        f'<div class="reported" style="left:{_at(REPORTED)}"></div>'
        f'<span class="reported-name" style="left:{_at(REPORTED)}">reported '
        f"{signed(REPORTED)}</span>"
        f'<div class="pearson" style="left:{_at(r)}"></div>'
        f'<div class="spearman" style="left:{_at(rho)}"></div>'
    )
    return f'<div class="figures">{figures}</div><div class="line">{line}</div>{words}'


class CorrelationView(TableView):
    """Pearson's r with its interval, and Spearman's ρ."""

    title = "Stability–fidelity correlation"
    help = CARDS[title].text

    def __init__(self, loop: Loop | None = None, **params: Any) -> None:
        super().__init__(loop, **params)
        self._pane = pn.pane.HTML("", stylesheets=[_CSS], sizing_mode="stretch_width", margin=0)
        self.refresh()

    def _prepare(self, table: HuntTable | None) -> Callable[[], None]:
        if words := emptiness(table):
            return partial(self._show, f"<p>{html.escape(words)}</p>")
        assert table is not None
        return partial(self._show, correlation_html(stability_fidelity(table)))

    def _show(self, text: str) -> None:
        self._pane.object = text

    def __panel__(self) -> pn.viewable.Viewable:
        return self._pane


def _at(value: float) -> str:
    return f"{50 * (value + 1):.2f}%"

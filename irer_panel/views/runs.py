"""The run list: every run of the hunt, newest first; a click selects one."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import panel as pn
import param
from bokeh.models.widgets.tables import HTMLTemplateFormatter

from irer_panel.selection import Selection
from irer_panel.views.hunt_view import HuntView

COLUMNS = {
    "config_hash": "Run",
    "generation": "Gen",
    "param_kappa": "κ",
    "param_sigma_k": "σ",
    "param_alpha": "α",
    "log_prime_sse": "SSE",
    "p": "p",
    "sdg_h_norm_l2": "H-norm",
    "fitness": "Fitness",
    "status": "Status",
}
"""Columns of the list, with their headings."""

WIDTHS = {
    "config_hash": 12,
    "generation": 5.5,
    "param_kappa": 11,
    "param_sigma_k": 9,
    "param_alpha": 9,
    "log_prime_sse": 9.5,
    "p": 8,
    "sdg_h_norm_l2": 11,
    "fitness": 9,
}
"""Shares of the list's width, in percent; the status has the rest."""

_TEXT = ("config_hash", "status")
PAGE = 10

# The material theme restyles the table in the browser, after these rules: hence !important.
_CSS = """
.tabulator { font-size: 13px !important; overflow: hidden; border-radius: 8px !important;
  border: 1px solid var(--mui-palette-divider) !important; margin: 0 !important;
  background: var(--mui-palette-background-paper) !important; }
.tabulator .tabulator-header .tabulator-col .tabulator-col-content { padding: 7px !important; }
.tabulator .tabulator-header .tabulator-col .tabulator-col-title { padding: 0 !important;
  font-size: 12px; font-weight: 500; color: var(--mui-palette-text-secondary); }
.tabulator .tabulator-col:not([aria-sort=ascending]):not([aria-sort=descending])
  .tabulator-col-sorter { display: none !important; }
.tabulator .tabulator-header { border-top: 0 !important; }
.tabulator .tabulator-row { min-height: 30px !important; height: 30px !important;
  cursor: pointer; }
.tabulator .tabulator-row .tabulator-cell { padding: 5px 7px !important; line-height: 20px;
  min-height: 0 !important; height: 30px !important; font-size: 13px !important;
  font-variant-numeric: tabular-nums; }
.tabulator .tabulator-row:hover { color: var(--mui-palette-text-primary) !important;
  background: color-mix(in srgb, var(--mui-palette-primary-main) 12%, transparent) !important; }
.tabulator .tabulator-row.tabulator-selected, .tabulator .tabulator-row.tabulator-selected:hover {
  background: color-mix(in srgb, var(--mui-palette-primary-main) 24%, transparent) !important;
  color: var(--mui-palette-text-primary) !important; }
.tabulator .tabulator-placeholder-contents { font-size: 14px !important; font-weight: 400; }
.tabulator .tabulator-footer { padding: 0 6px !important; font-size: 12px; }
.tabulator .tabulator-footer .tabulator-page { padding: 3px 8px !important; font-size: 12px; }
"""

_ID = '<span title="<%- value %>" style="font-family:monospace"><%- value.slice(0, 8) %></span>'
# The same rule as wording.number: four significant digits, "–" for none.
_NUMBER = """<% if (value === null || value === undefined || !isFinite(value)) { %>–<% } else {
const v = Number(Number(value).toPrecision(4)), a = Math.abs(v);
if (v !== 0 && (a < 1e-3 || a >= 1e6)) {
  const [m, e] = v.toExponential().split('e'); %><%= (m + 'e' + Number(e)).replace('-', a === v
  ? '-' : '−') %><% } else { %><%= v.toLocaleString('en-US', {maximumSignificantDigits: 4})
  .replace('-', '−') %><% } } %>"""


def run_table(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """The columns of the list, in order, numbers as floats with NaN for none.

    `p` is the larger, hence weaker, of a run's two null p-values.
    """
    runs = pd.DataFrame(list(rows))
    odds = runs.reindex(columns=["p_phase_scramble", "p_target_shuffle"])
    runs = runs.assign(p=odds.apply(pd.to_numeric, errors="coerce").max(axis=1, skipna=False))
    table = runs.reindex(columns=list(COLUMNS)).reset_index(drop=True)
    for name in table.columns:
        if name in _TEXT:
            table[name] = table[name].fillna("").astype(str).str.replace("_", " ")
        else:
            table[name] = pd.to_numeric(table[name], errors="coerce").astype(float)
    return table


class RunList(HuntView):
    """The runs of the shown hunt; the selected one is marked, a click picks another."""

    def __init__(self, selection: Selection, **params: Any) -> None:
        super().__init__(**params)
        self._selection = selection
        self._shown: Sequence[Mapping[str, Any]] | None = None
        numbers = [name for name in COLUMNS if name not in _TEXT]
        self._table = pn.widgets.Tabulator(
            run_table(()),
            titles=COLUMNS,
            formatters={
                "config_hash": HTMLTemplateFormatter(template=_ID),
                **{name: HTMLTemplateFormatter(template=_NUMBER) for name in numbers},
            },
            widths={name: f"{share}%" for name, share in WIDTHS.items()},
            text_align=dict.fromkeys(numbers, "right"),
            header_align=dict.fromkeys(numbers, "right"),
            show_index=False,
            disabled=True,
            selectable=1,
            pagination="remote",
            page_size=PAGE,
            layout="fit_columns",
            sizing_mode="stretch_width",
            theme="materialize",
            margin=0,
            stylesheets=[_CSS],
            configuration={
                "placeholder": "No runs yet",
                "columnDefaults": {"headerTooltip": True, "minWidth": 40},
            },
        )
        self._table.on_click(self._clicked)
        self._watcher = selection.param.watch(self._mark, "run")
        self._update()

    def close(self) -> None:
        """Follow the selection no more."""
        self._selection.param.unwatch(self._watcher)

    @param.depends("snapshot", watch=True)
    def _update(self) -> None:
        runs = self.snapshot.runs
        if runs is not self._shown:  # a look that saw no new run hands on the same table
            self._shown = runs
            self._table.value = run_table(runs)
        self._mark()

    def _mark(self, *_: Any) -> None:
        ids = self._table.value["config_hash"]
        self._table.selection = [int(i) for i in ids.index[ids == self._selection.run]]

    def _clicked(self, event: Any) -> None:
        self._selection.pick(str(self._table.value["config_hash"].iloc[event.row]))
        self._mark()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._table

"""The run list: the runs of the hunt page by page, sorted and filtered by the ledger."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd
import panel as pn
import panel_material_ui as pmui
import param
from bokeh.models.widgets.tables import HTMLTemplateFormatter

from engine.store.reader import LedgerReader
from irer_panel.background import Loop, Newest, readers
from irer_panel.columns import CHOICE, COLUMNS
from irer_panel.compared import Compared
from irer_panel.listing import SORTABLE, Listing
from irer_panel.run_page import NEWEST_FIRST, PAGE, RunPage, RunQuery, read_page, settings_row
from irer_panel.selection import Selection
from irer_panel.shared import shared
from irer_panel.views.hunt_view import HuntView
from irer_panel.views.run_tools import RunTools
from irer_panel.wording import NUMBER_JS

WIDTHS = {
    "marked": 4,
    "config_hash": 11,
    "generation": 5.5,
    "param_kappa": 9.8,
    "param_sigma_k": 9.8,
    "param_alpha": 9.8,
    "log_prime_sse": 9.5,
    "p": 8,
    "sdg_h_norm_l2": 10,
    "fitness": 9,
}
"""Shares of the list's width, in percent; the status has the rest."""

_TEXT = ("config_hash", "status")

# The material theme restyles the table in the browser, after these rules: hence !important.
_CSS = """
.tabulator { font-size: 13px !important; overflow: hidden; border-radius: 8px !important;
  border: 1px solid var(--mui-palette-divider) !important; margin: 0 !important;
  background: var(--mui-palette-background-paper) !important; }
.tabulator .tabulator-header .tabulator-col .tabulator-col-content { padding: 7px 5px !important; }
.tabulator .tabulator-header .tabulator-col .tabulator-col-title { padding: 0 !important;
  font-size: 12px; font-weight: 500; color: var(--mui-palette-text-secondary); }
.tabulator .tabulator-col:not([aria-sort=ascending]):not([aria-sort=descending])
  .tabulator-col-sorter { display: none !important; }
.tabulator .tabulator-header { border-top: 0 !important; }
.tabulator .tabulator-row { min-height: 30px !important; height: 30px !important;
  cursor: pointer; }
.tabulator .tabulator-row .tabulator-cell { padding: 5px !important; line-height: 20px;
  min-height: 0 !important; height: 30px !important; font-size: 13px !important;
  font-variant-numeric: tabular-nums; }
.tabulator .tabulator-row:hover { color: var(--mui-palette-text-primary) !important;
  background: color-mix(in srgb, var(--mui-palette-primary-main) 12%, transparent) !important; }
.tabulator .tabulator-row.tabulator-selected, .tabulator .tabulator-row.tabulator-selected:hover {
  background: color-mix(in srgb, var(--mui-palette-primary-main) 24%, transparent) !important;
  color: var(--mui-palette-text-primary) !important; }
.tabulator .tabulator-placeholder-contents { font-size: 14px !important; font-weight: 400; }
.tabulator .tabulator-tableholder:focus-visible { outline-offset: -2px;
  outline: 2px solid var(--mui-palette-primary-main) !important; }
.mark { display: inline-block; box-sizing: border-box; width: 16px; height: 16px; margin-top: 2px;
  border: 1.5px solid var(--mui-palette-text-secondary); border-radius: 3px; font-size: 12px;
  font-weight: 700; line-height: 13px; text-align: center; }
.mark[aria-checked=true] { border-color: var(--mui-palette-primary-main);
  background: var(--mui-palette-primary-main); color: var(--mui-palette-primary-contrastText); }
.tabulator .tabulator-footer { display: none !important; }
"""

_ID = '<span title="<%- value %>" style="font-family:monospace"><%- value.slice(0, 8) %></span>'
_MARK = """<span role="checkbox" aria-checked="<%- Boolean(value) %>" aria-label="compare"
title="Compare this run with others" class="mark"><% if (value) { %>✓<% } %></span>"""
_NUMBER = f"<%= ({NUMBER_JS})(value) %>"


def run_table(
    rows: Sequence[Mapping[str, Any]],
    configs: Mapping[str, Mapping[str, Any]] | None = None,
) -> pd.DataFrame:
    """The columns of the list, in order, numbers as floats with NaN for none; no run is marked.

    `p` is the larger, hence weaker, of a run's two null p-values.

    Args:
        rows: of the ledger.
        configs: settings of these runs by their ids, as far as they are known.
    """
    known = configs or {}
    runs = pd.DataFrame([settings_row(row, known.get(row["config_hash"], {})) for row in rows])
    odds = runs.reindex(columns=["p_phase_scramble", "p_target_shuffle"])
    runs = runs.assign(p=odds.apply(pd.to_numeric, errors="coerce").max(axis=1, skipna=False))
    table = runs.reindex(columns=list(COLUMNS)).reset_index(drop=True)
    table["marked"] = False
    for name in table.columns.drop("marked"):
        if name in _TEXT:
            table[name] = table[name].fillna("").astype(str).str.replace("_", " ")
        else:
            table[name] = pd.to_numeric(table[name], errors="coerce").astype(float)
    return table


def listed(reader: LedgerReader, query: RunQuery, sequence: int) -> tuple[RunPage, pd.DataFrame]:
    """A page and its table, which nobody may change: worked out once for all who list the same.

    Args:
        reader: of the ledger.
        query: which page.
        sequence: the ledger event up to which it must be read at least.
    """

    def read() -> tuple[RunPage, pd.DataFrame]:
        page = read_page(reader, query)
        return page, run_table(page.rows, page.configs)

    return shared(reader, "run list", (query, sequence), read)


def order_of(sorters: Sequence[Mapping[str, Any]]) -> str:
    """What the ledger is asked for where the table's headers ask for a sorting; newest first."""
    for each in sorters:
        if each["field"] in SORTABLE:
            return f"-{each['field']}" if each["dir"] == "desc" else str(each["field"])
    return NEWEST_FIRST


def sorters_of(order: str) -> list[dict[str, str]]:
    """What the table's headers ask for where the ledger is asked for an order."""
    if order == NEWEST_FIRST:
        return []
    return [{"field": order.removeprefix("-"), "dir": "desc" if order[0] == "-" else "asc"}]


class RunList(HuntView):
    """The runs of the shown hunt; the selected one is marked, a click picks another."""

    def __init__(
        self,
        reader: LedgerReader,
        selection: Selection,
        loop: Loop,
        listing: Listing | None = None,
        compared: Compared | None = None,
        **params: Any,
    ) -> None:
        """List the runs.

        Args:
            reader: of the ledger.
            selection: which run is highlighted, and which a click sets.
            loop: where the page lives.
            listing: how the list stands, at first and from then on; None for one of its own.
            compared: which runs are marked, and which a tick marks; None for one of its own.
            params: `snapshot`.
        """
        super().__init__(**params)
        self._reader, self._selection = reader, selection
        self._listing = listing or Listing()
        self._compared = compared or Compared()
        self._reads: Newest[tuple[RunPage, pd.DataFrame]] = Newest(readers, loop, self._show)
        shown = self._listing.columns
        self.tools = RunTools(CHOICE, shown, self._listing.filters)
        self._count = pmui.Typography("", variant="body2", margin=0)
        page = self._listing.page
        self.pages = pmui.Pagination(
            count=page + 1, value=page, size="small", margin=0, sibling_count=0
        )
        numbers = [name for name in CHOICE if name not in _TEXT]
        self._table = pn.widgets.Tabulator(
            run_table(()).astype(object),
            titles=COLUMNS,
            formatters={
                "marked": HTMLTemplateFormatter(template=_MARK),
                "config_hash": HTMLTemplateFormatter(template=_ID),
                **{name: HTMLTemplateFormatter(template=_NUMBER) for name in numbers},
            },
            widths={name: f"{share}%" for name, share in WIDTHS.items()},
            text_align=dict.fromkeys(numbers, "right"),
            header_align=dict.fromkeys(numbers, "right"),
            show_index=False,
            disabled=True,
            selectable=False,  # by the browser itself, which would take a tick for a selection
            pagination="remote",
            page_size=PAGE,
            sortable={name: name in SORTABLE for name in COLUMNS},
            sorters=sorters_of(self._listing.order),
            hidden_columns=[name for name in CHOICE if name not in shown],
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
        self._watcher = selection.param.watch(self._follow, "run")
        self._ticked = self._compared.param.watch(self._tick, "runs")
        self._table.param.watch(self._first_page, "sorters")
        self.tools.param.watch(self._first_page, "filters")
        self.tools.param.watch(self._choose, "columns")
        self.pages.param.watch(self._turn, "value")
        # At once, where the view is made: a table loses what comes while the browser builds it.
        self._offer()
        self._asked = self._wanted()
        self._show(listed(reader, *self._asked))

    def close(self) -> None:
        """Follow the selection no more."""
        self._reads.close()
        self._selection.param.unwatch(self._watcher)
        self._compared.param.unwatch(self._ticked)

    @param.depends("snapshot", watch=True)
    def _ask(self, *_: Any) -> None:
        self._offer()
        wanted = self._wanted()
        if wanted != self._asked:  # a look that saw nothing new asks for nothing
            self._asked = wanted
            self._reads.request(partial(listed, self._reader, *wanted))

    def _offer(self) -> None:
        """Name the settings that the shown hunt searches among the columns."""
        self.tools.offer_keys(self.snapshot.shown.hunt_id, self.snapshot.shown.settings)

    def _wanted(self) -> tuple[RunQuery, int]:
        """The page, and of which state of the ledger."""
        hunt_id, page = self.snapshot.shown.hunt_id, self._listing.page
        query = RunQuery(hunt_id, page, order_of(self._table.sorters), self.tools.filters)
        return query, self.snapshot.sequence

    def _first_page(self, *_: Any) -> None:
        order = order_of(self._table.sorters)
        self._listing.param.update(order=order, filters=self.tools.filters, page=0)
        self.pages.value = 0
        self._ask()

    def _turn(self, *_: Any) -> None:
        self._listing.page = max(0, int(self.pages.value or 0))
        self._ask()

    def _choose(self, *_: Any) -> None:
        shown = self._listing.columns = self.tools.columns
        self._table.hidden_columns = [name for name in CHOICE if name not in shown]

    def _show(self, found: tuple[RunPage, pd.DataFrame]) -> None:
        page, table = found
        marked = table["config_hash"].isin(list(self._compared.runs))
        # As objects a column travels in its message; as numbers each is two messages of its own.
        value = table.assign(marked=marked).astype(object)
        # With none selected: the table looks for the selected rows in what it is given, by place.
        self._table.param.update(value=value, selection=[])
        self._count.object = page.problem or page.words
        self.pages.param.update(count=page.pages, value=page.query.page)
        self._mark()

    def _follow(self, *_: Any) -> None:
        """Mark the run that is selected now; where a step led to it, turn to its page."""
        run, place = self._listing.walked
        if run == self._selection.run:
            self.pages.value = place // PAGE
        self._mark()

    def _mark(self, *_: Any) -> None:
        run = self._selection.run
        ids = self._table.value["config_hash"].tolist()
        self._table.selection = [i for i, each in enumerate(ids) if each == run]

    def _tick(self, *_: Any) -> None:
        marked = self._table.value["config_hash"].isin(self._compared.runs)
        before = self._table.value["marked"]
        changed = [(int(i), bool(marked[i])) for i in marked.index[marked != before]]
        if changed:
            self._table.patch({"marked": changed})

    def _clicked(self, event: Any) -> None:
        run = str(self._table.value["config_hash"].iloc[event.row])
        if event.column == "marked":
            self._compared.toggle(run)
        else:
            self._selection.pick(run)
        self._mark()

    def __panel__(self) -> pn.viewable.Viewable:
        foot = pn.Row(
            self._count,
            self.pages,
            sizing_mode="stretch_width",
            margin=(6, 0),
            styles={"justify-content": "space-between", "align-items": "center"},
        )
        return pn.Column(self.tools, self._table, foot, sizing_mode="stretch_width")

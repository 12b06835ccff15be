"""Lineage: where the selected run comes from, as far as it is known; a click goes there."""

from collections.abc import Callable
from functools import partial
from typing import Any

import panel as pn
import panel_material_ui as pmui

from engine.errors import EngineError
from engine.hunt.ancestry import Ancestry, Relative, ancestry
from engine.hunt.table import FITNESS, H_NORM, SSE, HuntTable
from engine.store.reader import LedgerReader
from irer_panel.background import Loop
from irer_panel.help_text import CARDS
from irer_panel.points import key_name
from irer_panel.selection import Selection
from irer_panel.views.table_view import TableView
from irer_panel.wording import number, short_id


class LineageView(TableView):
    """The relatives of the selected run, each a line that selects it."""

    title = "Lineage"
    help = CARDS[title].text

    def __init__(
        self,
        reader: LedgerReader,
        selection: Selection | None = None,
        loop: Loop | None = None,
        **params: Any,
    ) -> None:
        super().__init__(loop, **params)
        self._reader = reader
        self._selection = selection or Selection()
        self._relatives: tuple[Relative, ...] = ()
        self.list = pmui.MenuList(
            items=[], dense=True, highlight=False, sizing_mode="stretch_width", margin=0
        )
        self.list.on_click(self._clicked)
        self._watcher = self._selection.param.watch(lambda _: self.refresh(), "run")
        self.refresh()

    def close(self) -> None:
        """Follow table and selection no more."""
        super().close()
        self._selection.param.unwatch(self._watcher)

    def _prepare(self, table: HuntTable | None) -> Callable[[], None]:
        run = self._selection.run
        if not run:
            return partial(self._show, Ancestry("No run selected: tap a point, or a row."), [])
        if table is None:
            return partial(self._show, Ancestry("Reading the hunt's runs …"), [])
        try:
            found = ancestry(table, run, self._reader.links(run))
        except EngineError as error:
            return partial(self._show, Ancestry(str(error)), [])
        return partial(self._show, found, [_item(table, each) for each in found.relatives])

    def _show(self, found: Ancestry, items: list[dict[str, str]]) -> None:
        self._say(found.words)
        self._relatives = found.relatives
        if items != self.list.items:
            self.list.items = items

    def _clicked(self, item: Any) -> None:
        labels = [each["label"] for each in self.list.items]
        if item and item["label"] in labels:
            self._selection.pick(self._relatives[labels.index(item["label"])].run)

    def __panel__(self) -> pn.viewable.Viewable:
        return pn.Column(self._words, self.list, sizing_mode="stretch_width")


def _item(table: HuntTable, each: Relative) -> dict[str, str]:
    label = f"{short_id(each.run)} · {each.relation}"
    if each.place is None:
        return {"label": label, "secondary": "outside this hunt", "icon": "open_in_new"}
    figures = [f"gen {number(table['generation'][each.place])}"]
    figures += [f"{key_name(d.key)} {number(table[d.key][each.place])}" for d in table.dimensions]
    figures += [f"{m.name} {number(table[m.key][each.place])}" for m in (FITNESS, SSE, H_NORM)]
    return {"label": label, "secondary": " · ".join(figures), "icon": "account_tree"}

"""The runs of the hunt beside the best of them."""

from collections.abc import Callable
from typing import Any

import panel as pn

from engine.store.reader import LedgerReader
from irer_panel.background import Loop
from irer_panel.compared import Compared
from irer_panel.listing import Listing
from irer_panel.selection import Selection
from irer_panel.views.best import BestRun
from irer_panel.views.hunt_view import HuntView
from irer_panel.views.mark_bar import MarkBar
from irer_panel.views.runs import RunList


class RunsTab(HuntView):
    """The run list and the best run; below each other where the page is narrow."""

    def __init__(
        self,
        reader: LedgerReader,
        selection: Selection,
        loop: Loop,
        listing: Listing,
        on_promote: Callable[[str], None],
        *,
        compared: Compared,
        on_compare: Callable[[], None],
        **params: Any,
    ) -> None:
        super().__init__(**params)
        self.marks = MarkBar(compared, on_compare)
        look = self.param.snapshot
        self.runs = RunList(reader, selection, loop, listing, compared, snapshot=look)
        self.best = BestRun(on_promote, snapshot=self.param.snapshot)

    def close(self) -> None:
        """Follow the selection no more."""
        self.marks.close()
        self.runs.close()

    def __panel__(self) -> pn.viewable.Viewable:
        return pn.Row(
            pn.Column(self.marks, self.runs, styles={"flex": "3 1 680px", "min-width": "0"}),
            pn.Column(self.best, styles={"flex": "2 1 300px", "min-width": "0"}),
            sizing_mode="stretch_width",
            styles={"flex-wrap": "wrap", "gap": "16px"},
        )

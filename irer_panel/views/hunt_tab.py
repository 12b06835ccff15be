"""The hunt's page of figures: cards over one table, which follows the shown hunt."""

from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from engine.hunt.engine import Engine
from irer_panel.background import Loop
from irer_panel.choices import Choices
from irer_panel.feed import HuntFeed
from irer_panel.selection import Selection
from irer_panel.views.correlation import CorrelationView
from irer_panel.views.evolution import EvolutionView
from irer_panel.views.failures import FailureView
from irer_panel.views.hunt_card import card
from irer_panel.views.hunt_view import HuntView
from irer_panel.views.importance import ImportanceView
from irer_panel.views.lineage import LineageView
from irer_panel.views.parallel import ParallelView
from irer_panel.views.parameter import ParameterView
from irer_panel.views.scatter import ScatterView
from irer_panel.zooms import Zooms


class HuntTab(HuntView):
    """Evolution, scatter, parallel coordinates, importances, correlation, failures, lineage."""

    def __init__(
        self,
        engine: Engine,
        selection: Selection,
        loop: Loop,
        choices: Choices | None = None,
        zooms: Zooms | None = None,
        **params: Any,
    ) -> None:
        """Show the hunt's figures.

        Args:
            engine: whose ledger.
            selection: which run is marked, and which a tap sets.
            loop: where the page lives.
            choices: of the page, hence what the menus begin with; None for one of its own.
            zooms: of the page, hence what its figures show at first; None for one of its own.
            params: `snapshot`.
        """
        super().__init__(**params)
        choices, zooms = choices or Choices(), zooms or Zooms()
        self.feed = HuntFeed(engine.reader, loop)
        self.scatter = ScatterView(selection, loop, zooms, table=self.feed.param.table)
        shared = self.scatter.rows
        table = self.scatter.param.shown  # what stands first is there first
        self.evolution = EvolutionView(selection, loop, choices, zooms, table=table)
        self.parallel = ParallelView(selection, loop, shared, table=table)
        self.parameter = ParameterView(selection, loop, shared, choices, table=table)
        self.importance = ImportanceView(loop, choices, table=table)
        self.correlation = CorrelationView(loop, table=table)
        self.failures = FailureView(loop, table=table)
        self.lineage = LineageView(engine.reader, selection, loop, table=table)
        self._problem = pmui.Alert(
            "", severity="error", sizing_mode="stretch_width", margin=0, visible=False
        )
        self.feed.param.watch(self._complain, "problem")
        self._follow()

    def close(self) -> None:
        """Follow engine and selection no more."""
        self.feed.close()
        for view in (
            self.scatter,
            self.evolution,
            self.parallel,
            self.parameter,
            self.importance,
            self.correlation,
            self.failures,
            self.lineage,
        ):
            view.close()

    @param.depends("snapshot", watch=True)
    def _follow(self) -> None:
        self.feed.follow(self.snapshot)

    def _complain(self, _: Any) -> None:
        self._problem.param.update(object=self.feed.problem, visible=bool(self.feed.problem))

    def __panel__(self) -> pn.viewable.Viewable:
        cards = (
            card(self.scatter, span=2),
            card(self.evolution),
            card(self.parallel, span=2),
            card(self.parameter),
            card(self.correlation),
            card(self.importance),
            card(self.failures),
            card(self.lineage),
        )
        wrapping = {"flex-wrap": "wrap", "gap": "12px", "align-items": "stretch"}
        grid = pn.Row(*cards, sizing_mode="stretch_width", styles=wrapping)
        return pn.Column(self._problem, grid, sizing_mode="stretch_width")

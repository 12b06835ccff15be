"""What the deck holds: the tabs of the page, in order, each with how it is made.

All but the first are imported when they are made: a page that shows the runs need not wait.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import panel as pn

from irer_panel.selection import Selection
from irer_panel.views.deck import Maker
from irer_panel.views.runs_tab import RunsTab

if TYPE_CHECKING:
    from irer_panel.app import Cockpit


def tabs_of(cockpit: "Cockpit") -> Mapping[str, Maker]:
    """The tabs of a page: title → view. Each sees the page through a curtain of its own."""
    engine, loop = cockpit.engine, cockpit.loop

    def seen(title: str) -> tuple[Selection, Any]:
        curtain = cockpit.curtains.of(title)
        return curtain.selection, curtain.param.snapshot

    def runs() -> pn.viewable.Viewer:
        selection, look = seen("Runs")
        return RunsTab(
            engine.reader,
            selection,
            loop,
            cockpit.carried.listing,
            cockpit.promote,
            compared=cockpit.carried.compared,
            on_compare=cockpit.compare,
            snapshot=look,
        )

    def compare() -> pn.viewable.Viewer:
        from irer_panel.views.compare_tab import CompareTab

        selection, look = seen("Compare")
        shown = cockpit.curtains.of("Compare").param.shown
        return CompareTab(
            engine, selection, cockpit.carried.compared, loop, snapshot=look, shown=shown
        )

    def time() -> pn.viewable.Viewer:
        from irer_panel.views.time_tab import TimeTab

        selection, look = seen("Time")
        moment, choices = cockpit.carried.moment, cockpit.carried.choices
        return TimeTab(engine.workspace, selection, loop, moment, choices, snapshot=look)

    def audit() -> pn.viewable.Viewer:
        from irer_panel.views.audit_tab import AuditTab

        selection, look = seen("Audit")
        return AuditTab(engine, selection, loop, snapshot=look)

    def analyses() -> pn.viewable.Viewer:
        from irer_panel.views.analyses_tab import AnalysesTab

        selection, look = seen("Analyses")
        return AnalysesTab(engine, selection, loop, cockpit.carried.choices, snapshot=look)

    def hunt() -> pn.viewable.Viewer:
        from irer_panel.views.hunt_tab import HuntTab

        selection, look = seen("Hunt")
        choices, zooms = cockpit.carried.choices, cockpit.carried.zooms
        return HuntTab(engine, selection, loop, choices, zooms, snapshot=look)

    def spectrum() -> pn.viewable.Viewer:
        from irer_panel.views.spectrum import SpectrumTab

        selection, look = seen("Spectrum")
        return SpectrumTab(engine, selection, loop, snapshot=look)

    def live() -> pn.viewable.Viewer:
        from irer_panel.views.live import LiveView

        _, look = seen("Live")
        return LiveView(engine, loop, snapshot=look)

    def log() -> pn.viewable.Viewer:
        from irer_panel.views.log import LogView

        _, look = seen("Log")
        return LogView(engine.workspace.hunt_log_path, loop, snapshot=look)

    return {
        "Runs": runs,
        "Compare": compare,
        "Hunt": hunt,
        "Spectrum": spectrum,
        "Audit": audit,
        "Time": time,
        "Analyses": analyses,
        "Live": live,
        "Log": log,
    }

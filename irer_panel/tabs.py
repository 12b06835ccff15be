"""What the deck holds: the tabs of the page, in order, each with how it is made.

Views are imported when they are made: a page that shows the runs need not wait for the rest.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import panel as pn

from irer_panel.views.deck import Maker

if TYPE_CHECKING:
    from irer_panel.app import Cockpit


def tabs_of(cockpit: "Cockpit") -> Mapping[str, Maker]:
    """The tabs of a page: title → view."""
    engine, selection, loop = cockpit.engine, cockpit.selection, cockpit.loop
    look = cockpit.session.param.snapshot

    def runs() -> pn.viewable.Viewer:
        from irer_panel.views.runs_tab import RunsTab

        return RunsTab(
            engine.reader,
            selection,
            loop,
            cockpit.promote,
            compared=cockpit.compared,
            on_compare=cockpit.compare,
            snapshot=look,
        )

    def compare() -> pn.viewable.Viewer:
        from irer_panel.views.compare_tab import CompareTab

        return CompareTab(engine, selection, cockpit.compared, loop, snapshot=look)

    def time() -> pn.viewable.Viewer:
        from irer_panel.views.time_tab import TimeTab

        return TimeTab(engine.workspace, selection, loop, snapshot=look)

    def audit() -> pn.viewable.Viewer:
        from irer_panel.views.audit_tab import AuditTab

        return AuditTab(engine, selection, loop, snapshot=look)

    def hunt() -> pn.viewable.Viewer:
        from irer_panel.views.hunt_tab import HuntTab

        return HuntTab(engine, selection, loop, snapshot=look)

    def spectrum() -> pn.viewable.Viewer:
        from irer_panel.views.spectrum import SpectrumTab

        return SpectrumTab(engine, selection, loop, snapshot=look)

    def live() -> pn.viewable.Viewer:
        from irer_panel.views.live import LiveView

        return LiveView(engine, loop, snapshot=look)

    def log() -> pn.viewable.Viewer:
        from irer_panel.views.log import LogView

        return LogView(engine.workspace.hunt_log_path, loop, snapshot=look)

    return {
        "Runs": runs,
        "Compare": compare,
        "Hunt": hunt,
        "Spectrum": spectrum,
        "Audit": audit,
        "Time": time,
        "Live": live,
        "Log": log,
    }

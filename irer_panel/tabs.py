"""What the deck holds: the tabs of the page, in order, each with how it is made.

All but the first are imported when they are made: a page that shows the runs need not wait.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import panel as pn

from irer_panel.views.deck import Maker
from irer_panel.views.runs_tab import RunsTab

if TYPE_CHECKING:
    from irer_panel.app import Cockpit


def tabs_of(cockpit: "Cockpit") -> Mapping[str, Maker]:
    """The tabs of a page: title → view."""
    engine, selection, loop = cockpit.engine, cockpit.selection, cockpit.loop
    look = cockpit.session.param.snapshot

    def runs() -> pn.viewable.Viewer:
        return RunsTab(engine.reader, selection, loop, cockpit.promote, snapshot=look)

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
        "Hunt": hunt,
        "Spectrum": spectrum,
        "Audit": audit,
        "Time": time,
        "Live": live,
        "Log": log,
    }

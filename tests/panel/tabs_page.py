"""Serves the Spectrum and the Audit tab alone: `python -m tests.panel.tabs_page`."""

import panel as pn
import panel_material_ui as pmui

from engine.hunt.engine import Engine
from engine.store.workspace import Workspace
from irer_panel.app import prepare
from irer_panel.background import loop_of
from irer_panel.selection import Selection
from irer_panel.session import Session
from irer_panel.theme import THEME
from irer_panel.views.audit_tab import AuditTab
from irer_panel.views.spectrum import SpectrumTab


def page(engine):
    """Both tabs, one below the other, over the best run."""
    prepare()
    loop, selection, box = loop_of(pn.state.curdoc), Selection(), pn.Column()
    box.sizing_mode = "stretch_width"
    session = Session(engine, loop)

    def furnish():
        look = session.param.snapshot
        for tab in (SpectrumTab, AuditTab):
            box.append(tab(engine, selection, loop, snapshot=look))
        session.param.watch(lambda event: selection.land(event.new.best["config_hash"]), "snapshot")

    pn.state.onload(lambda: loop.aside(furnish, session.open))
    return pmui.Page(main=[box], dark_theme=True, theme_config=THEME)


if __name__ == "__main__":
    engine = Engine(Workspace.open(None))
    server = pn.serve({"/": lambda: page(engine)}, port=0, show=False, start=False)
    print(f"http://localhost:{server.port}", flush=True)
    server.start()
    server.io_loop.start()

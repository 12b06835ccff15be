"""The hunt's figures alone on a page: `python -m tests.panel.hunt_page` prints its address."""

import panel as pn
import panel_material_ui as pmui

from engine.hunt.engine import Engine
from engine.store.workspace import Workspace
from irer_panel.app import prepare
from irer_panel.background import loop_of
from irer_panel.selection import Selection
from irer_panel.session import Session
from irer_panel.theme import THEME
from irer_panel.views.hunt_tab import HuntTab
from irer_panel.views.run_heading import RunHeading


def page(engine):
    prepare()
    loop = loop_of(pn.state.curdoc)
    session, selection = Session(engine, loop), Selection()
    look = session.param.snapshot
    main = pn.Column(sizing_mode="stretch_width", styles={"max-height": "none"})

    def add():
        tab = HuntTab(engine, selection, loop, snapshot=look)
        main.extend([RunHeading(selection, snapshot=look), tab])
        pn.state.on_session_destroyed(lambda *_: (tab.close(), session.close()))
        session.open()

    pn.state.onload(lambda: loop.aside(add, lambda: None))
    return pmui.Page(dark_theme=True, theme_config=THEME, main=[main], busy_indicator=None)


if __name__ == "__main__":
    engine = Engine(Workspace.open(None))
    server = pn.io.server.get_server(
        {"/": lambda: page(engine)}, port=0, address="127.0.0.1", start=False
    )
    print(f"http://127.0.0.1:{server.port}", flush=True)
    server.run_until_shutdown()

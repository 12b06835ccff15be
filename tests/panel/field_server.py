"""A server of field panels alone, as a process: `python -m tests.panel.field_server`.

The workspace holds runs of `panel_samples`; `?run=` picks one, all else goes to `show_state`.
"""

import os
import sys
from pathlib import Path

import panel as pn
import panel_material_ui as pmui

from engine.store.workspace import Workspace
from irer_panel.background import loop_of
from irer_panel.selection import Selection
from irer_panel.snapshot import Snapshot
from irer_panel.theme import THEME
from irer_panel.views.field_panel import FieldPanel

PREFIX = "rho_history_"


def page() -> pmui.Page:
    pn.extension(throttled=True)
    workspace = Workspace.open(os.environ["IRER_WORKSPACE"])
    names = sorted(p.stem for p in Path(workspace.root).rglob(f"{PREFIX}*.h5"))
    rows = tuple(
        {
            "config_hash": name.removeprefix(PREFIX),
            "generation": 0,
            "status": "ok",
            "artifact_sha256": "0",
            "evicted": None,
        }
        for name in names
    )
    selection, loop, place = Selection(), loop_of(pn.state.curdoc), pn.Column()
    words = {key: values[0].decode() for key, values in pn.state.session_args.items()}

    def furnish() -> None:  # as the cockpit does: what changes before that may not arrive
        panel = FieldPanel(workspace, selection, loop, lambda _: None, snapshot=Snapshot(runs=rows))
        panel.pair.complete()
        place.append(panel)
        run = words.pop("run")
        panel.show_state(words)
        selection.pick(run)
        pn.state.on_session_destroyed(lambda _: panel.close())

    pn.state.onload(furnish)
    return pmui.Page(title="fields", main=[place], dark_theme=True, theme_config=THEME)


def announce(server: object) -> None:
    """Say where, once it listens."""
    print(f"http://127.0.0.1:{server.port}", flush=True)


if __name__ == "__main__":
    os.environ.setdefault("NUMBA_THREADING_LAYER", "omp")
    server = pn.io.server.get_server(page, port=0, address="127.0.0.1", show=False, start=False)
    server.start()
    announce(server)
    server.io_loop.start()
    sys.exit(0)

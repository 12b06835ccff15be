"""The server: one engine, one port, as many browsers as like."""

import asyncio
import contextlib
import errno
import importlib
import logging
import os
import secrets
import signal
import sys
import threading
import warnings
from functools import partial

# Numba reads this once, when it first runs: its fallback layer dies of concurrent use.
os.environ.setdefault("NUMBA_THREADING_LAYER", "omp")

import panel as pn
import panel_material_ui as pmui
from bokeh.server.server import Server
from bokeh.util.warnings import BokehUserWarning

from engine.errors import EngineError, SettingsError
from engine.hunt.engine import Engine
from engine.layer2.on_commit import OnCommit
from engine.store.workspace import Workspace
from irer_panel import density, viewport
from irer_panel.api.descriptors import ask_for_descriptors
from irer_panel.api.events import let_go
from irer_panel.api.routes import routes
from irer_panel.app import TITLE, create_page
from irer_panel.background import painters
from irer_panel.doors import Doors
from irer_panel.h5web.handlers import routes as h5web_routes
from irer_panel.no_queries import leave_out_queries
from irer_panel.numba_cache import have_numba_cache
from irer_panel.sweep import settle

SWITCH_SECONDS = 0.001
WARM_UP_AFTER = 5.0
"""Seconds from the start: the first page is painted by then, and should not be slowed down."""

_gate = threading.Lock()


def shared_engine(workspace: Workspace | None = None, *, follows: bool = False) -> Engine:
    """The engine of this process, made on first use; reloads of the page's script keep it.

    Args:
        workspace: where it keeps everything; None means what `Workspace.open` defaults to.
        follows: only watch what other processes hunt there.

    Raises:
        WorkspaceError: the workspace cannot be used.
    """
    with _gate:
        engine = pn.state.cache.get("irer_engine")
        if engine is None:
            have_numba_cache()
            # The loop waits this long for a thread that computes in Python, at every socket write.
            sys.setswitchinterval(SWITCH_SECONDS)
            # A view that joins a page after it is shown may be restyled in the browser, which then
            # names models that the server knows: harmless, and nothing for a user's log.
            warnings.filterwarnings("ignore", "reference already known", BokehUserWarning)
            for name in ("asyncio", "bokeh.server.views.ws"):
                logging.getLogger(name).addFilter(_worth_telling)
            engine = Engine(workspace or Workspace.open(None), follows=follows)
            # `atexit` comes too late: the executors have shut down by then, and a running hunt
            # would break where it should stop.
            threading._register_atexit(engine.close)  # type: ignore[attr-defined]
            pn.state.cache["irer_engine"] = engine
            if not follows:
                threading._register_atexit(OnCommit(engine.workspace).close)  # type: ignore[attr-defined]
            warm = threading.Timer(WARM_UP_AFTER, painters.submit, (_warm_up,))
            warm.daemon = True
            warm.start()
        return engine


def served_page(*, guarded: bool = False) -> pmui.Page:
    """The page of one browser session of this process, or one that says why there is none.

    Args:
        guarded: whether one had to log in for it.
    """
    try:
        return create_page(shared_engine(), guarded=guarded)
    except EngineError as error:
        return pmui.Page(title=TITLE, main=[pmui.Alert(str(error), severity="error", margin=16)])


ROUTES = [*routes(shared_engine), *h5web_routes(shared_engine)]
"""The HTTP interface and H5Web, for `panel serve dashboard.py --plugins irer_panel.server` too."""


def serve(workspace: Workspace, doors: Doors, *, follows: bool = False) -> None:
    """Serve the dashboard until interrupted.

    Args:
        workspace: the workspace to hunt in.
        doors: where to listen, and whom to let in.
        follows: only watch what other processes hunt there.

    Raises:
        SettingsError: the port is in use, or the address is not this host's.
    """
    ask_for_descriptors()
    server = listen(doors)
    shared_engine(workspace, follows=follows)
    _end_at_sigterm(server)  # before it is said that it serves
    print(f"IRER dashboard: http://{doors.address}:{server.port}  (Ctrl+C stops it)", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.start()
        server.io_loop.start()
    server.stop()
    server.io_loop.run_sync(partial(let_go, server._tornado))


def _end_at_sigterm(server: Server) -> None:
    """As Bokeh does, whose own way goes on where nobody reads its words any more."""
    if sys.platform != "win32":
        loop = asyncio.get_event_loop()
        loop.add_signal_handler(signal.SIGTERM, server.io_loop.stop)


def listen(doors: Doors) -> Server:
    """A server that listens, and serves once its loop runs.

    Raises:
        SettingsError: the port is in use, or the address is not this host's.
    """
    leave_out_queries()
    secret = os.environ.get("IRER_COOKIE_SECRET") or secrets.token_hex(32)
    try:
        server = pn.io.server.get_server(
            {"/": lambda: served_page(guarded=doors.access is not None)},
            title=TITLE,
            start=False,
            extra_patterns=ROUTES,
            **doors.options(secret),
        )
    except OSError as error:
        raise _refused(doors.port, doors.address, error) from error
    doors.guard(server._tornado)
    return server


def _refused(port: int, address: str, error: OSError) -> SettingsError:
    if error.errno == errno.EADDRINUSE:
        return SettingsError(
            f"port: {port} on {address} is in use, expected a free port; stop the other server or "
            f"choose another, such as --port {port + 1}.",
            field="port",
        )
    if error.errno == errno.EACCES:
        return SettingsError(
            f"port: {port} is not allowed for this user, expected one above 1023; choose another "
            "with --port.",
            field="port",
        )
    return SettingsError(
        f"address: got {address!r} ({error}), expected an address of this host; choose another "
        "with --address, such as 127.0.0.1.",
        field="address",
    )


def _worth_telling(record: logging.LogRecord) -> bool:
    """False for a browser that went while it was being told something."""
    kind = record.exc_info[0] if record.exc_info else None
    if kind is not None and kind.__name__ == "WebSocketClosedError":  # tornado's
        return False
    return record.msg != "Failed sending message as connection was closed"  # Bokeh's word for it


def _warm_up() -> None:
    """What the first picture and hunt need, loaded while nobody waits for it."""
    viewport.warm_up()
    density.warm_up()
    importlib.import_module("engine.physics.simulate")
    settle()

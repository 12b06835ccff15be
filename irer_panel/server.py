"""The server: one engine, one port, as many browsers as like."""

import errno
import logging
import os
import threading
import warnings
from typing import Any

# Numba reads this once, when it first runs: its fallback layer dies of concurrent use.
os.environ.setdefault("NUMBA_THREADING_LAYER", "omp")

import panel as pn
from bokeh.util.warnings import BokehUserWarning

from engine.errors import EngineError, SettingsError
from engine.hunt.engine import Engine
from engine.store.workspace import Workspace
from irer_panel.app import TITLE, create_page, load_plotting
from irer_panel.background import painters
from irer_panel.viewport import warm_up

logger = logging.getLogger(__name__)

DEFAULT_PORT = 5006
DEFAULT_ADDRESS = "127.0.0.1"
_gate = threading.Lock()


def shared_engine(workspace: Workspace | None = None) -> Engine:
    """The engine of this process, made on first use; reloads of the page's script keep it.

    Args:
        workspace: where it keeps everything; None means what `Workspace.open` defaults to.

    Raises:
        WorkspaceError: the workspace cannot be used.
    """
    with _gate:
        engine = pn.state.cache.get("irer_engine")
        if engine is None:
            # A view that joins a page after it is shown may be restyled in the browser, which then
            # names models that the server knows: harmless, and nothing for a user's log.
            warnings.filterwarnings("ignore", "reference already known", BokehUserWarning)
            engine = Engine(workspace or Workspace.open(None))
            pn.state.cache["irer_engine"] = engine
            painters.submit(_warm_up)
        return engine


def serve(
    workspace: Workspace,
    *,
    port: int = DEFAULT_PORT,
    address: str = DEFAULT_ADDRESS,
    show: bool = False,
) -> None:
    """Serve the dashboard until interrupted.

    Args:
        workspace: the workspace to hunt in.
        port: TCP port; 0 takes a free one.
        address: address to listen on; anything but this host is open to the network.
        show: open a browser.

    Raises:
        SettingsError: the port is in use, or the address is not this host's.
    """
    engine = shared_engine(workspace)
    try:
        server = _listen(engine, port, address, show)
        print(f"IRER dashboard: http://{address}:{server.port}  (Ctrl+C stops it)", flush=True)
        server.run_until_shutdown()
    finally:
        engine.close()


def _listen(engine: Engine, port: int, address: str, show: bool) -> Any:
    def page() -> Any:  # Panel shows anything but a function as it is
        return create_page(engine)

    try:
        return pn.io.server.get_server(
            {"/": page},
            port=port,
            address=address,
            websocket_origin=_origins(address, port),
            title=TITLE,
            show=show,
            start=False,
        )
    except OSError as error:
        raise _refused(port, address, error) from error


def _origins(address: str, port: int) -> list[str] | None:
    if address in ("127.0.0.1", "localhost", "::1"):
        return None
    return [f"{address}:{port}"]


def _refused(port: int, address: str, error: OSError) -> EngineError:
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
        f"address: got {address!r} ({error.strerror or error}), expected an address of this "
        "host; choose another with --address, such as 127.0.0.1.",
        field="address",
    )


def _warm_up() -> None:
    load_plotting()
    warm_up()

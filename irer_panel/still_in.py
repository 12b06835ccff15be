"""Open pages end with the log-in that opened them: their sockets are looked at again and again."""

import logging

from bokeh.server.tornado import BokehTornado
from tornado.ioloop import PeriodicCallback

from engine.errors import EngineError
from engine.store.access import Access
from irer_panel.login import user_of

_log = logging.getLogger(__name__)

PULSE = 5.0
"""Seconds between two looks."""

_POLICY = 1008
"""Why a socket is closed, as WebSocket numbers it: by whom it is, not by what it sent."""


def watch_sockets(application: BokehTornado, access: Access) -> None:
    """From now on close the sockets of who was removed, has another password or a cookie too old.

    While that cannot be found out, all are closed.
    """

    def look() -> None:
        secret = application.settings["cookie_secret"]
        for client in list(application._clients):
            socket = client._socket
            try:
                known = user_of(socket.request, secret, access)
            except EngineError as error:
                _log.error("Open pages are closed: %s", error)
                known = None
            if known is None:
                socket.close(_POLICY, "Log in again.")

    PeriodicCallback(look, 1000 * PULSE).start()

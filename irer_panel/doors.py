"""The doors of the server: where it listens, under which names, and who comes in.

What is decided here holds for every path alike: pages, sockets, static files, the HTTP interface,
and what Panel and Bokeh add. A request is looked at before any handler for it is found.
"""

import logging
import re
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from bokeh.server.tornado import BokehTornado
from tornado.httputil import HTTPServerRequest
from tornado.log import access_log
from tornado.routing import Matcher, Rule
from tornado.web import Application, RequestHandler

from engine.errors import EngineError, SettingsError
from engine.store.access import Access
from irer_panel.api.limits import FORM_BYTES, HEAD_BYTES, REQUEST_SECONDS
from irer_panel.headers import SecurityHeaders
from irer_panel.hosts import is_ours
from irer_panel.login import LoginProvider, user_of
from irer_panel.still_in import watch_sockets

_log = logging.getLogger(__name__)

DEFAULT_PORT = 5006
DEFAULT_ADDRESS = "127.0.0.1"
MAX_PORT = 65_535
_LOCAL = ("127.0.0.1", "localhost", "::1")
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?")


@dataclass(frozen=True)
class Doors:
    """Where a server listens and whom it lets in.

    Attributes:
        port: TCP port; 0 takes a free one.
        address: address to listen on.
        access: who may log in, and tokens; None lets everybody in who reaches the address.
        hosts: further names under which browsers reach it.
        frames: origins whose pages may show it in a frame.
        proxied: whether a proxy says who asks, in X-Real-IP and X-Scheme.

    Raises:
        SettingsError: a port, name or origin that cannot be, or an address that others reach
            without anybody being asked who they are.
    """

    port: int = DEFAULT_PORT
    address: str = DEFAULT_ADDRESS
    access: Access | None = None
    hosts: tuple[str, ...] = ()
    frames: tuple[str, ...] = ()
    proxied: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.port <= MAX_PORT:
            raise SettingsError(
                f"port: got {self.port}, expected 0 to {MAX_PORT}; choose another with --port.",
                field="port",
            )
        if self.access is None and self.address not in _LOCAL:
            raise SettingsError(
                f"address: got {self.address!r}, which others can reach, expected 127.0.0.1 or a "
                "log-in; add somebody with `irer user add NAME` and serve with --auth.",
                field="address",
            )
        if self.access is not None and not (self.access.users() or self.access.tokens()):
            raise SettingsError(
                f"{self.access.path}: got neither users nor tokens, expected somebody who may come "
                "in; add them with `irer user add NAME`.",
                field="access",
            )
        for name in self.hosts:
            if not _HOST.fullmatch(name):
                raise SettingsError(
                    f"host: got {name!r}, expected a name without a port; write irer.example.org.",
                    field="hosts",
                )
        for origin in self.frames:
            if not _ORIGIN.fullmatch(origin):
                raise SettingsError(
                    f"frame: got {origin!r}, expected an origin; write https://jupyter.example.org.",
                    field="frames",
                )

    def options(self, secret: str) -> dict[str, Any]:
        """What `get_server` is told.

        Args:
            secret: signs cookies and sessions.
        """
        found: dict[str, Any] = {
            "port": self.port,
            "address": self.address,
            "websocket_origin": self._websocket_origins(),
            "cross_origin_protection": True,
            "log_function": _note,
            "transforms": [partial(SecurityHeaders, frames=self.frames)],
            "use_xheaders": self.proxied,
            "http_server_kwargs": {
                "max_body_size": FORM_BYTES,
                "max_header_size": HEAD_BYTES,
                "idle_connection_timeout": REQUEST_SECONDS,
                "body_timeout": REQUEST_SECONDS,
            },
        }
        if self.access is not None:
            found |= {
                "auth_provider": LoginProvider(self.access),
                "cookie_secret": secret,
                # A session that somebody else named would be theirs to join.
                "sign_sessions": True,
                "secret_key": secret.encode(),
                # Not into the page, where its scripts could read them.
                "exclude_headers": ["Authorization", "Cookie"],
                "include_cookies": [],
                "irer_access": self.access,
            }
        return found

    def guard(self, application: BokehTornado) -> None:
        """Look at each request before anything else does, and at open pages now and then."""
        rules = [Rule(_ForeignHost(self.hosts), Misdirected)]
        if self.access is not None:
            rules.append(Rule(_Stranger(application, self.access), LogInFirst))
            watch_sockets(application, self.access)
        application.default_router.rules[:0] = rules

    def _websocket_origins(self) -> list[str] | None:
        """The hosts whose pages may connect; None: this host under its own names alone."""
        named = [f"{name}:{port}" for name in self.hosts for port in (80, 443, self.port)]
        return [f"localhost:{self.port}", *named] if named else None


def _note(handler: RequestHandler) -> None:
    """A line of the log on a request, without its query: whatever somebody puts there stays out."""
    status, request = handler.get_status(), handler.request
    level = logging.INFO if status < 400 else logging.WARNING if status < 500 else logging.ERROR
    took = 1000 * request.request_time()
    where = f"{request.method} {request.path!r} ({request.remote_ip})"
    access_log.log(level, "%d %s %.0f ms", status, where, took)


class _ForeignHost(Matcher):
    """Requests for a host that this one is not."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """Arguments for the refusal; None for a request that may go on."""
        return None if is_ours(request.host_name, self._names) else {}


class _Stranger(Matcher):
    """Requests of somebody who has not logged in, but for those by which one logs in.

    The HTTP interface asks for itself: it takes tokens too, and refuses in JSON.
    """

    _OPEN = ("/login", "/logout", "/favicon.ico")

    def __init__(self, application: Application, access: Access) -> None:
        self._application, self._access = application, access

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """Arguments for the refusal; None for a request that may go on."""
        if request.path in self._OPEN or request.path.startswith("/api/"):
            return None
        secret = self._application.settings["cookie_secret"]
        try:
            known = user_of(request, secret, self._access)
        except EngineError as error:
            _log.error("Nobody is let in: %s", error)
            known = None
        return None if known else {}


class Misdirected(RequestHandler):
    """421: this is not the host that was asked for."""

    async def prepare(self) -> None:
        """Refuse, by whatever method."""
        self.set_status(421)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish("Host: not a name of this server; serve with --host NAME to add it.\n")


class LogInFirst(RequestHandler):
    """To the log-in for a browser that wants a page, 401 for all else."""

    async def prepare(self) -> None:
        """Refuse, by whatever method."""
        page = self.request.method == "GET" and "text/html" in self.request.headers.get(
            "Accept", ""
        )
        if page and "Upgrade" not in self.request.headers:
            wanted = "" if self.request.uri == "/" else f"?{urlencode({'next': self.request.uri})}"
            up = "../" * (self.request.path.count("/") - 1)  # a proxy may show it under a prefix
            self.redirect(f"{up}login{wanted}")
            return
        self.set_status(401)
        self.set_header("WWW-Authenticate", "Bearer")
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish("Log in first, at /login.\n")

"""Logging in with a name and a password; a signed cookie remembers it."""

import asyncio
import logging
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any

from bokeh.server.auth_provider import AuthProvider
from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler, decode_signed_value

from engine.errors import EngineError
from engine.store.access import Access
from irer_panel.api.limits import LOGINS
from irer_panel.login_page import login_page
from irer_panel.rate import wait_of

_log = logging.getLogger(__name__)

COOKIE = "irer_user"
_DAYS = 7
_MOST = 1024
_LONGEST = 4096

_hashers = ThreadPoolExecutor(1, thread_name_prefix="irer-login")
"""A hash takes a tenth of a second, on purpose: one at a time, so that guessing takes no cores."""

_HERE = re.compile(r"/(?![/\\])[!-\[\]-~]*")
"""A path of this server with its query: browsers take `//x` and `/\\x` for another host."""


def place_here(text: str) -> str:
    """Where one wanted to go, if it is a place of this server; else its front page."""
    return text if len(text) <= _LONGEST and _HERE.fullmatch(text) else "/"


def user_of(request: HTTPServerRequest, secret: str, access: Access) -> str | None:
    """Who has logged in, by the cookie; None for nobody, or for a password that has changed."""
    cookie = request.cookies.get(COOKIE)
    if cookie is None:
        return None
    value = decode_signed_value(secret, COOKIE, cookie.value, max_age_days=_DAYS)
    name, _, mark = (value or b"").decode(errors="replace").partition(":")
    return name if mark and access.fingerprint(name) == mark else None


class LoginProvider(AuthProvider):
    """Tells Bokeh, Panel and the HTTP interface who asks."""

    def __init__(self, access: Access) -> None:
        self._access = access
        super().__init__()

    @property
    def get_user(self) -> Callable[[Any], Any]:
        """Finds the user behind a handler's request."""
        return lambda handler: user_of(
            handler.request, handler.settings["cookie_secret"], self._access
        )

    @property
    def get_user_async(self) -> None:
        """Not needed: a cookie is read at once."""

    @property
    def login_url(self) -> str:
        """Where one logs in."""
        return "/login"

    @property
    def get_login_url(self) -> None:
        """Always the same."""

    @property
    def login_handler(self) -> type[RequestHandler]:
        """Of the log-in's page."""
        return LoginHandler

    @property
    def logout_url(self) -> str:
        """Where one logs out."""
        return "/logout"

    @property
    def logout_handler(self) -> type[RequestHandler]:
        """Of the way out."""
        return LogoutHandler


class LoginHandler(RequestHandler):
    """GET shows the form, POST takes it; Tornado refuses one that another site sends."""

    def get(self) -> None:
        """Show the form."""
        self._show("", "", self.get_query_argument("next", ""))

    async def post(self) -> None:
        """Let in, or say that it was wrong: never what was."""
        name = self.get_body_argument("username", "", strip=False)[:_MOST]
        place = self.get_body_argument("next", "")
        if wait := wait_of(self, "irer_logins", LOGINS):
            self.set_status(HTTPStatus.TOO_MANY_REQUESTS)
            self.set_header("Retry-After", str(wait))
            self._show(f"Too many attempts. Try again in {wait} s.", name, place)
            return
        password = self.get_body_argument("password", "", strip=False)[:_MOST]
        access: Access = self.settings["irer_access"]
        loop = asyncio.get_running_loop()
        try:
            right = await loop.run_in_executor(_hashers, access.is_password, name, password)
            mark = access.fingerprint(name)
        except EngineError as error:
            _log.error("Nobody is let in: %s", error)
            self.set_status(HTTPStatus.SERVICE_UNAVAILABLE)
            self._show("Nobody can log in now; the server's log says why.", name, place)
            return
        if not right or mark is None:
            _log.warning("A log-in from %s was refused.", self.request.remote_ip)
            self.set_status(HTTPStatus.UNAUTHORIZED)
            self._show("Name or password is wrong.", name, place)
            return
        self.set_signed_cookie(
            COOKIE,
            f"{name}:{mark}",
            expires_days=_DAYS,
            path="",  # of the folder that it is set in: behind a prefix no other server's
            httponly=True,
            samesite="Lax",
            secure=self.request.protocol == "https",
        )
        self.redirect(f".{place_here(place)}", status=HTTPStatus.SEE_OTHER)

    def set_default_headers(self) -> None:
        """No cache keeps the form."""
        self.set_header("Cache-Control", "no-store")

    def _show(self, message: str, name: str, place: str) -> None:
        self.finish(login_page(message, name, place_here(place)))


class LogoutHandler(RequestHandler):
    """GET /logout forgets the cookie."""

    def get(self) -> None:
        """Forget, and show the form."""
        self.clear_cookie(COOKIE, path="")
        self.redirect("login")

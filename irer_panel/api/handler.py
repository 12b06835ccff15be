"""What every answer of the HTTP interface has in common."""

import asyncio
import json
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlsplit

from bokeh.server.tornado import BokehTornado
from bokeh.server.util import check_allowlist
from bokeh.server.views.auth_request_handler import AuthRequestHandler
from tornado.http1connection import HTTP1Connection
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, RequestHandler

from engine.errors import EngineError
from engine.hunt.engine import Engine
from irer_panel.api.limits import STALL_SECONDS
from irer_panel.api.problem import CONTENT_TYPE, Problem, body_of, problem_of
from irer_panel.background import doorkeeper, readers
from irer_panel.hosts import is_ours

Result = TypeVar("Result")

_WORDS = {
    404: "{path}: no such resource; GET /api/openapi.json lists what there is.",
    405: "{method} is not understood here, expected {allowed}; see GET /api/openapi.json.",
}


class ApiHandler(AuthRequestHandler):
    """Answers in JSON; each refusal is a problem document."""

    application: BokehTornado

    def initialize(self, engine: Callable[[], Engine]) -> None:
        """Take what finds the engine of this process.

        Args:
            engine: blocks the first time, so it is called off the loop.
        """
        self._engine = engine
        # Also where `panel serve` made the application: a page of another site cannot command.
        self.settings["cross_origin_protection"] = True

    async def prepare(self) -> None:
        """Find out who asks, and for what it may.

        Raises:
            Problem: another host is meant, nobody is logged in, or the token does not suffice.
        """
        names = tuple(origin.rpartition(":")[0] for origin in self.application.websocket_origins)
        if not is_ours(self.request.host_name, names):
            raise Problem(
                HTTPStatus.MISDIRECTED_REQUEST,
                f"Host: got {self.request.host_name[:80]!r}, expected a name of this server; add "
                "it with `irer serve --host NAME`.",
            )
        await super().prepare()
        if self.application.auth_provider.get_user is not None:
            self.current_user = self.get_current_user()  # anew: a stream asks again and again
        access = self.settings.get("irer_access")
        kind, _, token = self.request.headers.get("Authorization", "").partition(" ")
        if access is None or kind.lower() != "bearer":
            if self.current_user is None:
                raise _unknown("expected a token, as `Authorization: Bearer …`, or a log-in")
            return
        scope = await self.off_loop(access.scope_of, token.strip(), executor=doorkeeper)
        if scope is None:
            raise _unknown("got a token that is not known, or was revoked; make another")
        if scope != "control" and self.request.method not in ("GET", "HEAD"):
            raise Problem(
                HTTPStatus.FORBIDDEN,
                f"token: its scope is {scope}, expected control; make one with `irer token create "
                "NAME --scope control`.",
            )

    def get_current_user(self) -> Any:
        """Who has logged in; None for nobody.

        Raises:
            Problem: it cannot be found out.
        """
        try:
            return super().get_current_user()
        except EngineError as error:
            raise problem_of(error) from error

    async def engine(self) -> Engine:
        """The engine of this process."""
        return await self.off_loop(self._engine, executor=doorkeeper)

    async def off_loop(
        self, work: Callable[..., Result], *arguments: Any, executor: Executor = readers
    ) -> Result:
        """Run what reads files in another thread; the engine's refusals become problems.

        Raises:
            Problem: the work was refused.
        """
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(executor, work, *arguments)
        except EngineError as error:
            raise problem_of(error) from error

    def answer(self, document: Any, status: int = HTTPStatus.OK) -> None:
        """Send a document as JSON, and end."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(document, allow_nan=False).encode())

    async def push(self, chunk: bytes) -> bool:
        """Send a piece of a long answer; False where its reader has gone, or takes none."""
        self.write(chunk)
        sent = self.flush()
        try:
            # Mostly the system has taken it already: two hundred readers feel each microsecond.
            if not sent.done():
                # Not `wait_for`: until Python 3.12 it may swallow a cancellation from outside.
                async with asyncio.timeout(STALL_SECONDS):
                    await sent
            sent.result()
        except StreamClosedError:
            return False
        except TimeoutError:
            connection = self.request.connection
            if isinstance(connection, HTTP1Connection):
                connection.close()
            return False
        return True

    def set_default_headers(self) -> None:
        """Nothing is kept by caches, and nothing is taken for what it is not."""
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")

    def check_trusted_origin(self, origin: str) -> bool:
        """Whether a page of another origin may command: one that may open a socket, by `--host`."""
        host = urlsplit(origin).netloc.lower()
        return check_allowlist(host, list(self.application.websocket_origins))

    def write_error(self, status_code: int, **context: Any) -> None:
        """Tell an error as a problem."""
        error = context.get("exc_info", (None, None))[1]
        fields: Mapping[str, str] = {}
        if isinstance(error, Problem):
            detail, fields = error.detail, error.fields
            for name, value in error.headers.items():
                self.set_header(name, value)
        elif isinstance(error, HTTPError) and error.log_message and status_code < 500:
            detail = error.log_message % error.args if error.args else error.log_message
        else:
            allowed = ", ".join(self._allowed())
            words = _WORDS.get(status_code, f"{HTTPStatus(status_code).phrase}; see the log.")
            detail = words.format(
                path=self.request.path, method=self.request.method, allowed=allowed
            )
        if status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            self.set_header("Allow", ", ".join(self._allowed()))
        self.tell(status_code, detail, fields)

    def tell(self, status: int, detail: str, fields: Mapping[str, str]) -> None:
        """Send a refusal, and end."""
        self.set_header("Content-Type", CONTENT_TYPE)
        self.finish(body_of(status, detail, fields))

    def _allowed(self) -> list[str]:
        return [
            name
            for name in RequestHandler.SUPPORTED_METHODS
            if getattr(type(self), name.lower()) is not getattr(RequestHandler, name.lower())
        ]


def _unknown(words: str) -> Problem:
    headers = {"WWW-Authenticate": 'Bearer realm="irer"'}
    return Problem(HTTPStatus.UNAUTHORIZED, f"Authorization: {words}.", headers=headers)


class NotFound(ApiHandler):
    """Whatever lies under /api/ and is nothing."""

    async def prepare(self) -> None:
        """Refuse, by whatever method.

        Raises:
            HTTPError: always.
        """
        await super().prepare()
        raise HTTPError(HTTPStatus.NOT_FOUND)

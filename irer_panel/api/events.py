"""What happens, as it happens: server-sent events, numbered as the ledger numbers them."""

import asyncio
import contextlib
import json
import logging
import re
from http import HTTPStatus

from tornado.web import Application

from engine.errors import EngineError
from engine.hunt.engine import Engine
from irer_panel.api.descriptors import most_listeners
from irer_panel.api.fan_out import FanOut
from irer_panel.api.handler import ApiHandler
from irer_panel.api.problem import Problem, problem_of
from irer_panel.api.status import status_of

HEARTBEAT = 15.0
"""Seconds of silence after which a comment says that the connection stands."""

_log = logging.getLogger(__name__)

_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_FAREWELL = 2.0
_HUB = "irer_fan_out"


async def let_go(application: Application) -> None:
    """End the streams of all who listen to a server that stops."""
    hub = application.settings.get(_HUB)
    if hub is not None:
        hub.close()
        until = asyncio.get_running_loop().time() + _FAREWELL
        while hub.listeners and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(0.01)


class EventsHandler(ApiHandler):
    """GET /api/events."""

    _task: "asyncio.Task[None] | None" = None

    async def get(self) -> None:
        """Send a snapshot of the status, then each event, until the reader goes.

        Raises:
            Problem: a number that is none, too many readers, or a ledger that cannot be read.
        """
        self._task = asyncio.current_task()
        wanted = self._position()
        engine = await self.engine()
        hub = self.settings.setdefault(_HUB, FanOut(engine.reader, engine.bus))
        if hub.listeners >= (most := most_listeners()):
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                f"events: {most} readers listen, expected fewer; come again later.",
                headers={"Retry-After": "30"},
            )
        # The reader has gone: nobody is left to be told.
        with contextlib.suppress(asyncio.CancelledError):
            try:
                await self._stream(engine, hub, wanted)
            except EngineError as error:
                if not self._headers_written:
                    raise problem_of(error) from error
                _log.warning("A reader of the events was let go: %s", error)

    def on_connection_close(self) -> None:
        """Listen no more."""
        if self._task is not None:
            self._task.cancel()

    def set_default_headers(self) -> None:
        """No proxy keeps back what was sent."""
        super().set_default_headers()
        self.set_header("X-Accel-Buffering", "no")

    async def _stream(self, engine: Engine, hub: FanOut, wanted: int | None) -> None:
        loop = asyncio.get_running_loop()
        async with hub.listening() as (ledger, newest, replaced):
            # A number that the log does not have yet is of another log: begin anew.
            seq = newest if wanted is None else min(wanted, newest)
            status = json.dumps({**await self.off_loop(status_of, engine), "ledger": ledger})
            self.set_header("Content-Type", "text/event-stream")
            stands = await self.push(f"event: snapshot\nid: {seq}\ndata: {status}\n\n".encode())
            checked = loop.time()
            while stands and not hub.closed and hub.replaced == replaced:
                if loop.time() - checked > HEARTBEAT:
                    checked = loop.time()
                    with contextlib.suppress(Problem):
                        await self.prepare()
                        continue
                    return  # a token that was revoked meanwhile, a user who was removed
                try:
                    async with asyncio.timeout(HEARTBEAT):
                        seq, sent = await hub.after(seq)
                except TimeoutError:
                    sent = b": still here\n\n"
                stands = not sent or await self.push(sent)

    def _position(self) -> int | None:
        """The last event that the reader has; None where it has none."""
        given = {
            "Last-Event-ID": self.request.headers.get("Last-Event-ID", ""),
            "after": self.get_query_argument("after", ""),
        }
        for name, text in given.items():
            if text and not _NUMBER.fullmatch(text):
                detail = f"{name}: got {text[:40]!r}, expected the number of an event; correct it."
                raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, {name: detail})
        return next((int(text) for text in given.values() if text), None)

"""H5Web's page, its bundle, and what it asks about a run's artifact."""

import asyncio
import functools
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path

from tornado.http1connection import HTTP1Connection

from engine.errors import ArtifactError
from engine.hunt.engine import Engine
from engine.store.eviction import eviction
from engine.store.workspace import Workspace
from irer_panel.api.handler import ApiHandler, NotFound
from irer_panel.api.limits import CHUNK_BYTES
from irer_panel.api.problem import Problem
from irer_panel.api.routes import Route
from irer_panel.h5web.answer import Answer
from irer_panel.h5web.reader import Reader

_reader = Reader()
_asker = ThreadPoolExecutor(1, thread_name_prefix="irer-h5web")
"""The one thread that waits for the reader."""

_AT_ONCE = 4
"""Large answers that are held in memory, each until its reader has it; others of them wait."""
_SLOTS = "irer_h5web_slots"

PATIENCE, SLOWEST = 30.0, 2**20
"""A reader has so many seconds for an answer, and one more for so many bytes of it."""

_QUERY = ("path", "selection", "format", "dtype", "flatten")
_TYPES = {"h5web.js": "text/javascript", "h5web.css": "text/css", "LICENSES.txt": "text/plain"}

# H5Web compiles loops over arrays in the browser, as Bokeh does its templates.
_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{short} · H5Web</title>
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,"><link rel="stylesheet" href="app/h5web.css">
</head><body><div id="h5web" data-file="{file}"></div>
<script type="module" src="app/h5web.js"></script></body></html>
"""


def routes(engine: Callable[[], Engine]) -> list[Route]:
    """The pages and what they ask for, as Tornado's patterns.

    Args:
        engine: finds the engine of this process.
    """
    run, files = "([0-9a-f]{40})", "|".join(_TYPES).replace(".", r"\.")
    handlers: dict[str, type[ApiHandler]] = {
        rf"/h5web/{run}": PageHandler,
        rf"/h5web/{run}/(meta|attr|data|paths)": ReadHandler,
        rf"/h5web/app/({files})": AppHandler,
        r"/h5web(?:/.*)?": NotFound,
    }
    return [(path, handler, {"engine": engine}) for path, handler in handlers.items()]


class PageHandler(ApiHandler):
    """GET /h5web/<id>."""

    async def get(self, run: str) -> None:
        """Send the page.

        Raises:
            Problem: no such artifact.
        """
        path = await self.off_loop(_file, (await self.engine()).workspace, run)
        _asker.submit(_reader.start)  # while the browser loads the bundle
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Content-Security-Policy", _POLICY)
        self.finish(_PAGE.format(short=run[:8], file=path.name))


class AppHandler(ApiHandler):
    """GET /h5web/app/<file of the bundle>."""

    async def get(self, name: str) -> None:
        """Send a file of the bundle; a browser that has it is told so by its ETag."""
        content = await self.off_loop(_bundled, name)
        self.set_header("Content-Type", f"{_TYPES[name]}; charset=utf-8")
        self.set_header("Cache-Control", "private, no-cache")
        self.finish(content)


class ReadHandler(ApiHandler):
    """GET /h5web/<id>/(meta|attr|data|paths), as h5grove answers them."""

    async def get(self, run: str, question: str) -> None:
        """Send what the file holds.

        Raises:
            Problem: no such artifact, no such thing in it, or too much at once.
        """
        query = {
            name: value
            for name in _QUERY
            if (value := self.get_query_argument(name, None, strip=False)) is not None
        }
        path = await self.off_loop(_file, (await self.engine()).workspace, run)
        ask = functools.partial(_reader.ask, path, run, question, query)
        found = await self.off_loop(functools.partial(ask, small=True), executor=_asker)
        if found.status != HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            await self._send(found)
            return
        async with self.settings.setdefault(_SLOTS, asyncio.Semaphore(_AT_ONCE)):
            if not self._is_gone():
                await self._send(await self.off_loop(ask, executor=_asker))

    async def _send(self, found: Answer) -> None:
        """Send an answer, to the end of its reader's time."""
        if found.status != HTTPStatus.OK:
            raise Problem(found.status, found.content.decode())
        for name, text in found.headers.items():
            self.set_header(name, text)
        length = len(found.content)
        self.set_header("Content-Length", str(length))
        try:
            async with asyncio.timeout(PATIENCE + length / SLOWEST):
                for first in range(0, length, CHUNK_BYTES):
                    if not await self.push(found.content[first : first + CHUNK_BYTES]):
                        return
        except TimeoutError:
            if isinstance(self.request.connection, HTTP1Connection):
                self.request.connection.close()

    def _is_gone(self) -> bool:
        """Whether whoever asked has closed the connection."""
        connection = self.request.connection
        return isinstance(connection, HTTP1Connection) and connection.stream.closed()

    def tell(self, status: int, detail: str, fields: Mapping[str, str]) -> None:
        """Refuse in the words that H5Web shows."""
        self.set_header("Content-Type", "application/json")
        self.finish({"message": detail})


def _file(workspace: Workspace, run: str) -> Path:
    """A run's artifact, without links on the way to it."""
    path = workspace.artifact_path(run)
    if not path.exists() and (gone := eviction(workspace, run)):
        raise Problem(HTTPStatus.GONE, gone)
    whole, folder = path.resolve(), path.parent.resolve()
    if not whole.is_relative_to(folder):
        raise Problem(
            HTTPStatus.FORBIDDEN,
            f"run {run}: its artifact is a link that leads out of {folder.name}, expected a file "
            "in it; put the file there.",
        )
    if not whole.is_file():
        raise ArtifactError(
            f"run {run}: no artifact, expected its file; `irer restore {run}` makes it again.",
            failure="artifact_missing",
        )
    return whole


@functools.cache
def _bundled(name: str) -> bytes:
    return (Path(__file__).parent / "dist" / name).read_bytes()

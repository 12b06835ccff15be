"""Sessions as browsers hold them, without the browsers: `python -m benchmarks.visitors URL COUNT`.

Each opens a page's socket, says that the page is loaded, and reads what the server sends, to the
end. "there" is printed once all their pages are furnished: nothing came for a while.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bokeh.document import Document
from bokeh.document.events import MessageSentEvent
from bokeh.events import DocumentReady
from bokeh.protocol import Protocol
from bokeh.util.token import generate_jwt_token, generate_session_id
from tornado.websocket import WebSocketClientConnection, websocket_connect

QUIET = 1.5


class Visitor:
    """One session; `heard` is when the server last sent something."""

    def __init__(self) -> None:
        self.heard = time.monotonic()

    async def open(self, url: str) -> WebSocketClientConnection:
        """Join a page of its own and say that it is loaded."""
        token = generate_jwt_token(generate_session_id())
        address = f"{url.replace('http', 'ws', 1)}/ws"
        socket = await websocket_connect(address, subprotocols=["bokeh", token])
        await socket.read_message()  # the server is ready: it says so first
        for part in loaded_message(Protocol()):
            await socket.write_message(part)
        return socket

    async def read(self, socket: WebSocketClientConnection) -> None:
        """Read until the server goes."""
        while await socket.read_message() is not None:
            self.heard = time.monotonic()


def loaded_message(protocol: Protocol) -> tuple[str, str, str]:
    """What a browser says once its page is loaded, in the parts in which it goes out."""
    loaded = MessageSentEvent(Document(), "bokeh_event", DocumentReady())
    message = protocol.create("PATCH-DOC", [loaded])
    return message.header_json, message.metadata_json, message.content_json


@contextmanager
def visited(url: str, count: int) -> Iterator[None]:
    """So many sessions beside those of the block."""
    command = [sys.executable, "-m", "benchmarks.visitors", url, str(count)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        if process.stdout.readline() != "there\n":
            raise RuntimeError(f"visitors: they ended, expected {count} sessions on {url}")
        yield
    finally:
        process.terminate()
        process.communicate(timeout=60)


async def visit(url: str, count: int) -> None:
    visitors = [Visitor() for _ in range(count)]
    sockets = [await visitor.open(url) for visitor in visitors]
    pairs = zip(visitors, sockets, strict=True)
    reading = [asyncio.create_task(visitor.read(socket)) for visitor, socket in pairs]
    while time.monotonic() - max(visitor.heard for visitor in visitors) < QUIET:
        await asyncio.sleep(0.1)
    print("there", flush=True)
    await asyncio.gather(*reading)


if __name__ == "__main__":
    asyncio.run(visit(sys.argv[1], int(sys.argv[2])))

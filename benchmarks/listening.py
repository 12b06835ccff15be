"""Readers of the event stream, many in one process."""

import asyncio
import re
import time
from urllib.parse import urlsplit

_ID = re.compile(rb"^id: ([0-9]+)\ndata: ", re.MULTILINE)


class Reader:
    """One reader: the number of each event in order of arrival, and when it came."""

    def __init__(self, url: str) -> None:
        self._host = urlsplit(url).netloc
        self.seen: list[int] = []
        self.at: list[float] = []

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open the stream behind the last event that was seen; from the first where none was."""
        host, _, port = self._host.partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        after = self.seen[-1] if self.seen else 0
        head = f"GET /api/events?after={after} HTTP/1.1\r\nHost: {self._host}\r\n\r\n"
        writer.write(head.encode())
        await reader.readuntil(b"event: snapshot\n")
        await reader.readuntil(b"\n\n")
        return reader, writer

    async def read(self, stream: asyncio.StreamReader, last: int) -> None:
        """Read until an event was seen."""
        rest = b""
        while not self.seen or self.seen[-1] < last:
            more = await stream.read(2**20)
            if not more:
                raise ConnectionError("the stream ended")
            now = time.time()
            whole, _, rest = (rest + more).rpartition(b"\n\n")
            found = [int(number) for number in _ID.findall(whole + b"\n\n")]
            self.seen += found
            self.at += len(found) * [now]

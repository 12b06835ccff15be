"""The artifact of a run as a file: streamed, resumable, identified by its contents."""

import asyncio
import os
import re
import stat
from http import HTTPStatus
from pathlib import Path

from engine.errors import ArtifactError
from engine.hunt.engine import Engine
from engine.store.eviction import eviction
from irer_panel.api.handler import ApiHandler
from irer_panel.api.limits import CHUNK_BYTES
from irer_panel.api.problem import Problem
from irer_panel.api.runs import unknown

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.ASCII)


class ArtifactHandler(ApiHandler):
    """GET and HEAD /api/runs/<id>/artifact."""

    async def get(self, run: str) -> None:
        """Send the file, or the range of it that is asked for.

        Raises:
            Problem: no such run, no file, or a range that it does not have.
        """
        descriptor, etag = await self.off_loop(_open, await self.engine(), run)
        try:
            await self._send(descriptor, etag, f"rho_history_{run}.h5")
        finally:
            os.close(descriptor)

    head = get

    async def _send(self, descriptor: int, etag: str, name: str) -> None:
        size = os.fstat(descriptor).st_size
        self.set_header("ETag", etag)
        self.set_header("Accept-Ranges", "bytes")
        self.set_header("Cache-Control", "private, no-cache")
        if self.check_etag_header():
            self.set_status(HTTPStatus.NOT_MODIFIED)
            return
        first, end = self._range(size, etag)
        self.set_header("Content-Type", "application/x-hdf5")
        self.set_header("Content-Disposition", f'attachment; filename="{name}"')
        self.set_header("Content-Length", str(end - first))
        if end - first < size:
            self.set_status(HTTPStatus.PARTIAL_CONTENT)
            self.set_header("Content-Range", f"bytes {first}-{end - 1}/{size}")
        if self.request.method == "HEAD":
            return
        loop = asyncio.get_running_loop()
        while first < end:
            length = min(CHUNK_BYTES, end - first)
            chunk = await loop.run_in_executor(None, os.pread, descriptor, length, first)
            if not chunk:
                raise OSError(f"{name}: shorter than when it was opened")
            if not await self.push(chunk):
                return
            first += len(chunk)

    def _range(self, size: int, etag: str) -> tuple[int, int]:
        """First byte and the one after the last; the whole where no one range is asked for."""
        found = _RANGE.fullmatch(self.request.headers.get("Range", ""))
        if found is None or found.group() == "bytes=-":
            return 0, size
        if self.request.headers.get("If-Range", etag) != etag:
            return 0, size
        low, high = found.groups()
        first = int(low) if low else max(0, size - int(high))
        end = min(size, int(high) + 1) if low and high else size
        if first >= size or first >= end:
            raise Problem(
                HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
                f"Range: got {found.group()}, expected a part of the {size} bytes; correct it.",
                headers={"Content-Range": f"bytes */{size}"},
            )
        return first, end


def _open(engine: Engine, run: str) -> tuple[int, str]:
    """A descriptor of a run's artifact, and its ETag."""
    row = engine.reader.run(run)
    if row is None:
        raise unknown(run)
    if row["artifact_sha256"] is None:
        raise Problem(HTTPStatus.NOT_FOUND, f"run {run}: has no artifact; its status says why.")
    path = engine.workspace.artifact_path(run)
    if row["evicted"] is not None and not path.exists():
        raise Problem(HTTPStatus.GONE, eviction(engine.workspace, run) or "")
    whole = path.resolve()
    if not whole.is_relative_to(engine.workspace.root.resolve()):
        raise Problem(
            HTTPStatus.FORBIDDEN,
            f"run {run}: its artifact is a link that leads out of the workspace, expected a file "
            "in it; put the file there.",
        )
    return _regular(whole, run), f'"{row["artifact_sha256"]}"'


def _regular(path: Path, run: str) -> int:
    try:
        # Non-blocking: a pipe in its place would wait for a writer for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise ArtifactError(
            f"run {run}: {error.strerror}, expected its artifact; `irer restore {run}` makes it "
            "again.",
            failure="artifact_missing",
        ) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ArtifactError(f"run {run}: got something that is not a file, expected its artifact.")
    return descriptor

"""What H5Web asks about an artifact, answered by h5grove from a file that the engine has checked.

Runs in a process of its own (`irer_panel.h5web.reader`): a damaged file can make HDF5 loop
or crash.
"""

import math
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path

import h5py
import numpy as np
from h5grove.content import DatasetContent, GroupContent, create_content
from h5grove.encoders import encode
from h5grove.utils import NotFoundError, QueryArgumentError, hdf_path_join, parse_slice

from engine.errors import ArtifactError
from engine.store import guard
from engine.store.artifact import Artifact
from irer_panel.h5web.answer import Answer

QUESTIONS = ("meta", "attr", "data", "paths")
"""Paths of h5grove's interface, version 4, as H5Web 17 asks for them."""

MAX_BYTES = 256 * 2**20
"""Most bytes of values at once: a field of 8192², float32."""

MAX_TEXT_VALUES = 2**22
"""Most values that are written out as text: complex ones, which H5Web takes as JSON."""

SMALL_VALUES = 2**16
"""Most values of a small answer: an axis of the longest grid. It is under 4 MB as text."""

_BINARY = ("bin", "npy", "tiff")


class _Large(Exception):  # noqa: N818  (no error: it is asked for again)
    """More values than a small answer has."""


class Reading:
    """Answers questions; the artifact of the last one stays open, as the next is about it too.

    To check a file takes ten times as long as to answer from it, and H5Web asks twelve times
    before it shows anything.
    """

    def __init__(self) -> None:
        self._identity: tuple[object, ...] = ()
        self._artifact: Artifact | None = None
        self._file: h5py.File | None = None

    def answer(
        self, path: Path, run: str, question: str, query: Mapping[str, str], *, small: bool = False
    ) -> Answer:
        """Answer one question about the artifact of a run; what cannot be answered is a refusal.

        Args:
            path: the file, without links on the way.
            run: whose artifact it must be.
            question: one of `QUESTIONS`.
            query: `path` in the file; of data, `selection`, `dtype`, `flatten` and `format`.
            small: refuse with 413, unread, what has more than `SMALL_VALUES`.
        """
        try:
            found = _found(*self._opened(path, run), question, query, small)
        except _Large:
            return Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, b"", {})
        except (ArtifactError, NotFoundError) as error:
            return _refusal(HTTPStatus.NOT_FOUND, error)
        except (QueryArgumentError, ValueError, TypeError, IndexError) as error:
            return _refusal(HTTPStatus.UNPROCESSABLE_ENTITY, error)
        except (OSError, RuntimeError, KeyError) as error:  # HDF5's, of what no header tells
            return _refusal(HTTPStatus.UNPROCESSABLE_ENTITY, error)
        headers = {name: text for name, text in found.headers.items() if name != "Content-Length"}
        return Answer(HTTPStatus.OK, found.content, headers)

    def close(self) -> None:
        """Close what is open: one that is deleted meanwhile would go on taking its space."""
        if self._file is not None:
            self._file.close()
        self._identity, self._file, self._artifact = (), None, None

    def _opened(self, path: Path, run: str) -> tuple[h5py.File, Artifact]:
        """The artifact, checked; again if it is another file than it was."""
        identity = _identity(path, run)
        if self._file is None or self._artifact is None or identity != self._identity:
            self.close()
            file = guard.open_readonly(path)
            try:
                self._artifact = Artifact(path, file, run)
            except BaseException:
                file.close()
                raise
            self._file, self._identity = file, identity
        return self._file, self._artifact


def _identity(path: Path, run: str) -> tuple[object, ...]:
    try:
        found = path.stat()
    except OSError:  # opening it says what is wrong
        return ()
    return (path, run, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


def _found(  # type: ignore[no-untyped-def]  # h5grove's Response
    file: h5py.File, artifact: Artifact, question: str, query: Mapping[str, str], small: bool
):
    where = query.get("path", "/")
    if not where.startswith("/") or "\0" in where:
        raise NotFoundError(f"{where[:80]!r} is not a valid path")
    content = create_content(file, where)
    if question == "meta":
        return encode(content.metadata())
    if question == "attr":
        return encode(content.attributes())
    if question == "paths":
        return encode(_paths(content))
    if not isinstance(content, DatasetContent):
        raise TypeError(f"{where[:80]}: got no dataset, expected one; ask for its members.")
    _bounded(file[where], query, small)
    link = file.get(where, getlink=True)
    stored = link.path if isinstance(link, h5py.SoftLink) else where
    artifact.require_whole(stored.strip("/"))
    flat = query.get("flatten", "false").lower() != "false"
    data = content.data(query.get("selection"), flat, query.get("dtype"))
    return encode(data, query.get("format"))


def _paths(content: object) -> list[str]:
    if not isinstance(content, GroupContent):
        raise TypeError("path: got no group, expected one; ask for the data of a dataset.")
    found = [content.path]
    content._h5py_entity.id.links.visit(
        lambda name: found.append(hdf_path_join(content.path, name.decode()))
    )
    return found


def _bounded(dataset: h5py.Dataset, query: Mapping[str, str], small: bool) -> None:
    """Refuse more than can be held; the selection is applied to nothing but the shape."""
    shape = dataset.shape
    if "selection" in query:
        hollow = np.broadcast_to(np.zeros((), np.uint8), shape)
        shape = np.shape(hollow[parse_slice(query["selection"])])
    values = math.prod(shape)
    most = MAX_BYTES // dataset.dtype.itemsize
    if query.get("format") not in _BINARY:
        most = min(most, MAX_TEXT_VALUES)
    if values > most:
        raise ValueError(
            f"{dataset.name}: {values} values asked for, expected at most {most} at once; look "
            "at a level under /pyramid, or open the file in h5py or xarray."
        )
    if small and values > SMALL_VALUES:
        raise _Large


def _refusal(status: int, error: Exception) -> Answer:
    words = " ".join(str(error).split())[:500] or type(error).__name__
    return Answer(status, words.encode(), {})

"""What must hold before anything is read from an HDF5 file that may not be ours.

A file can be truncated, tampered with or made to harm: a small file can claim a field of
gigabytes, point at another file, or hold pickled objects. Each check here looks at headers only, so
memory stays bounded by the size of the file whatever it claims.
"""

import contextlib
import math
import stat
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from engine.errors import ArtifactError
from engine.store.ahead import Chunks
from engine.store.layout import MAX_CHUNK

MAX_TEXT = 65_536
MAX_MEMBERS = 1_000
_CHECKSUM_BYTES = 4
_CHUNK_CACHE = 2**20
_MOST_METADATA = 2**20
_LAYOUTS = (h5py.h5d.CHUNKED, h5py.h5d.CONTIGUOUS, h5py.h5d.COMPACT)
_H5PY_ERRORS = (OSError, KeyError, RuntimeError, ValueError, TypeError)


@dataclass(frozen=True)
class Header:
    """A dataset whose header has been checked: reading it needs `nbytes` and no more."""

    dataset: h5py.h5d.DatasetID
    shape: tuple[int, ...]
    dtype: np.dtype

    @property
    def nbytes(self) -> int:
        """Bytes of the whole array."""
        return math.prod(self.shape) * self.dtype.itemsize


def refused(
    where: str, got: str, expected: str, failure: str = "artifact_unreadable"
) -> ArtifactError:
    """The error of an artifact that cannot be trusted, with what to do about it."""
    place = " ".join(where.split())[:400]  # a name in a file may hold anything
    return ArtifactError(
        f"{place}: got {got}, expected {expected}; re-create the artifact with `irer run`.",
        failure=failure,
    )


@contextlib.contextmanager
def reading(where: str) -> Iterator[None]:
    """Turn whatever HDF5 raises inside the block into an `ArtifactError` about `where`."""
    try:
        yield
    except ArtifactError:
        raise
    except _H5PY_ERRORS as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise refused(where, f"an error ({reason[:200]})", "intact data") from error


def open_readonly(path: Path) -> h5py.File:
    """Open an HDF5 file for reading beside any number of other readers.

    No lock is needed: an artifact never changes after it has its name.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        raise refused(str(path), "no such file", "an artifact", "artifact_missing") from error
    except OSError as error:
        raise refused(str(path), f"{error.strerror or error}", "a readable file") from error
    if not stat.S_ISREG(mode):
        # A pipe would block and a device would never end: neither is opened.
        raise refused(str(path), "something that is not a file", "an artifact")
    with reading(path.name):
        return _open(path)


def text_attribute(owner: h5py.Group, name: str) -> str:
    """A text attribute of at most 64 kB, as the engine stores its config: of fixed length.

    Text of variable length lies in a heap, and a damaged heap traps HDF5 in an endless loop, so
    such a text is not read: whoever put it there has replaced the engine's.
    """
    where = f"{owner.name}@{name}"
    with reading(where):
        if name not in owner.attrs:
            raise refused(where, "no such attribute", "text")
        attribute = h5py.h5a.open(owner.id, name.encode())
        kind = attribute.get_type()
        plain = kind.get_class() == h5py.h5t.STRING and not kind.is_variable_str()
        if not plain or attribute.shape != () or kind.get_size() > MAX_TEXT:
            raise refused(
                where,
                "something that the engine did not store",
                f"a text of fixed length, at most {MAX_TEXT} bytes",
                "config_mismatch",
            )
        return bytes(owner.attrs[name]).decode()


def number_attribute(owner: h5py.Group, name: str) -> float:
    """A finite scalar attribute."""
    where = f"{owner.name}@{name}"
    with reading(where):
        if name not in owner.attrs:
            raise refused(where, "no such attribute", "a number")
        attribute = h5py.h5a.open(owner.id, name.encode())
        kind = attribute.get_type().get_class()
        if kind not in (h5py.h5t.INTEGER, h5py.h5t.FLOAT) or attribute.shape != ():
            raise refused(where, "an attribute of another type", "one number")
        value = float(owner.attrs[name])
    if not math.isfinite(value):
        raise refused(where, f"{value}", "a finite number")
    return value


def group(file: h5py.File, name: str) -> h5py.Group:
    """The group called `name` at the root, stored in this file."""
    with reading(name):
        found = _resolve(file, name)
    if not isinstance(found, h5py.h5g.GroupID):
        raise refused(name, "something else", "a group")
    return h5py.Group(found)


def members(owner: h5py.Group) -> list[str]:
    """The names in a group, refused where there are absurdly many."""
    where = str(owner.name)
    with reading(where):
        if len(owner) > MAX_MEMBERS:
            raise refused(where, f"{len(owner)} members", f"at most {MAX_MEMBERS}")
        return sorted(owner)


def nothing_else(owner: h5py.Group, expected: Collection[str]) -> None:
    """Refuse a group with a member that is not expected: nobody wrote it for a good reason."""
    where = str(owner.name)
    for name in members(owner):
        if name not in expected:
            raise refused(f"{where}: {name[:80]!r}", "a stranger", "what the engine stores alone")


def links_within(owner: h5py.Group, targets: Collection[str]) -> None:
    """Refuse a group that holds anything but soft links to some objects of the same file."""
    for name in members(owner):
        where = f"{owner.name}/{name[:80]!r}"
        with reading(where):
            link = owner.get(name, getlink=True)
            if type(link) is not h5py.SoftLink or link.path not in targets:
                raise refused(where, "something else", "a link to a dataset of this file")


def compact(where: str, file: h5py.File, headers: Collection["Header"]) -> None:
    """Refuse a file much longer than its datasets, or with something before its start.

    What comes after, such as a hole of a terabyte, costs no room and hours to run a checksum over.
    """
    with reading(where):
        if file.id.get_create_plist().get_userblock():
            raise refused(where, "a user block", "a file that starts with HDF5's own first byte")
    most = _MOST_METADATA + 2 * sum(math.prod(_stored(checked)) for checked in headers)
    if file.id.get_filesize() > most:
        raise refused(where, f"{file.id.get_filesize()} bytes", f"at most {most} for its datasets")


def type_among(file: h5py.File, name: str, allowed: Sequence[np.dtype]) -> np.dtype:
    """Which of some types a dataset has."""
    with reading(name):
        dataset = _resolve(file, name)
        if not isinstance(dataset, h5py.h5d.DatasetID):
            raise refused(name, "something else", "a dataset")
        for dtype in allowed:
            if dataset.get_type().equal(h5py.h5t.py_create(dtype)):
                return dtype
        raise refused(name, "another data type", " or ".join(map(str, allowed)))


def header(
    file: h5py.File, name: str, dtype: np.dtype, shape: tuple[int | None, ...], file_bytes: int
) -> Header:
    """Check a dataset by its header.

    Args:
        file: an open file.
        name: path of the dataset; each step must be a plain link within the file.
        dtype: the exact type it must have: no objects, text or references.
        shape: the exact shape it must have; None stands for any length.
        file_bytes: size of the file, which no uncompressed dataset exceeds.

    Raises:
        ArtifactError: anything else was found.
    """
    with reading(name):
        dataset = _resolve(file, name)
        if not isinstance(dataset, h5py.h5d.DatasetID):
            raise refused(name, "something else", "a dataset")
        kind = dataset.get_type()
        # Equal as HDF5 types: NumPy's types do not tell how a float's bits are laid out.
        if not kind.equal(h5py.h5t.py_create(dtype)):
            raise refused(name, "another data type", str(dtype))
        found = dataset.shape
        if len(found or ()) != len(shape) or any(
            want not in (None, length) for want, length in zip(shape, found, strict=True)
        ):
            want = " × ".join("any" if length is None else str(length) for length in shape)
            raise refused(name, f"shape {found}", want)
        _check_storage(name, dataset.get_create_plist(), dtype)
    checked = Header(dataset, tuple(found), dtype)
    if checked.nbytes > file_bytes:
        raise refused(name, f"a claim of {checked.nbytes} bytes", f"at most {file_bytes}")
    return checked


def checksummed(name: str, checked: Header) -> None:
    """Refuse a dataset whose damage HDF5 would not notice."""
    creation = checked.dataset.get_create_plist()
    if creation.get_layout() != h5py.h5d.CHUNKED or not creation.get_nfilters():
        raise refused(name, "no checksums", "chunks with fletcher32")


def verify(name: str, checked: Header) -> None:
    """Read a dataset for its checksums, one frame of a history at a time, and keep nothing."""
    if len(checked.shape) < 3:
        read(name, checked)
        return
    frame = np.empty(checked.shape[1:], checked.dtype)
    with reading(name):
        _check_allocation(name, checked)
        memory, stored = h5py.h5s.create_simple(frame.shape), checked.dataset.get_space()
        for index in range(checked.shape[0]):
            stored.select_hyperslab((index, 0, 0), (1, *frame.shape))
            checked.dataset.read(memory, stored, frame)


def read(name: str, checked: Header) -> np.ndarray:
    """Read a dataset whose header has been checked, after checking that all of it is there."""
    out = np.empty(checked.shape, checked.dtype)
    if out.size:
        with reading(name):
            _check_allocation(name, checked)
            checked.dataset.read(h5py.h5s.ALL, h5py.h5s.ALL, out)
    return out


def allocated(name: str, checked: Header) -> Chunks | None:
    """Refuse a plane with holes, once before parts of it are read.

    Returns:
        Where its chunks are, None where it is stored in one piece.
    """
    with reading(name):
        places = _check_allocation(name, checked)
        if not places:
            return None
        side = checked.dataset.get_create_plist().get_chunk()
        grid = [-(-length // step) for length, step in zip(checked.shape, side, strict=True)]
        ordered = np.array([places[at] for at in sorted(places)], np.int64)  # row by row
        return Chunks(ordered.reshape(grid), side, _stored(checked)[1])


def window(
    name: str, checked: Header, chunks: Chunks | None, rows: slice, columns: slice
) -> np.ndarray:
    """Read a part of a plane that `allocated` has passed, and only the chunks that it touches."""
    out = np.empty((rows.stop - rows.start, columns.stop - columns.start), checked.dtype)
    with reading(name):
        if chunks is not None:
            file = h5py.h5i.get_file_id(checked.dataset)
            chunks.ask_for(file.get_vfd_handle(), rows, columns)
        stored = checked.dataset.get_space()
        stored.select_hyperslab((rows.start, columns.start), out.shape)
        checked.dataset.read(h5py.h5s.create_simple(out.shape), stored, out)
    return out


def _open(path: Path) -> h5py.File:
    # HDF5 opens a file once a process: who comes second, say after a notebook's xarray, must ask
    # for the same kind of locks as the first.
    for locking in (False, None):
        with contextlib.suppress(OSError):
            return h5py.File(path, "r", locking=locking, rdcc_nbytes=_CHUNK_CACHE)
    return h5py.File(path, "r", locking=True, rdcc_nbytes=_CHUNK_CACHE)


def _resolve(file: h5py.File, name: str) -> h5py.h5g.GroupID | h5py.h5d.DatasetID:
    """The object at a path of hard links: links to other files are not followed."""
    found = file.id
    for part in name.split("/"):
        if not isinstance(found, h5py.h5g.GroupID) or not found.links.exists(part.encode()):
            raise refused(name, "nothing", "a part of an artifact")
        if found.links.get_info(part.encode()).type != h5py.h5l.TYPE_HARD:
            raise refused(name, "a link to elsewhere", "data in the file itself")
        found = h5py.h5o.open(found, part.encode())
    return found


def _check_storage(name: str, creation: h5py.h5p.PropDCID, dtype: np.dtype) -> None:
    if creation.get_layout() not in _LAYOUTS:
        raise refused(name, "a virtual dataset", "data in the file itself")
    if creation.get_external_count():
        raise refused(name, "data in another file", "data in the file itself")
    for index in range(creation.get_nfilters()):
        # Any other filter could unpack a small file into an unbounded amount of memory.
        if creation.get_filter(index)[0] != h5py.h5z.FILTER_FLETCHER32:
            raise refused(name, "compressed data", "plain data with fletcher32")
    if creation.get_layout() == h5py.h5d.CHUNKED:
        chunk = creation.get_chunk()
        if math.prod(chunk) > MAX_CHUNK**2:
            raise refused(name, f"chunks {chunk}", f"chunks of at most {MAX_CHUNK**2} values")


def _check_allocation(name: str, checked: Header) -> dict[tuple[int, ...], int]:
    """Refuse a dataset with holes: HDF5 would fill them with zeros and say nothing.

    Returns:
        Each chunk's first byte in the file, by its first value's place in the dataset.
    """
    creation = checked.dataset.get_create_plist()
    if creation.get_layout() != h5py.h5d.CHUNKED:
        stored = checked.dataset.get_storage_size()
        if stored != checked.nbytes:
            raise refused(name, f"{stored} bytes stored", f"{checked.nbytes}")
        return {}
    chunk = creation.get_chunk()
    expected, size = _stored(checked)
    places = {}
    sound = True
    end_of_file = h5py.h5i.get_file_id(checked.dataset).get_filesize()

    def visit(info: h5py.h5d.StoreInfo) -> None:
        nonlocal sound
        places[info.chunk_offset] = info.byte_offset
        inside = all(
            at % step == 0 and at < end
            for at, step, end in zip(info.chunk_offset, chunk, checked.shape, strict=True)
        )
        inside = inside and info.byte_offset + info.size <= end_of_file
        sound = sound and inside and info.size == size and info.filter_mask == 0

    checked.dataset.chunk_iter(visit)
    if len(places) != expected or not sound:
        raise refused(name, f"{len(places)} chunks stored", f"{expected} of {size} bytes")
    return places


def _stored(checked: Header) -> tuple[int, int]:
    """How many chunks a dataset has, and how many bytes each; a contiguous one is one chunk."""
    creation = checked.dataset.get_create_plist()
    if creation.get_layout() != h5py.h5d.CHUNKED:
        return 1, checked.nbytes
    chunk = creation.get_chunk()
    count = math.prod(-(-n // c) for n, c in zip(checked.shape, chunk, strict=True))
    size = math.prod(chunk) * checked.dtype.itemsize
    return count, size + _CHECKSUM_BYTES * creation.get_nfilters()

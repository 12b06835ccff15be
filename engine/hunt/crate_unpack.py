"""Unpacks a crate whose table of contents is sound, and holds it to the sums that it declares."""

import hashlib
import os
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from engine.hunt.crate_contents import METADATA
from engine.store import strict_json


def unpack(archive: zipfile.ZipFile, root: Path) -> None:
    """Unpack into a new folder, each file with the size and SHA-256 that the metadata give it.

    Raises:
        ValueError: the crate is damaged or does not agree with itself.
        OSError: the folder cannot be written.
    """
    declared = _declared(archive)
    for entry in archive.infolist():
        if entry.filename == METADATA:
            continue
        if entry.filename not in declared:
            raise ValueError(f"{entry.filename}, of which the metadata say nothing")
        target = root / entry.filename
        target.parent.mkdir(exist_ok=True)
        digest, total = hashlib.sha256(), 0
        with target.open("xb") as stream:
            for chunk in _pieces(archive, entry):
                total += len(chunk)
                if total > entry.file_size:
                    raise ValueError(f"{entry.filename}, longer than its table of contents says")
                digest.update(chunk)
                stream.write(chunk)
            stream.flush()
            os.fsync(stream.fileno())
        if (str(total), digest.hexdigest()) != declared.pop(entry.filename):
            raise ValueError(f"{entry.filename} with another size or SHA-256 than the metadata say")
    if declared:
        raise ValueError(f"no {next(iter(declared))[:120]!r}, of which the metadata tell")


def _declared(archive: zipfile.ZipFile) -> dict[str, tuple[str, str]]:
    """Size and SHA-256 of each file by its name, as the metadata have them."""
    text = b"".join(_pieces(archive, archive.getinfo(METADATA)))
    graph = strict_json.loads(text).get("@graph")
    if not isinstance(graph, list) or not all(isinstance(each, dict) for each in graph):
        raise ValueError("metadata without a @graph of objects")
    return {
        str(each.get("@id")): (str(each.get("contentSize")), str(each.get("sha256")))
        for each in graph
        if each.get("@type") == "File"
    }


def _pieces(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """What a file of the crate holds; whatever cannot be read is a ValueError."""
    try:
        with archive.open(entry) as source:
            while chunk := source.read(2**20):
                yield chunk
    except (OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{entry.filename}, which cannot be unpacked: {error}") from error

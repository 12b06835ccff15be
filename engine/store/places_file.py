"""The places of a hunt that is over, in a file that outlives the ledger.

`analysis_reports/hunt_<hunt_id>_places.jsonl` begins with an object: hunt_id, ended (the time, as
in the hunt's record) and how many places follow. Then comes a line a place, in order of commit.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.errors import WorkspaceError
from engine.settings import HuntSettings
from engine.store import strict_json
from engine.store.place import Place
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace, atomic_write, checked_id

MAX_LINE = 16_384
"""Characters; an honest line has some hundred."""

_HUNT = re.compile(r"\d{4}-\d\d-\d\d-\d{3,9}")


def places_path(workspace: Workspace, hunt_id: str) -> Path:
    """Where the places of a hunt lie.

    Raises:
        WorkspaceError: an id that is none.
    """
    if not _HUNT.fullmatch(hunt_id):
        raise WorkspaceError(
            f"hunt id: got {hunt_id[:80]!r}, expected a date and a number, such as "
            "2026-11-21-001; report this."
        )
    return workspace.root / "analysis_reports" / f"hunt_{hunt_id}_places.jsonl"


def write_places(path: Path, reader: LedgerReader, hunt: Mapping[str, Any]) -> None:
    """Keep the places of a hunt that is over.

    Args:
        path: the file.
        reader: of the ledger, in which nobody writes meanwhile.
        hunt: a row as `LedgerReader.hunts` gives it.

    Raises:
        WorkspaceError: the file cannot be written.
    """
    hunt_id = hunt["hunt_id"]
    head = {"hunt_id": hunt_id, "ended": hunt["ended"], "places": reader.count(hunt_id)}
    with (
        atomic_write(path) as temporary,
        temporary.open("w", encoding="utf-8") as stream,
        reader.places(Place._fields, hunt_id) as rows,
    ):
        stream.write(strict_json.dumps(head) + "\n")
        for *values, gradient in rows:
            line = [*values, None if gradient is None else json.loads(gradient)]
            stream.write(json.dumps(line, separators=(",", ":"), allow_nan=False) + "\n")


def has_places(path: Path, hunt: Mapping[str, Any]) -> bool:
    """Whether the places of a hunt were kept at the end that its record tells of.

    Raises:
        OSError, ValueError: the file cannot be read, or is another hunt's.
    """
    if not hunt["ended"] or not path.is_file():
        return False
    with path.open(encoding="utf-8") as stream:
        return bool(_head(path, stream.readline(MAX_LINE), hunt)["ended"] == hunt["ended"])


def read_places(path: Path, hunt: Mapping[str, Any]) -> Iterator[Place]:
    """The places that were kept of a hunt, one after the other.

    Args:
        path: the file.
        hunt: its record.

    Raises:
        OSError, ValueError: the file cannot be read, is another hunt's, or is not whole.
    """
    settings = HuntSettings.from_mapping(hunt["settings"])
    count = 0
    with path.open(encoding="utf-8") as stream:
        most = _head(path, stream.readline(MAX_LINE), hunt)["places"]
        while line := stream.readline(MAX_LINE):
            count += 1
            place = _place(line)
            if place is None or count > most or place.generation > settings.num_generations:
                raise _damaged(path, f"{line[:80]!r} as place {count} of {most}")
            yield place
    if count != most:
        raise _damaged(path, f"{count} of {most} places")


def _head(path: Path, line: str, hunt: Mapping[str, Any]) -> dict[str, Any]:
    head = strict_json.loads(line)
    count, most = head.get("places"), HuntSettings.from_mapping(hunt["settings"]).total_runs
    if head.get("hunt_id") != hunt["hunt_id"] or type(count) is not int or not 0 <= count <= most:
        raise _damaged(path, f"{line[:200]!r}")
    return {"ended": None, **head}


def _place(line: str) -> Place | None:
    """A line's place; None where it is none."""
    values = json.loads(line)
    if not isinstance(values, list) or len(values) != len(Place._fields):
        return None
    place = Place(*values)
    checked_id(place.config_hash)
    numbers = [*([] if place.fitness is None else [place.fitness])]
    if place.gradient is not None:
        if not isinstance(place.gradient, list):
            return None
        numbers += place.gradient
    sound = all(type(each) in (int, float) and math.isfinite(each) for each in numbers)
    where = (place.generation, place.member, place.replicate)
    return place if sound and all(type(n) is int and 0 <= n < 2**31 for n in where) else None


def _damaged(path: Path, got: str) -> WorkspaceError:
    return WorkspaceError(
        f"{path.name}: got {got}, expected the places of one hunt as it wrote them at its end; "
        "resume the hunt, or restore the file from a copy and rebuild again."
    )

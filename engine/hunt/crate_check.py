"""What the files of a crate must say: asked of ours before they leave, of others' before they come.

All functions raise ValueError, an `EngineError`, KeyError, TypeError, OverflowError or OSError for
what cannot be: `UNFIT`.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from engine.errors import EngineError
from engine.hunt.crate_contents import HUNT
from engine.hunt.fitness import fitness
from engine.hunt.significance import report_path
from engine.settings import HuntSettings, RunConfig
from engine.store import strict_json
from engine.store.place import Place
from engine.store.provenance import read_provenance
from engine.store.rebuild import config_of
from engine.store.run_row import RunRow
from engine.store.tables import ENDED
from engine.store.workspace import Workspace

UNFIT = (EngineError, KeyError, TypeError, ValueError, OverflowError, OSError)

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?\+00:00", re.ASCII)
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=1)
"""Clocks differ; what is later than that would lead the ids of hunts to come."""


def printable(text: str) -> str:
    """Text without what a terminal obeys, which is written out as Python would."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def check_record(record: Mapping[str, Any]) -> None:
    """That a hunt's record, which `read_hunt_record` took, may go from workspace to workspace."""
    hunt_id, state, reason = record["hunt_id"], record["state"], record["reason"]
    if not re.fullmatch(HUNT, hunt_id):
        raise ValueError(f"hunt id {hunt_id!r}, not a day and a number of at most six digits")
    created = _time("created", record["created"])
    if record["ended"] is not None:
        _time("ended", record["ended"])
    # A hunt has a later day than its own where one before it came from a clock ahead of ours.
    day = date.fromisoformat(hunt_id[:10])
    if not created.date() <= day <= (datetime.now(UTC) + _AHEAD).date():
        raise ValueError(f"hunt {hunt_id}, begun {record['created']}, of a day that cannot be")
    if state not in ENDED:
        raise ValueError(f"hunt state {state!r}, not one of {', '.join(ENDED)}")
    if not isinstance(reason, str) or printable(reason) != reason:
        raise ValueError(f"hunt reason {str(reason)[:80]!r}, which is no plain text")
    if record["settings"].get("scheduler"):
        # What a scheduler sends is unpickled: whoever is named there runs code here.
        raise ValueError(f"a hunt on the scheduler {record['settings']['scheduler']!r}")


def _time(name: str, value: Any) -> datetime:
    if isinstance(value, str) and _TIME.fullmatch(value):
        found = datetime.fromisoformat(value)
        if _EARLIEST <= found <= datetime.now(UTC) + _AHEAD:
            return found
    raise ValueError(f"hunt {name} {str(value)[:80]!r}, not a time in UTC that has been")


def check_config(name: str, place: Workspace) -> None:
    """That a run's config file holds the config of that run."""
    values = strict_json.loads(place.config_path(name).read_bytes())
    if RunConfig.from_mapping(values).config_hash != name:
        raise ValueError(f"config_{name}.json with the config of another run")


def check_significance(hunt_id: str, place: Workspace) -> None:
    """That the report on a hunt's runs is of that hunt, and has what is shown of it."""
    path = report_path(place, hunt_id)
    report = strict_json.loads(path.read_bytes())
    if report.get("hunt_id") != hunt_id:
        raise ValueError(f"{path.name} of hunt {report.get('hunt_id')!r}")
    if not isinstance(report.get("conclusion"), str) or not isinstance(
        report.get("significant"), list
    ):
        raise ValueError(f"{path.name} without its conclusion or what is significant")


def checked_run(name: str, place: Workspace) -> tuple[RunRow, dict[str, str]]:
    """A run's row from its audit, and the versions of the software that audited it, by name."""
    provenance = read_provenance(place.provenance_path(name))
    config = RunConfig.from_mapping(config_of(name, provenance, place), complete=True)
    if config.config_hash != name:
        raise ValueError(f"provenance_{name}.json with the config of another run")
    software = provenance.get("software", {})
    if not isinstance(software, dict) or not all(isinstance(v, str) for v in software.values()):
        raise ValueError(f"provenance_{name}.json with software {str(software)[:80]!r}")
    return RunRow.from_provenance(config, provenance), software


def checked_places(
    record: Mapping[str, Any], places: Iterable[Place], rows: Mapping[str, RunRow]
) -> Iterator[Place]:
    """The places of a hunt, each of a run that was audited, with the fitness its audit gives it.

    A run may have failed in this hunt, and have been scored in another.
    """
    objective = HuntSettings.from_mapping(record["settings"]).sought[0]
    taken: set[tuple[int, int, int]] = set()
    for place in places:
        name, worth, where = place.config_hash, place.fitness, place[:3]
        if where in taken:
            raise ValueError(f"the place {where} twice")
        taken.add(where)
        if name not in rows:
            raise ValueError(f"a place of run {name}, of which there is no audit")
        found = fitness(rows[name], objective)
        if worth is not None and (found is None or not math.isclose(worth, found, rel_tol=1e-9)):
            raise ValueError(f"fitness {worth} of run {name}, whose audit makes it {found}")
        yield place

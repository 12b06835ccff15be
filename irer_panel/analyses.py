"""What the Analyses tab shows: which components there are, and what one made of a run or hunt.

All of it reads or computes: call it off the event loop.
"""

import base64
import contextlib
import csv
import itertools
import json
import logging
import threading
import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from engine.cores import step_aside
from engine.errors import EngineError
from engine.hunt.engine import Engine
from engine.layer2.discovery import Component, find_component, find_components
from engine.layer2.limits import limits_for
from engine.layer2.manifest import JOB
from engine.layer2.orchestrator import analyze, output_paths
from engine.layer2.reports import read_newest
from engine.layer2.tables import rows_of
from engine.layer2.trust import checksum_of, is_trusted
from engine.store.workspace import Workspace

_log = logging.getLogger(__name__)

MOST_ROWS = 5000
"""Of a CSV, so many rows are drawn."""

MOST_COLUMNS = 40
"""Of a CSV, so many columns are looked at."""

MOST_CELL = 200
"""Characters of a cell."""

MOST_PICTURE = 8 * 2**20
"""Bytes of a picture that the page takes along."""

MOST_DOWNLOAD = 8 * 2**20
"""Bytes of an output that the page hands out, through the loop; a larger one lies where it says."""


class Offers(NamedTuple):
    """The components of a workspace that a page can run, and why others cannot be used."""

    components: tuple[Component, ...]
    untrusted: frozenset[str]
    broken: tuple[str, ...]
    code: Mapping[str, str] = {}
    """Checksums of the components' code as it is now, by name."""


def read_offers(workspace: Workspace) -> Offers:
    """Look for components; jobs, such as the hunt, are started elsewhere on the page."""
    found = find_components(workspace)
    broken = dict(found.broken)
    components, untrusted, code = [], set(), {}
    for each in found.components.values():
        if each.manifest.subject == JOB:
            continue
        try:
            code[each.name] = checksum_of(each)
            if not is_trusted(workspace, each):
                untrusted.add(each.name)
        except EngineError as error:
            broken[each.name] = str(error)
        else:
            components.append(each)
    return Offers(tuple(components), frozenset(untrusted), tuple(broken.values()), code)


class Table(NamedTuple):
    """The beginning of a CSV.

    Attributes:
        rows: of cells, with the names first.
        columns: how many the file has.
        is_whole: whether there are no more rows.
    """

    rows: list[list[str]]
    columns: int
    is_whole: bool


@dataclass(frozen=True)
class Made:
    """One output as the page shows it.

    Attributes:
        name: the manifest's.
        type: `path:json`, `path:csv`, `path:png` or `path:h5`.
        path: where it lies.
        content: parsed JSON; a `Table`; a picture in base64; None for what is not shown.
        size: of the file, in bytes.
    """

    name: str
    type: str
    path: Path
    content: Any = None
    size: int = 0


@dataclass(frozen=True)
class Analysis:
    """What a component made of something.

    Attributes:
        component: its name.
        subject: id of the run or hunt.
        report: the newest one; None before there is one.
        outputs: of the report.
        problem: why they cannot be read.
    """

    component: str
    subject: str
    report: Mapping[str, Any] | None = None
    outputs: tuple[Made, ...] = ()
    problem: str = ""


def read_analysis(
    workspace: Workspace, component: str, subject: str, before: Analysis | None = None
) -> Analysis:
    """The newest report of a component on a run or hunt, with its outputs.

    Args:
        workspace: where it is kept.
        component: its name.
        subject: id of the run or hunt.
        before: what was read last; the same is given back while the report is the same.
    """
    found = Analysis(component, subject)
    try:
        report = read_newest(workspace, component, subject) if subject else None
        same = before and (before.component, before.subject, before.report)
        if before and not before.problem and same == (component, subject, report):
            return before
        if report is None:
            return found
        found = replace(found, report=report)
        paths = output_paths(workspace, report)
        return replace(
            found,
            outputs=tuple(
                Made(each["name"], each["type"], paths[each["name"]],
                     _content(each["type"], paths[each["name"]]),
                     paths[each["name"]].stat().st_size)
                for each in report["outputs"]
            ),
        )  # fmt: skip
    except (EngineError, OSError, ValueError, KeyError, RecursionError, csv.Error) as error:
        return replace(found, problem=f"Its outputs cannot be read: {error}")


def _content(kind: str, path: Path) -> Any:
    if kind == "path:json":
        return json.loads(path.read_bytes())
    if kind == "path:csv":
        return _table(path)
    if kind == "path:png" and path.stat().st_size <= MOST_PICTURE:
        return base64.b64encode(path.read_bytes()).decode()
    return None


def _table(path: Path) -> Table:
    with contextlib.closing(rows_of(path)) as found:
        names = next(found, [])
        rows = [_cut(names), *map(_cut, itertools.islice(found, MOST_ROWS))]
        return Table(rows, len(names), next(found, None) is None)


def _cut(row: list[str]) -> list[str]:
    return [cell[:MOST_CELL] for cell in row[:MOST_COLUMNS]]


@dataclass(frozen=True)
class Problem:
    """Why something last failed.

    Attributes:
        words: for people; empty where it did not.
        at: when, as the reports have it.
    """

    words: str = ""
    at: str = ""


@dataclass(frozen=True)
class Task:
    """What is analyzed now; empty for nothing."""

    component: str = ""
    subject: str = ""
    began: float = 0.0


class Analyst:
    """Runs the components that the pages of one engine ask for, one at a time, beside any hunt."""

    def __init__(self, engine: Engine) -> None:
        self._workspace, self._ring = engine.workspace, engine.bus.ring
        self._lock = threading.Lock()
        self._task = Task()
        self._problems: dict[tuple[str, str], Problem] = {}
        self.finished = 0

    @property
    def task(self) -> Task:
        """What is under way."""
        return self._task

    def problem(self, component: str, subject: str) -> Problem:
        """Why it last failed on something."""
        return self._problems.get((component, subject), Problem())

    def take(self, component: str, subject: str, values: Mapping[str, Any]) -> bool:
        """Begin; False while another is under way."""
        with self._lock:
            if self._task.component:
                return False
            self._task = Task(component, subject, time.time())
        # A daemon: the component ends with this process, and what is kept appears whole.
        threading.Thread(
            target=self._do, args=(component, subject, values), name="irer-analyst", daemon=True
        ).start()
        self._ring()
        return True

    def _do(self, name: str, subject: str, values: Mapping[str, Any]) -> None:
        step_aside()
        problem = ""
        try:
            component = find_component(self._workspace, name)
            limits = limits_for(component.manifest.subject)
            analyze(self._workspace, component, subject, values, limits)
        except EngineError as error:
            problem = str(error)
        except Exception as error:
            _log.exception("%s on %s failed.", name, subject)
            problem = f"{type(error).__name__}: {error}; see the server's log."
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._problems[name, subject] = Problem(problem, at)
        self.finished += 1
        self._task = Task()
        self._ring()


_analysts: weakref.WeakKeyDictionary[Engine, Analyst] = weakref.WeakKeyDictionary()
_making = threading.Lock()


def analyst_of(engine: Engine) -> Analyst:
    """The analyst of an engine, the same for every page."""
    with _making:
        if engine not in _analysts:
            _analysts[engine] = Analyst(engine)
        return _analysts[engine]

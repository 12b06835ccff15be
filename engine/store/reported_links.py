"""Which runs came of which others, as the reports on promotions and replicates say.

`promotion_<id>.json` and `replicate_<id>.json` under analysis_reports name the later runs. They are
believed where both runs are in the ledger, and their configs differ as such a relation makes them.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from engine.errors import WorkspaceError
from engine.store import strict_json
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace, checked_id

MAX_BYTES = 64 * 2**20

_NAME = re.compile(r"(promotion|replicate)_([0-9a-f]{40})\.json")
_RELATIONS = {"promotion": "promotes", "replicate": "replicates"}
_MAY_DIFFER = {
    "promotion": {"N_grid", "dt", "T_steps", "initial_state_sha256"},
    "replicate": {"seed"},
}


class Link(NamedTuple):
    """A run that came of another, in the terms of `Ledger.link`."""

    config_hash: str
    relation: str
    origin: str


def reported_links(
    workspace: Workspace, reader: LedgerReader, damaged: dict[str, str]
) -> Iterator[Link]:
    """The links that reports tell of.

    Args:
        workspace: whose reports.
        reader: of a ledger that has the runs.
        damaged: is told why a report, or a part of it, could not be used, by file name.
    """
    for path in sorted((workspace.root / "analysis_reports").iterdir()):
        if (match := _NAME.fullmatch(path.name)) is None:
            continue
        kind, origin = match.groups()
        try:
            names = _later(path, kind, origin)
        except (OSError, KeyError, TypeError, ValueError) as error:  # EngineError's among them
            damaged[path.name] = f"{type(error).__name__}: {error}"
            continue
        for name in names:
            if wrong := _objection(kind, name, origin, reader):
                damaged[path.name] = f"{wrong}; without this link, make the report again."
            else:
                yield Link(name, _RELATIONS[kind], origin)


def _later(path: Path, kind: str, origin: str) -> list[str]:
    """The ids that a report names as later runs."""
    if path.stat().st_size > MAX_BYTES:
        raise WorkspaceError(f"expected at most {MAX_BYTES} bytes; remove it.")
    report: Mapping[str, Any] = strict_json.loads(path.read_bytes())
    if report["config_hash"] != origin:
        raise WorkspaceError(f"it is on run {report['config_hash']!r}; make the report again.")
    if kind == "replicate":
        return [checked_id(each["config_hash"]) for each in report["replicates"]]
    return [checked_id(each["promoted"]["config_hash"]) for each in report["promotions"]]


def _objection(kind: str, name: str, origin: str, reader: LedgerReader) -> str:
    """Why one run cannot have come of another; empty where it can."""
    configs = reader.configs([name, origin])
    for each in (name, origin):
        if each not in configs:
            return f"run {each} is not in the ledger"
    one, other = configs[name], configs[origin]
    differ = {key for key in one if one[key] != other.get(key)}
    if not differ or differ - _MAY_DIFFER[kind]:
        what = ", ".join(sorted(differ)) or "nothing"
        return f"run {name} differs from {origin} by {what}, which no {kind} does"
    return ""

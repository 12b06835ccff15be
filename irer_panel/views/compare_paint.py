"""One field of several runs → a picture each, or why there is none; runs off the loop."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from engine.errors import EngineError
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace
from irer_panel.compare import Facts, read_facts
from irer_panel.fields import RunFields, read_run
from irer_panel.viewport import Window, full_window
from irer_panel.views.field_paint import Asked, picture
from irer_panel.views.field_plot import Picture
from irer_panel.views.field_state import FieldView, Pane


class Wanted(NamedTuple):
    """What a paint job is to paint.

    Attributes:
        runs: their ids.
        pane: which field, and how the cells under a pixel become its value.
        state: of the ledger; what is known of the runs is read again when it is another.
    """

    runs: tuple[str, ...]
    pane: Pane
    state: tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class Shown:
    """One run: what is known of it, and its picture.

    Attributes:
        facts: of the ledger.
        fields: as read, None where there are none to read.
        picture: coloured by its own limits, None where there is none.
        problem: why there is none, as far as the file says it; the row may say more.
    """

    facts: Facts
    fields: RunFields | None = None
    picture: Picture | None = None
    problem: str = ""


@dataclass(frozen=True, eq=False)
class PaintedRuns:
    """What a paint job made, one a run."""

    wanted: Wanted
    shown: tuple[Shown, ...] = ()


def paint_runs(
    wanted: Wanted,
    workspace: Workspace,
    reader: LedgerReader,
    *,
    before: PaintedRuns | None = None,
    windows: Mapping[float, Window] | None = None,
) -> PaintedRuns:
    """Read what is not at hand, and rasterize the window of each run.

    Args:
        wanted: which runs and field.
        workspace: where their artifacts are.
        reader: of its ledger.
        before: the last job's work, maybe on some of these runs.
        windows: what the browser shows, by the length of the domain; elsewhere the whole.
    """
    held = {each.facts.run: each for each in before.shown} if before else {}
    fresh = before is None or before.wanted.state != wanted.state
    shown = []
    for run in wanted.runs:
        old = held.get(run)
        try:
            facts = old.facts if old and not fresh else read_facts(reader, workspace, run)
            fields = _fields(wanted, workspace, facts, old)
        except EngineError as error:
            shown.append(Shown(old.facts if old else Facts(run), problem=str(error)))
            continue
        if fields is None:
            shown.append(Shown(facts))
            continue
        plane = fields.planes[wanted.pane.field]
        whole = full_window(fields.cells, fields.length)
        window = (windows or {}).get(fields.length, whole)
        asked = Asked(run, "", FieldView((wanted.pane,)))
        made = picture(wanted.pane, asked, fields, plane, (plane,), window)
        shown.append(Shown(facts, fields, made, made.plane.problem))
    return PaintedRuns(wanted, tuple(shown))


def _fields(
    wanted: Wanted, workspace: Workspace, facts: Facts, old: Shown | None
) -> RunFields | None:
    """A run's field, None where the ledger says that it has none."""
    row = facts.row
    if row is None or row["evicted"] or not row["artifact_sha256"]:
        return None
    path = workspace.artifact_path(facts.run)
    return read_run(path, facts.run, [wanted.pane.field], old.fields if old else None)

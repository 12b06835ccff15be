"""Two fields of one or two runs → pictures of their windows; runs off the loop."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import numpy as np

from engine.errors import EngineError
from engine.store.workspace import Workspace
from irer_panel.background import together
from irer_panel.derived import incomparable
from irer_panel.fields import FIELDS, RunFields, difference, read_run
from irer_panel.plane import Plane
from irer_panel.viewport import Frame, Range, Window, full_window
from irer_panel.views.field_plot import Picture
from irer_panel.views.field_state import FieldView, Pane
from irer_panel.wording import counted, number, short_id


class Asked(NamedTuple):
    """What a paint job is to paint: the selected run, the one to compare it with, and how."""

    run: str
    other: str
    view: FieldView


@dataclass(frozen=True, eq=False)
class Painted:
    """What a paint job made: the run's fields and a picture each, or why there is none.

    Attributes:
        asked: what it was to paint.
        fields: of the selected run, None where they cannot be read.
        others: of the run that it is compared with.
        differences: of fields by key, between the two.
        pictures: one a pane.
        problem: why the selected run cannot be shown.
        other_problem: why the other cannot be compared.
    """

    asked: Asked
    fields: RunFields | None = None
    others: RunFields | None = None
    differences: Mapping[str, Plane] = field(default_factory=dict)
    pictures: tuple[Picture, ...] = ()
    problem: str = ""
    other_problem: str = ""


def paint(
    asked: Asked,
    workspace: Workspace,
    *,
    before: Painted | None = None,
    window: Window | None = None,
    extent: Range | None = None,
) -> Painted:
    """Read what is not at hand, and rasterize the window of each field.

    Args:
        asked: which runs and fields.
        workspace: where their artifacts are.
        before: the last job's work, maybe on these runs.
        window: what the browser shows.
        extent: of which domain; of a run on another one, the whole domain is shown.
    """
    names = [pane.field for pane in asked.view.panes]
    try:
        path = workspace.artifact_path(asked.run)
        fields = read_run(path, asked.run, names, before.fields if before else None)
    except EngineError as error:
        return Painted(asked, problem=str(error))
    others, other_problem = None, ""
    if asked.other:
        others, other_problem = _others(asked, workspace, fields, before)
    differences = _differences(asked, fields, others, before)
    shown = full_window(fields.cells, fields.length)
    if window is not None and extent == fields.extent:
        shown = window
    jobs = []
    for pane in asked.view.panes:
        own = fields.planes[pane.field]
        theirs = others.planes[pane.field] if others else None
        if pane.side == "run" or not asked.other:
            plane = own
        elif theirs is None:
            plane = Plane.none("There is nothing to compare with.")
        else:
            plane = differences[pane.field] if pane.side == "difference" else theirs
        compared = (plane,) if plane is differences.get(pane.field) else (own, *_some(theirs))
        jobs.append(partial(picture, pane, asked, fields, plane, compared, shown))
    pictures = tuple(together(jobs))
    return Painted(asked, fields, others, differences, pictures, "", other_problem)


def picture(
    pane: Pane,
    asked: Asked,
    fields: RunFields,
    plane: Plane,
    compared: tuple[Plane, ...],
    window: Window,
) -> Picture:
    """One field's pixels, with a mask where it has cells that are not finite."""
    style = pane.style(bool(asked.other))
    look, title = asked.view.look(style), _title(pane, asked)
    if plane.problem:
        low, high = fields.extent
        blank = Frame(np.full((2, 2), np.nan), (low, low, high, high), (slice(0, 2), slice(0, 2)))
        return Picture(blank, fields.extent, plane, style, look, title, (plane,))
    try:
        frame = plane.frame(window, pane.aggregation)
        holes = plane.mask(window) if plane.missing else None
    except EngineError as error:  # such as damage in a part that was not looked at before
        return picture(pane, asked, fields, Plane.none(str(error)), compared, window)
    return Picture(frame, fields.extent, plane, style, look, title, compared, holes)


def readout(painted: Painted, row: int, column: int) -> str:
    """Place and true values of one cell: "x 12.5 · y 3 · ρ 0.0891 · g_tt −0.98".

    Raises:
        ArtifactError: the cell cannot be read.
    """
    fields = painted.fields
    if fields is None:
        return ""
    size = fields.length / fields.cells
    values = []
    for pane, shown in zip(painted.asked.view.panes, painted.pictures, strict=True):
        if not shown.plane.problem:
            value = shown.plane.value(row, column)
            words = number(value) if np.isfinite(value) else f"{value}"
            values.append(f"{shown.style.symbol}{_whose(pane, painted.asked)} {words}")
    return " · ".join([f"x {number(column * size)}", f"y {number(row * size)}", *values])


def note(shown: Picture, aggregation: str) -> str:
    """What the pixels of a picture are, in words, or why there are none."""
    if shown.plane.problem:
        return shown.plane.problem
    rows, columns = shown.frame.cells
    words = "Exact cells"
    if not shown.frame.exact:
        height, width = shown.frame.values.shape
        down, across = (rows.stop - rows.start) / height, (columns.stop - columns.start) / width
        kind = {"mean": "Mean", "min": "Smallest", "max": "Largest"}[aggregation]
        words = f"{kind} of {number(across, 2)} × {number(down, 2)} cells a pixel"
    if shown.plane.missing:
        is_are = "is" if shown.plane.missing == 1 else "are"
        words += f" · {counted(shown.plane.missing, 'cell')} {is_are} not finite, in magenta"
    return words


def _others(
    asked: Asked, workspace: Workspace, fields: RunFields, before: Painted | None
) -> tuple[RunFields | None, str]:
    """The other run's fields, or why it cannot be compared."""
    try:
        path = workspace.artifact_path(asked.other)
        others = read_run(path, asked.other, fields.planes, before.others if before else None)
    except EngineError as error:
        return None, f"Compared run: {error}"
    problem = incomparable(fields.config, others.config)
    return (None, f"Compared run: {problem}") if problem else (others, "")


def _differences(
    asked: Asked, fields: RunFields, others: RunFields | None, before: Painted | None
) -> dict[str, Plane]:
    """The differences that a pane shows; those at hand are not computed again."""
    wanted = {pane.field for pane in asked.view.panes if pane.side == "difference"}
    if others is None:
        return {}
    known: Mapping[str, Plane] = {}
    if before and before.asked[:2] == asked[:2] and before.others is not None:
        known = before.differences
    return {name: known.get(name) or difference(fields, others, FIELDS[name]) for name in wanted}


def _title(pane: Pane, asked: Asked) -> str:
    """What a pane shows, and of which run where there are two."""
    style = pane.style(bool(asked.other))
    if asked.other and pane.side == "difference":
        return f"{style.symbol}: {short_id(asked.run)} − {short_id(asked.other)}"
    return style.meaning + _whose(pane, asked)


def _whose(pane: Pane, asked: Asked) -> str:
    if not asked.other or pane.side == "difference":
        return ""
    return f" of {short_id(asked.run if pane.side == 'run' else asked.other)}"


def _some(plane: Plane | None) -> tuple[Plane, ...]:
    return () if plane is None or plane.problem else (plane,)

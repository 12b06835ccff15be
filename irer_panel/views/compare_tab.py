"""The Compare tab: one field of up to four runs side by side, and their figures in a table."""

import html
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import panel as pn
import param

from engine.hunt.engine import Engine
from irer_panel.background import Loop, Newest, painters
from irer_panel.compare import worth
from irer_panel.compared import MOST, Compared
from irer_panel.fields import FIELDS
from irer_panel.selection import Selection
from irer_panel.snapshot import Snapshot
from irer_panel.states import eviction_words
from irer_panel.views import colour_bar
from irer_panel.views.compare_look import CompareLook
from irer_panel.views.compare_paint import PaintedRuns, Shown, Wanted, paint_runs
from irer_panel.views.compare_panes import ComparePanes
from irer_panel.views.compare_table import CSS as TABLE_CSS
from irer_panel.views.compare_table import table_html
from irer_panel.views.field_look import colours
from irer_panel.views.field_paint import note
from irer_panel.views.hunt_view import HuntView
from irer_panel.views.section import CSS, PAPER
from irer_panel.wording import number, short_id

_WARNING = "p.remark { color: var(--mui-palette-warning-main); }"
_NOTHING = (
    f"Nothing to compare yet. In Runs, tick up to {MOST} runs in the first column; their fields "
    "stand here side by side, with what differs between them."
)


def absence(snapshot: Snapshot, shown: Shown) -> str:
    """Why there is no field of a run, in words; empty where there is one."""
    run, row = short_id(shown.facts.run), shown.facts.row
    if row is None:
        return shown.problem or (
            f"Run {run} is not in the ledger of this workspace: got an id of another one, or of a "
            "run that was removed; take it out of the comparison."
        )
    if row["evicted"]:
        return f"{eviction_words(snapshot, row)} Select it: above, it can be re-created."
    if not row["artifact_sha256"]:
        reason = row["error"] or "no reason was recorded"
        return f"No field: run {run} has failed ({row['status'].replace('_', ' ')}): {reason}"
    return shown.problem


def unlinked(shown: Sequence[Shown]) -> str:
    """Which runs do not pan together, and why; empty where all do."""
    groups: dict[float, list[str]] = {}
    for each in shown:
        if each.fields is not None:
            groups.setdefault(each.fields.length, []).append(short_id(each.facts.run))
    if len(groups) < 2:
        return ""
    named = "; ".join(f"{', '.join(runs)} on L = {number(le)}" for le, runs in groups.items())
    return f"Domains of different length: {named}. Only runs on one length pan and zoom together."


class CompareTab(HuntView):
    """Panes, colour bar and table of the runs that `compared` holds; nothing new while hidden."""

    shown = param.Boolean(default=True, allow_refs=True, doc="Whether anybody can see it.")

    def __init__(
        self,
        engine: Engine,
        selection: Selection,
        compared: Compared,
        loop: Loop,
        **params: Any,
    ) -> None:
        super().__init__(**params)
        self._workspace, self._reader = engine.workspace, engine.reader
        self._compared = compared
        self._paints: Newest[PaintedRuns] = Newest(painters, loop, self._show)
        self._asked: tuple[Any, ...] = ()
        self._painted: PaintedRuns | None = None
        self.look = CompareLook(compared.view)
        self.panes = ComparePanes(
            loop, self._moved, selection.pick, compared.toggle, compared.window
        )
        self.said = _html("", CSS, _WARNING)
        self.bar = _html("", colour_bar.CSS)
        self.table = _html("", TABLE_CSS)
        self._body = pn.Column(
            self.look, self.bar, self.panes, self.table, sizing_mode="stretch_width"
        )
        self.look.param.watch(self._ask, "pane")
        self.look.param.watch(self._draw, ["look", "own"])
        self.look.param.watch(self._tell, ["pane", "look", "own"])
        self._watchers = [
            compared.param.watch(self._ask, "runs"),
            compared.param.watch(self._say, "refused"),
        ]
        self._ask()
        self._say()

    def close(self) -> None:
        """Follow the marks no more."""
        self._paints.close()
        self.panes.close()
        self._painted = None
        for watcher in self._watchers:
            self._compared.param.unwatch(watcher)
        self._watchers = []

    def _moved(self) -> None:
        """Another part of a domain is shown."""
        self._ask()
        self._tell()

    def _tell(self, *_: Any) -> None:
        """Keep the link true to what is shown."""
        shown, compared = (self.look.view, self.panes.zoomed), self._compared
        if shown != (compared.view, compared.window):  # param takes equal tuples for a change
            compared.param.update(view=shown[0], window=shown[1])

    @param.depends("snapshot", "shown", watch=True)
    def _ask(self, *_: Any) -> None:
        if not self.shown:
            return
        state = (self.snapshot.sequence, self.snapshot.job)
        wanted = Wanted(self._compared.runs, self.look.pane, state)
        windows = self.panes.windows
        if (wanted, windows) == self._asked:  # a look that saw nothing new asks for nothing
            return
        self._asked = (wanted, windows)
        job = partial(
            paint_runs,
            wanted,
            self._workspace,
            self._reader,
            before=self._painted,
            windows=windows,
        )
        self._paints.request(job)

    def _show(self, painted: PaintedRuns) -> None:
        self._painted = painted
        self._fill()

    @property
    def _ready(self) -> PaintedRuns | None:
        """What is painted, if it is still what is wanted."""
        painted = self._painted
        wanted = (self._compared.runs, self.look.pane)
        return painted if painted is not None and painted.wanted[:2] == wanted else None

    def _fill(self) -> None:
        """Draw, once there is a pane for each run."""
        painted = self._ready
        if painted is None:
            return
        lengths = {
            each.facts.run: None if each.fields is None or each.problem else each.fields.length
            for each in painted.shown
        }
        if self.panes.fit(lengths, self._fill):
            self._draw()

    def _draw(self, *_: Any) -> None:
        painted = self._ready
        if painted is None or len(self.panes.panes) < len(painted.shown):
            return
        look, own = self.look.look, self.look.own
        drawn = [
            each.picture for each in painted.shown if each.picture is not None and not each.problem
        ]
        planes = tuple(picture.plane for picture in drawn)
        extents: dict[float, list[tuple[float, float]]] = {}
        for pane, each in zip(self.panes.panes, painted.shown, strict=False):
            words = absence(self.snapshot, each)
            pane.tell(each.facts.run, worth(each.facts), words)
            if words or each.picture is None or each.fields is None:
                continue
            compared = (each.picture.plane,) if own else planes
            picture = replace(each.picture, look=look, compared=compared)
            pane.draw(picture, note(picture, painted.wanted.pane.aggregation), own)
            extents.setdefault(each.fields.length, []).append(each.fields.extent)
        for length, reached in extents.items():
            self.panes.links[length].reach(reached)
        self._tell()
        style = FIELDS[painted.wanted.pane.field]
        self.bar.visible = bool(drawn) and not own
        if self.bar.visible:
            limits = replace(drawn[0], look=look, compared=planes).limits
            self.bar.object = colour_bar.bar_html(style, colours(style, look, limits))
        self.table.object = table_html([each.facts for each in painted.shown])
        self._say()

    def _say(self, *_: Any) -> None:
        """What there is to say about all of them together."""
        some = bool(self._compared.runs)
        self._body.visible = some
        remarks = [self._compared.refused]
        if self._ready is not None:
            remarks.append(unlinked(self._ready.shown))
        words = "" if some else f"<h3>Compare</h3><p>{html.escape(_NOTHING)}</p>"
        if some and self._painted is None:
            words = '<p class="quiet">Reading the fields …</p>'
        words += "".join(f'<p class="remark">⚠ {html.escape(each)}</p>' for each in remarks if each)
        self.said.param.update(object=f'<div class="bare">{words}</div>', visible=bool(words))

    def __panel__(self) -> pn.viewable.Viewable:
        return pn.Column(self.said, self._body, sizing_mode="stretch_width", styles=PAPER)


def _html(text: str, *css: str) -> pn.pane.HTML:
    return pn.pane.HTML(text, stylesheets=list(css), sizing_mode="stretch_width", margin=0)

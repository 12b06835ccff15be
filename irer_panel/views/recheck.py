"""Two buttons that put a run to the test: audit it again, compute it again; and what came out."""

import html
from collections.abc import Callable
from functools import partial
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from engine.hunt.engine import Engine
from irer_panel.job import REPRODUCE, VALIDATE, Desk, Finding, Job, desk_of
from irer_panel.recheck import reproduce_again, validate_again
from irer_panel.selection import Selection
from irer_panel.snapshot import Snapshot
from irer_panel.states import job_words, start_refusal
from irer_panel.views.hunt_view import HuntView
from irer_panel.views.section import CSS, PAPER

_TITLES = {VALIDATE: "Validate again", REPRODUCE: "Reproduce"}
_MEANING = (
    "Validate again: the auditor looks at the file once more, which takes as long as it did then. "
    "Reproduce: the run is computed once more from its config, and every dataset compared. "
    "Neither changes what is kept."
)


def refusal(snapshot: Snapshot, run: str) -> str:
    """Why a run cannot be put to the test now; empty where it can."""
    if not run:
        return "Select a run first."
    if snapshot.job.active:
        return f"{job_words(snapshot)} One such job at a time."
    if why := start_refusal(snapshot):
        return why if snapshot.follows else f"Not while something hunts. {why}"
    row = snapshot.run(run)
    if row and row["evicted"]:
        return "Its artifact was evicted: re-create it first, above at its fields."
    if row and not row["artifact_sha256"]:
        return "It has no artifact that was audited."
    return ""


def outcome_html(job: Job) -> str:
    """What a job found, with a mark."""
    kind, mark = ("yes", "✓") if job.holds else ("no", "✗")
    words = job.conclusion or f"{_TITLES[job.kind]} could not be done: {job.problem}"
    return (
        f'<p data-job="{job.kind}" data-holds="{str(bool(job.holds)).lower()}">'
        f'<b class="{kind}">{mark}</b> {html.escape(words)}</p>'
    )


def recheck_html(snapshot: Snapshot, run: str, outcomes: list[Job]) -> str:
    """What is under way or in the way, and what came out before."""
    found = "".join(outcome_html(job) for job in outcomes)
    quiet = html.escape(refusal(snapshot, run) or _MEANING)
    return f'<div class="bare">{found}<p class="quiet">{quiet}</p></div>'


class Recheck(HuntView):
    """Validate again, Reproduce; one job at a time for all pages, and none beside a hunt."""

    def __init__(self, engine: Engine, selection: Selection, **params: Any) -> None:
        super().__init__(**params)
        self._desk: Desk = desk_of(engine)
        self._root = str(engine.workspace.root)
        self._selection = selection
        self.validate = _button(_TITLES[VALIDATE], "fact_check", partial(self._take, VALIDATE))
        self.reproduce = _button(_TITLES[REPRODUCE], "replay", partial(self._take, REPRODUCE))
        self._words = pn.pane.HTML("", stylesheets=[CSS], sizing_mode="stretch_width", margin=0)
        self._watcher = selection.param.watch(self._update, "run")
        self._update()

    def close(self) -> None:
        """Follow the selection no more."""
        self._selection.param.unwatch(self._watcher)

    @param.depends("snapshot", watch=True)
    def _update(self, *_: Any) -> None:
        run = self._selection.run
        done = [self._desk.outcome(kind, run) for kind in _TITLES]
        words = recheck_html(self.snapshot, run, [job for job in done if job is not None])
        if words != self._words.object:
            self._words.object = words
        for button in (self.validate, self.reproduce):
            button.disabled = bool(refusal(self.snapshot, run))

    def _take(self, kind: str) -> None:
        run = self._selection.run
        if refusal(self.snapshot, run):
            return
        work: dict[str, Callable[[str, str], Finding]] = {
            VALIDATE: validate_again,
            REPRODUCE: reproduce_again,
        }
        if not self._desk.take(kind, run, partial(work[kind], run, self._root)):
            self._update()

    def __panel__(self) -> pn.viewable.Viewable:
        buttons = pn.Row(self.validate, self.reproduce, margin=(0, 0, 6, 0), styles={"gap": "8px"})
        return pn.Column(buttons, self._words, sizing_mode="stretch_width", styles=PAPER)


def _button(label: str, icon: str, do: Callable[[], None]) -> pmui.Button:
    return pmui.Button(
        label=label,
        icon=icon,
        variant="outlined",
        size="small",
        margin=0,
        disabled=True,
        on_click=lambda _: do(),
    )

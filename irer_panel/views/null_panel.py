"""The two null hypotheses of a run: their draws made again, off the loop, and p in words."""

import html
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import panel as pn
import panel_material_ui as pmui

from engine.audit.primes import MAX_PEAKS
from engine.errors import EngineError, StopRequested
from engine.store.workspace import Workspace
from irer_panel.background import Loop, Newest
from irer_panel.redraw import (
    PHASE_SCRAMBLE,
    TARGET_SHUFFLE,
    NullDraws,
    agreement,
    can_redraw,
    drawers,
    p_words,
    redraw,
    undefined_words,
)
from irer_panel.views.null_plot import NullPlot
from irer_panel.views.section import CSS
from irer_panel.wording import count, duration

AT_ONCE = 5.0
"""Draws that took the audit so many seconds at most are made again unasked."""

_TITLES = {
    PHASE_SCRAMBLE: ("Phase scramble", "Fields with the same |ψ̂| and random phases.", "draws"),
    TARGET_SHUFFLE: (
        "Target shuffle",
        "The same peaks against every order of the gaps between ln 2, ln 3, ln 5 ….",
        "orders",
    ),
}


@dataclass(frozen=True, eq=False)
class Redrawn:
    """What drawing again gave, or why it could not; neither where nobody wanted it any more."""

    run: str
    draws: tuple[NullDraws, ...] = ()
    problem: str = ""


class NullPanel(pn.viewable.Viewer):
    """A histogram a null hypothesis, with the run's own score in it."""

    def __init__(self, workspace: Workspace, loop: Loop) -> None:
        super().__init__()
        self._workspace = workspace
        self._jobs: Newest[Redrawn] = Newest(drawers, loop, self._deliver)
        self._run = ""
        self._provenance: Mapping[str, Any] = {}
        self.plots = {name: NullPlot(what) for name, (_, _, what) in _TITLES.items()}
        self.words = {name: _html() for name in _TITLES}
        self._figures = [
            pn.Column(
                pn.pane.Bokeh(plot.figure, sizing_mode="stretch_width", margin=0), visible=False
            )
            for plot in self.plots.values()
        ]
        self.state = _html()
        self.again = pmui.Button(
            label="Draw them again",
            icon="replay",
            variant="outlined",
            size="small",
            margin=(4, 0),
            visible=False,
            on_click=lambda _: self._start(),
        )
        halves = [
            pn.Column(self.words[name], pane, styles={"flex": "1 1 340px", "min-width": "0"})
            for name, pane in zip(_TITLES, self._figures, strict=True)
        ]
        self._box = pn.Column(
            pn.Row(
                *halves,
                sizing_mode="stretch_width",
                styles={"flex-wrap": "wrap", "gap": "8px 20px"},
            ),
            self.state,
            self.again,
            sizing_mode="stretch_width",
            visible=False,
        )

    def close(self) -> None:
        """Draw nothing any more."""
        self._jobs.close()

    def clear(self) -> None:
        """Show nothing, and let go of what is being drawn."""
        self._run, self._provenance = "", {}
        self._box.visible = False

    def look_at(self, run: str, provenance: Mapping[str, Any] | None) -> None:
        """Show a run's null hypotheses: p at once, the draws when they are made again."""
        if provenance is None or not can_redraw(provenance):
            self.clear()
            return
        if (run, provenance) == (self._run, self._provenance):
            return
        self._run, self._provenance = run, provenance
        for name in _TITLES:
            self.words[name].object = words_html(name, provenance)
        for pane in self._figures:
            pane.visible = False
        took = provenance["timing"].get("nulls_s", 0.0)
        self.again.visible = took > AT_ONCE
        draws = count(provenance["spectral_fidelity"]["null_phase_scramble"]["draws"])
        self.state.object = _quiet(
            f"The audit kept what its {draws} draws say, not the draws themselves. It made them "
            f"in {duration(took)}."
        )
        self._box.visible = True
        if took <= AT_ONCE:
            self._start()

    def _start(self) -> None:
        run = self._run
        self.again.visible = False
        draws = count(self._provenance["spectral_fidelity"]["null_phase_scramble"]["draws"])
        self.state.object = _quiet(f"Making the same {draws} draws again …")
        wanted = partial(self._wants, run)
        self._jobs.request(partial(draw_again, self._workspace, run, self._provenance, wanted))

    def _wants(self, run: str) -> bool:
        return run == self._run

    def _deliver(self, redrawn: Redrawn) -> None:
        if redrawn.run != self._run:
            return
        if redrawn.problem:
            self.state.object = _quiet(redrawn.problem)
        if not redrawn.draws:
            return
        self.state.object = _quiet(
            "The line is this run's own score. The draws are the audit's, made again from the "
            "run's id."
        )
        for draws, pane in zip(redrawn.draws, self._figures, strict=True):
            more = [agreement(draws), undefined_words(draws)]
            self.words[draws.name].object = words_html(draws.name, self._provenance, *more)
            self.plots[draws.name].draw(draws)
            pane.visible = True

    def __panel__(self) -> pn.viewable.Viewable:
        return self._box


def draw_again(workspace: Workspace, run: str, provenance: Any, wanted: Any) -> Redrawn:
    """The draws of a run, or why there are none."""
    try:
        return Redrawn(run, redraw(workspace, run, provenance, wanted))
    except StopRequested:
        return Redrawn(run)
    except EngineError as error:
        return Redrawn(run, problem=f"The draws cannot be made again: {error}")


def words_html(name: str, provenance: Mapping[str, Any], *more: str) -> str:
    """A null hypothesis in words: what it is, what p is, and what else there is to say."""
    found = provenance["spectral_fidelity"]
    title, meaning, _ = _TITLES[name]
    said = p_words(
        name, found[f"null_{name}"], found[f"p_{name}"], min(len(found["peaks_k"]), MAX_PEAKS)
    )
    rest = "".join(f'<p class="quiet">{html.escape(each)}</p>' for each in more if each)
    return (
        f'<div class="bare" data-null="{name}"><h4>{title}</h4><p class="quiet">{meaning}</p>'
        f"<p>{html.escape(said)}</p>{rest}</div>"
    )


def _quiet(text: str) -> str:
    return f'<div class="bare"><p class="quiet">{html.escape(text)}</p></div>'


def _html() -> pn.pane.HTML:
    return pn.pane.HTML("", stylesheets=[CSS], sizing_mode="stretch_width", margin=0)

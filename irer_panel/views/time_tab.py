"""The selected run through time: its stored frames as a film, its diagnostics as curves."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import panel as pn
import panel_material_ui as pmui

from engine.errors import EngineError
from engine.store.workspace import Workspace
from irer_panel.background import Loop, Newest, readers
from irer_panel.choices import Choices
from irer_panel.history import FRAMES, History, read_history
from irer_panel.moment import Moment
from irer_panel.selection import Selection
from irer_panel.states import emptiness
from irer_panel.views.film import Film
from irer_panel.views.film_export import KINDS, FilmExport
from irer_panel.views.hunt_view import HuntView
from irer_panel.views.traces import Traces

INTERVAL = 200
"""Milliseconds between two frames at the player's first speed."""

_FROM_THE_OTHER_END = """
const ends = {"1": [source.end, source.start], "-1": [source.start, source.end]}[source.direction]
if (ends && source.loop_policy === "once" && source.value === ends[0]) { source.value = ends[1] }
"""
"""Run by the browser as its player starts: a film at its end, where one opens, would end at once.

Told by the server it would come a way and back later, after the player's first tick at worst.
"""

_PLAYER_SX = {"& .MuiIconButton-root:not(.MuiIconButton-colorPrimary)": {"color": "text.primary"}}
"""Its own grey is the same in both themes, and too faint on a dark ground."""


@dataclass(frozen=True, eq=False)
class Read:
    """What was read of a run, or why there is nothing."""

    run: str
    history: History | None = None
    problem: str = ""


def read(workspace: Workspace, run: str, symbol: str) -> Read:
    """A run's history of one field; what is wrong with it becomes words."""
    try:
        return Read(run, read_history(workspace.artifact_path(run), run, symbol))
    except EngineError as error:
        return Read(run, problem=str(error))


class TimeTab(HuntView):
    """Film, player and traces of the selected run."""

    def __init__(
        self,
        workspace: Workspace,
        selection: Selection,
        loop: Loop,
        moment: Moment | None = None,
        choices: Choices | None = None,
        **params: Any,
    ) -> None:
        """Follow a selection.

        Args:
            workspace: where the runs are.
            selection: which one is shown.
            loop: where the page lives.
            moment: where the player stands, told whenever it rests; None for one of its own.
            choices: of the page, hence which field it begins with; None for one of its own.
            params: `snapshot`.
        """
        super().__init__(**params)
        self._workspace, self._selection = workspace, selection
        self._moment = moment or Moment()
        self._reads: Newest[Read] = Newest(readers, loop, self._show)
        self._history: History | None = None
        self.exports = {kind.suffix: FilmExport(kind, loop) for kind in KINDS}
        self.film, self.traces = Film(), Traces()
        self.field = pmui.RadioButtonGroup(
            options=list(FRAMES), value=next(iter(FRAMES)), size="small", margin=0
        )
        (choices or Choices()).bind("film", self.field, lambda symbol: FRAMES[symbol].key)
        self.player = pmui.Player(
            start=0,
            end=1,
            value=0,
            interval=INTERVAL,
            loop_policy="once",
            show_loop_controls=True,
            show_value=False,
            sizing_mode="stretch_width",
            margin=(0, 10),  # else its knob is cut off at both ends of the film
            sx=_PLAYER_SX,
        )
        self.player.jscallback(direction=_FROM_THE_OTHER_END)
        self._words = pmui.Typography("", variant="body2", margin=0)
        self._nothing = pmui.Typography("", variant="body1", margin=(24, 0))
        bar = pn.Row(
            self.field,
            *self.exports.values(),
            sizing_mode="stretch_width",
            styles={"flex-wrap": "wrap", "gap": "8px", "align-items": "center"},
        )
        left = pn.Column(
            bar,
            self.film,
            self._words,
            self.player,
            styles={"flex": "1 1 420px", "min-width": "0", "gap": "8px"},
        )
        right = pn.Column(self.traces, styles={"flex": "1 1 420px", "min-width": "0"})
        self._all = pn.Row(
            left,
            right,
            visible=False,
            sizing_mode="stretch_width",
            styles={"flex-wrap": "wrap", "gap": "16px 32px"},
        )
        self._watchers = [
            (selection, selection.param.watch(self._request, "run")),
            (self.field, self.field.param.watch(self._request, "value")),
            (self.player, self.player.param.watch(self._turn, "value")),
            (self.player, self.player.param.watch(self._rest, "direction")),
        ]
        self._request()

    def play_or_pause(self) -> None:
        """Start the film or hold it; at its end it starts from its beginning."""
        if not self.player.disabled:
            self.player.direction = 0 if self.player.direction else 1

    def step(self, frames: int) -> None:
        """Go so many stored times on, or to the last on the way; below 0 goes back."""
        player = self.player
        if not player.disabled:
            player.value = max(player.start, min(int(player.value) + frames, player.end))

    def loop_or_once(self) -> None:
        """Let the film begin again at its end, or end there."""
        self.player.loop_policy = "once" if self.player.loop_policy == "loop" else "loop"

    def close(self) -> None:
        """Follow the selection no more."""
        self._reads.close()
        for export in self.exports.values():
            export.close()
        for owner, watcher in self._watchers:
            owner.param.unwatch(watcher)
        self._watchers = []

    def _request(self, *_: Any) -> None:
        run = self._selection.run
        if run:
            if self._history is None:
                self._nothing.param.update(object="Reading its frames …", visible=True)
            self._reads.request(partial(read, self._workspace, run, str(self.field.value)))
        else:
            self._nothing.object = emptiness(self.snapshot)

    def _show(self, found: Read) -> None:
        if found.run != self._selection.run:
            return
        before, self._history = self._history, found.history
        self._nothing.param.update(object=found.problem, visible=bool(found.problem))
        self._all.visible = found.history is not None
        for export in self.exports.values():
            export.take(found.history)
        if found.history is None:
            return
        last = len(found.history.times) - 1
        same = before is not None and before.run == found.run
        self.film.take(found.history)
        self.traces.take(found.history)
        self.player.param.update(end=max(last, 1), disabled=last == 0)
        time = self._moment.of(found.run)
        if same:
            self.player.value = min(int(self.player.value), last)
        elif time is None:
            self.player.value = last
        else:
            self.player.value = int(np.abs(found.history.times - time).argmin())
        self._turn()

    def _turn(self, *_: Any) -> None:
        if self._history is None:
            return
        frame = min(int(self.player.value), len(self._history.times) - 1)
        self.film.turn_to(frame)
        self.traces.mark(float(self._history.times[frame]))
        self._words.object = self._history.words(frame)
        self._rest()

    def _rest(self, *_: Any) -> None:
        """Say where the player stands, unless it plays: a browser's address must not run."""
        history = self._history
        if history is None or self.player.direction:
            return
        frame = min(int(self.player.value), len(history.times) - 1)
        time = None if frame == len(history.times) - 1 else float(history.times[frame])
        self._moment.param.update(run=history.run, time=time)

    def __panel__(self) -> pn.viewable.Viewable:
        return pn.Column(self._nothing, self._all, sizing_mode="stretch_width")

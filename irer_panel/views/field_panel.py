"""The selected run: its heading, its fields, and words where there is nothing to draw."""

import html
import re
from collections.abc import Callable, Mapping
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from engine.store.workspace import Workspace
from irer_panel.background import Loop
from irer_panel.selection import Selection
from irer_panel.snapshot import Snapshot
from irer_panel.states import can_work, emptiness, eviction_words
from irer_panel.views.field_pair import FieldPair
from irer_panel.views.field_state import read_words, words_of, wrong
from irer_panel.views.field_tools import FieldTools
from irer_panel.views.hunt_view import HuntView
from irer_panel.views.run_heading import RunHeading
from irer_panel.wording import number, short_id

MAX_OTHERS = 100
"""Most runs that are offered for comparison, newest first."""

_PAPER = {
    "background": "var(--mui-palette-background-paper)",
    "border": "1px solid var(--mui-palette-divider)",
    "border-radius": "8px",
    "padding": "10px 14px",
}
_ID = re.compile(r"[0-9a-f]{40}")
_ALONE = "No other run"
_SELECT_SX = {"& .MuiInputBase-root, &.MuiInputBase-root": {"height": "34px", "fontSize": "14px"}}
_SWITCH_SX = {"& .MuiFormControlLabel-label": {"fontSize": "14px", "whiteSpace": "nowrap"}}


def others(snapshot: Snapshot, run: str, chosen: str = "") -> dict[str, str]:
    """The runs that a run can be compared with, by their words; the first is none.

    Those of the shown hunt whose artifacts are kept: a hunt has one grid, so they share it.

    Args:
        snapshot: what is known of the hunt.
        run: the selected run.
        chosen: the one it is compared with now, offered even where the hunt does not know it.
    """
    kept = [r for r in snapshot.runs if r["artifact_sha256"] and not r["evicted"]]
    found = {_ALONE: ""}
    for row in [r for r in kept if r["config_hash"] != run][:MAX_OTHERS]:
        words = [short_id(row["config_hash"])]
        if row.get("generation") is not None:
            words.append(f"gen {row['generation']}")
        if row.get("log_prime_sse") is not None:
            words.append(f"SSE {number(row['log_prime_sse'])}")
        found[" · ".join(words)] = row["config_hash"]
    if chosen and chosen not in found.values():
        found[short_id(chosen)] = chosen
    return found


class FieldPanel(HuntView):
    """Heading, tools, field pair and the readout under the cursor."""

    other = param.String(default="", doc="Id of the run to compare with, empty for none.")
    remarks = param.List(default=[], item_type=str, doc="What of a link's words was left out.")

    def __init__(
        self,
        workspace: Workspace,
        selection: Selection,
        loop: Loop,
        on_restore: Callable[[str], None],
        steps: pn.viewable.Viewer | None = None,
        **params: Any,
    ) -> None:
        """Show the selected run.

        Args:
            workspace: where its artifact is.
            selection: which run.
            loop: where the page lives.
            on_restore: asks for an evicted run's artifact.
            steps: what leads to the run's neighbours, where there is a list of them.
            params: `snapshot`.
        """
        super().__init__(**params)
        self._selection = selection
        self.heading = RunHeading(selection, steps, snapshot=self.param.snapshot)
        self.pair = FieldPair(workspace, selection, loop)
        self.tools = [FieldTools(self.pair, index) for index in range(len(self.pair.plots))]
        self.pair.tools[:] = self.tools
        self.pair.furnish()
        self.compare = pmui.Select(
            label="Compare with",
            options={_ALONE: ""},
            value="",
            size="small",
            width=250,
            margin=0,
            sx=_SELECT_SX,
        )
        self.profiles = pmui.Switch.from_param(
            self.pair.param.profiles,
            label="Profiles",
            size="small",
            margin=0,
            align="center",
            sx=_SWITCH_SX,
        )
        self._bar = pn.Row(
            self.compare,
            self.profiles,
            visible=False,
            sizing_mode="stretch_width",
            styles={"gap": "16px", "flex-wrap": "wrap"},
            margin=(12, 0, 14, 0),
        )
        self._words = pmui.Typography("", variant="body1", margin=0, sizing_mode="stretch_width")
        self.restore = pmui.Button(
            label="Re-create",
            icon="restore",
            variant="outlined",
            margin=(12, 0, 0, 0),
            visible=False,
            on_click=lambda _: on_restore(selection.run),
        )
        self._nothing = pn.Column(
            self._words,
            self.restore,
            sizing_mode="stretch_width",
            styles={"padding": "40px 0"},
            visible=False,
        )
        self._evicted: tuple[str, bool] = ("", False)
        self._offered: tuple[Any, str, str] = (None, "", "")
        line = {"min-height": "20px", "font-size": "13px", "text-align": "center"}
        self._readout = pn.pane.HTML("", margin=0, sizing_mode="stretch_width", styles=line)
        self._remarks = pn.pane.HTML(
            "",
            margin=0,
            visible=False,
            sizing_mode="stretch_width",
            styles={"font-size": "13px", "color": "var(--mui-palette-warning-main)"},
        )
        self.compare.param.watch(self._chosen, "value")
        self._watchers = [
            self.pair.param.watch(self._update, ["fields", "problem", "other_problem"]),
            self.pair.param.watch(self._point, "readout"),
        ]
        self._update()

    def close(self) -> None:
        """Follow the selection no more."""
        self.heading.close()
        self.pair.close()
        for tools in self.tools:
            tools.close()
        for watcher in self._watchers:
            self.pair.param.unwatch(watcher)
        self._watchers = []

    def view_state(self) -> dict[str, str]:
        """What is shown and how, as words for a link; empty where all is as a page begins."""
        words = words_of(self.pair.view, self.pair.zoomed)
        if self.other:
            words["other"] = self.other
        if self.pair.profiles:
            words["profiles"] = "on"
        return words

    def show_state(self, words: Mapping[str, str]) -> None:
        """Show what a link asks for; what it does not name is as a page begins.

        What cannot be is left out, and said on the page.
        """
        view, window, refused = read_words(words)
        other = words.get("other", "")
        if other and not _ID.fullmatch(other):
            refused = (
                *refused,
                f"other: got {other[:60]!r}, expected a run's id; it was left out.",
            )
            other = ""
        self.pair.view = view
        self.pair.zoom(window)
        if (profiles := words.get("profiles")) not in (None, "", "on"):
            refused = (*refused, wrong("profiles", profiles, "on"))
        self.pair.profiles = profiles == "on"
        self.param.update(other=other, remarks=list(refused))

    def _chosen(self, event: Any) -> None:
        self.other = event.new or ""

    @param.depends("other", watch=True)
    def _compare(self) -> None:
        self.pair.other = self.other
        self._update()

    @param.depends("snapshot", "remarks", watch=True)
    def _update(self, *_: Any) -> None:
        row = self.snapshot.run(self._selection.run)
        evicted = bool(row and row["evicted"]) and self.pair.fields is None
        words = self.pair.problem or (
            "" if self.pair.fields is not None else emptiness(self.snapshot)
        )
        if row and evicted:
            words = eviction_words(self.snapshot, row)
        self._words.object = words
        self.restore.param.update(visible=evicted, disabled=not can_work(self.snapshot))
        self._nothing.visible = bool(words)
        self._bar.visible = self.pair.fields is not None
        self._offer()
        remarks = [*self.remarks, *filter(None, [self.pair.other_problem])]
        self._remarks.param.update(
            object="<br>".join(html.escape(f"⚠ {each}") for each in remarks), visible=bool(remarks)
        )
        before, self._evicted = self._evicted, (self._selection.run, evicted)
        if before == (self._selection.run, True) and not evicted:
            self.pair.refresh()  # its artifact is there again
        self._point()

    def _offer(self) -> None:
        """Offer the runs that there are now, where they are others than before."""
        wanted = (self.snapshot.runs, self._selection.run, self.other)
        if any(new is not old for new, old in zip(wanted, self._offered, strict=True)):
            self._offered = wanted
            options = others(self.snapshot, self._selection.run, self.other)
            self.compare.param.update(options=options, value=self.other)

    def _point(self, *_: Any) -> None:
        shown = self.pair.fields is not None
        hint = "Drag to pan, scroll to zoom both fields; move over a cell to read its values."
        self._readout.param.update(object=self.pair.readout or hint, visible=shown)

    def __panel__(self) -> pn.viewable.Viewable:
        return pn.Column(
            self.heading,
            self._bar,
            self._remarks,
            self.pair,
            self._readout,
            self._nothing,
            sizing_mode="stretch_width",
            styles=_PAPER,
        )

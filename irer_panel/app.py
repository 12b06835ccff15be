"""The composition of the page: a cockpit of views over one engine, for a browser or a notebook."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from contextvars import Context
from functools import partial
from pathlib import Path
from typing import Any

# Whole, before any thread: Panel looks in `sys.modules` for it, and half of it is an error.
import holoviews.plotting.bokeh  # noqa: F401
import panel as pn
import panel_material_ui as pmui
import param
from panel.util import edit_readonly

from engine.errors import EngineError, SettingsError
from engine.hunt.engine import Engine
from engine.store.workspace import Workspace
from irer_panel.api.limits import STARTS
from irer_panel.background import Call, loop_of, readers
from irer_panel.carried import Carried
from irer_panel.compared import MOST
from irer_panel.controls import HuntControls
from irer_panel.curtain import Curtains
from irer_panel.drawn import Drawn
from irer_panel.fonts import link_one_sheet
from irer_panel.head import head
from irer_panel.job import PROMOTE, RESTORE, desk_of, promoted, restored
from irer_panel.link import Address, query_of, wanted_of, wanted_run
from irer_panel.notebook import Frames, bring_scripts, in_kernel
from irer_panel.rate import Allowance
from irer_panel.saying import inform, notify
from irer_panel.selection import Selection
from irer_panel.session import Session
from irer_panel.shortcuts import Shortcuts
from irer_panel.states import can_work, continuable
from irer_panel.sweep import sweep_soon
from irer_panel.tabs import tabs_of
from irer_panel.theme import THEME
from irer_panel.views.control_panel import ControlPanel
from irer_panel.views.deck import Deck
from irer_panel.views.field_panel import FieldPanel
from irer_panel.views.fold import Fold
from irer_panel.views.header import Header
from irer_panel.views.help_drawer import Help
from irer_panel.views.icon_button import LEAVE, icon_link
from irer_panel.views.notice import Notice
from irer_panel.views.run_steps import RunSteps
from irer_panel.views.tiles import Tiles
from irer_panel.walk import Walk

TITLE = "IRER"

_starts = Allowance(*STARTS)


class Cockpit(pn.viewable.Viewer):
    """All views of one page over one engine. As a viewer it is the notebook's layout.

    The header is there at once; all else follows view by view (`furnish`), made in another thread
    than the loop's, on which other pages and the hunt's news depend.
    """

    query = param.String(default="", doc="The state of the views, as a link carries it.")
    dark = param.Boolean(default=True, doc="Whether the page is dark.")

    def __init__(
        self, engine: Engine, wanted: Mapping[str, str] | None = None, **params: Any
    ) -> None:
        self._wanted = wanted or {}
        super().__init__(dark=self._wanted.get("theme") != "light", **params)
        self.engine = engine
        self.loop = loop_of(pn.state.curdoc)
        self.session = Session(engine, self.loop)
        self.selection = Selection()
        self.curtains = Curtains(self.selection, self.session)
        self.carried = Carried(self._wanted)
        self.walk = Walk(
            engine.reader,
            self.selection,
            self.carried.listing,
            self.loop,
            snapshot=self.session.param.paced,
        )
        self.help = Help()
        self.shortcuts = Shortcuts(self)
        self.controls = HuntControls()
        self.header = Header(snapshot=self.session.param.snapshot)
        self.panel: ControlPanel | None = None
        self.fields: FieldPanel | None = None
        self.deck: Deck | None = None
        self._frames = Frames()
        self.side = pn.Column(sizing_mode="stretch_width")
        self.main = pn.Column(sizing_mode="stretch_width")
        self._to_furnish = [
            self._add_summary,
            self._add_panel,
            self._add_fields,
            self._add_rest,
            self._add_deck,
        ]
        self._closed = False
        self.session.param.watch(self._land, "paced")
        chosen = self.selection.param.watch(lambda event: self.session.choose(event.new), "run")
        if run := wanted_run(self._wanted):
            self.selection.pick(run)
        picked = self.selection.param.watch(self._note, ["run", "follow"])
        self._watchers: list[tuple[param.Parameterized, Any]] = [
            (self.selection, chosen),
            (self.selection, picked),
            *self.carried.watch(self._note),
        ]
        self.session.open()

    def start(self) -> None:
        """Start a hunt with the settings as they stand; what is wrong becomes a notification."""
        try:
            settings = self.controls.settings()
        except SettingsError as error:
            self._refuse(error)
            return
        self._launch(partial(self.engine.start_hunt, settings))

    def go_on(self) -> None:
        """Continue the hunt that the notice offers to, where it was."""
        hunt_id = continuable(self.session.snapshot)
        if hunt_id:
            self._launch(partial(self.engine.continue_hunt, hunt_id))

    def pause(self) -> None:
        """Pause the running hunt, or resume the paused one."""
        paused = self.session.snapshot.status.state == "paused"
        readers.submit(self.engine.resume_hunt if paused else self.engine.pause_hunt)

    def stop(self) -> None:
        """Ask the running hunt to stop."""
        readers.submit(self.engine.stop_hunt)

    def promote(self, run: str) -> None:
        """Compute a run again on a finer grid, in the background."""
        self._work(PROMOTE, run, partial(promoted, run, str(self.engine.workspace.root)))

    def restore(self, run: str) -> None:
        """Make the artifact of an evicted run again, in the background."""
        self._work(RESTORE, run, partial(restored, run, str(self.engine.workspace.root)))

    def compare(self) -> None:
        """Show the marked runs side by side."""
        if self.deck is not None:
            self.deck.open("Compare")

    def mark(self) -> None:
        """Mark the selected run for comparison, or unmark it; said where the marks are not seen."""
        compared, run = self.carried.compared, self.selection.run
        if not run:
            return
        compared.toggle(run)
        if self.deck is not None and self.deck.active not in ("Runs", "Compare"):
            inform(compared.refused or f"{len(compared.runs)} of {MOST} runs are marked.")

    def furnish(self) -> None:
        """Add the views, from top to bottom."""
        self.loop.soon(self._add_next)

    def put_off(self, until: Callable[[Call], None]) -> None:
        """Add what the run list need not wait for after it, when `until` calls."""
        rest = partial(self.loop.aside, partial(self._add, self._add_rest), lambda: None)
        self._to_furnish.remove(self._add_rest)
        self._to_furnish.append(partial(until, rest))

    def close(self, *_: Any) -> None:
        """Free subscriptions and watchers; the engine and its hunt go on."""
        for owner, watcher in self._watchers:
            owner.param.unwatch(watcher)
        self._closed, self._watchers = True, []
        views = [view for view in (self.deck, self.panel, self.fields) if view is not None]
        with ExitStack() as stack:  # all of them, whatever one of them has to say
            for each in (self._frames, *views, self.curtains, self.walk, self.session):
                stack.callback(each.close)

    def _launch(self, hunt: Callable[[], str]) -> None:
        if wait := _starts.take("all pages"):
            notify(f"start: got too many in a short time, expected one a second; wait {wait} s.")
        else:
            readers.submit(self._begin, hunt)

    def _begin(self, hunt: Callable[[], str]) -> None:
        try:
            hunt()
        except EngineError as error:
            self.loop.soon(partial(self._refuse, error))

    def _refuse(self, error: EngineError) -> None:
        if isinstance(error, SettingsError):
            self.controls.refuse(error)
        notify(str(error))

    def _work(self, kind: str, run: str, work: Callable[[], str]) -> None:
        if can_work(self.session.snapshot) and not desk_of(self.engine).take(kind, run, work):
            notify("Another run is being worked on, expected none; wait for its end.")

    @param.depends("dark", watch=True)
    def _note(self, *_: Any) -> None:
        """Keep the link true to what is shown."""
        if self.fields is None or self.deck is None:
            return  # the views that a link asks for are still being made
        run = "" if self.selection.follow else self.selection.run
        state = {
            "run": run,
            "tab": self.deck.active if self.deck.moved else "",
            **self.carried.words(run),
            "theme": "" if self.dark else "light",
            **self.fields.view_state(),
        }
        self.query = query_of(state)

    def _land(self, event: Any) -> None:
        self.selection.land(event.new.newest)

    def _add_next(self) -> None:
        if self._to_furnish and not self._closed:
            self.loop.aside(partial(self._add, self._to_furnish.pop(0)), self._add_next)

    def _add(self, view: Callable[[], None]) -> None:
        with pn.io.hold(freeze=True):  # else each model that joins has all others walked
            view()

    def _add_summary(self) -> None:
        look = self.session.param.snapshot
        notice, tiles = Notice(self.go_on, snapshot=look), Tiles(snapshot=look)
        self.main.extend([notice, tiles, Fold(), self.help])

    def _add_panel(self) -> None:
        look = self.session.param.snapshot
        self.panel = ControlPanel(self.controls, self, snapshot=look)
        self.side.append(self.panel)

    def _add_fields(self) -> None:
        self.fields = FieldPanel(
            self.engine.workspace,
            self.selection,
            self.loop,
            self.restore,
            RunSteps(self.walk),
            snapshot=self.session.param.paced,
        )
        self.fields.show_state(self._wanted)
        self.fields.remarks = [*self.fields.remarks, *self.carried.remarks]
        pair = self.fields.pair.param.watch(self._note, ["view", "profiles"])
        self.fields.pair.on_zoom(self._note)
        other = self.fields.param.watch(self._note, "other")
        self._watchers += [(self.fields.pair, pair), (self.fields, other)]
        self.main.append(self.fields)

    def _add_deck(self) -> None:
        first = self._wanted.get("tab", "")
        self.deck = Deck(tabs_of(self), self.loop, first, self._turn)
        self.deck.param.watch(self._note, "active")
        self.main.append(self.deck)
        self._note()

    def _add_rest(self) -> None:
        if self.fields is not None and self.panel is not None and not self._closed:
            self.fields.pair.complete()
            self.panel.complete()

    def _turn(self, tab: str) -> None:
        self.curtains.show(tab)
        self.shortcuts.follow(tab)

    def __panel__(self) -> pn.viewable.Viewable:
        left = pn.Column(self.side, width=320)
        top = pn.Row(self.header, self.help.button, sizing_mode="stretch_width")
        self.main.styles = {"gap": "12px"}
        right = pn.Column(
            top,
            self.main,
            sizing_mode="stretch_width",
            styles={"flex": "1 1 480px", "width": "auto", "gap": "12px"},
        )
        return self._frames.around(left, right)


class HuntDashboard(Cockpit):
    """The cockpit of a workspace in a notebook cell: `HuntDashboard("workspace")`."""

    def __init__(self, workspace: str | Path | None = None, **params: Any) -> None:
        beside = prepare()
        super().__init__(Engine(Workspace.open(workspace)), **params)
        self._frames.beside = beside
        self.furnish()

    def close(self, *_: Any) -> None:
        """Stop this notebook's hunt, if one runs, and free everything.

        IPython keeps what a cell ends with in `Out`; `display(dashboard)` leaves nothing there.
        """
        super().close()
        self.engine.close()


def prepare() -> frozenset[str]:
    """Load what the views need into the page or the notebook.

    Returns:
        The roots of what Panel shows for them in the cell that runs: where its notifications
        stand, and what asks the browser what it is. It does so in each cell, and keeps them all.
    """
    if in_kernel():
        bring_scripts()  # first: Panel itself shows notifications, which are made of them
    link_one_sheet()
    before = frozenset(pn.state._views)
    pn.extension("tabulator", notifications=True, throttled=True, inline=in_kernel())
    return frozenset(pn.state._views) - before if in_kernel() else frozenset()


def create_view(engine: Engine) -> Cockpit:
    """The cockpit over an engine that lives elsewhere, for a notebook cell."""
    beside = prepare()
    cockpit = Cockpit(engine)
    cockpit._frames.beside = beside
    cockpit.furnish()
    return cockpit


def create_page(engine: Engine, *, guarded: bool = False) -> pmui.Page:
    """The page of one browser session; its end frees the session, not the engine.

    Args:
        engine: what it shows.
        guarded: whether one had to log in for it, and can log out.
    """
    prepare()
    # Panel begins this task with the first page that is busy, and in its context, which it holds.
    Context().run(pn.state._schedule_busy_cleanup)
    cockpit = Cockpit(engine, wanted_of(pn.state.session_args or {}))
    pn.state.onload(cockpit.furnish)
    pn.state.on_session_destroyed(cockpit.close)
    pn.state.on_session_destroyed(_forget)
    pn.state.on_session_destroyed(sweep_soon)
    # As high as its content: Panel would fit it into the window, and views overlap.
    cockpit.main.styles = {"padding": "12px 16px 24px", "gap": "12px", "max-height": "none"}
    drawn = Drawn(cockpit.loop)
    cockpit.put_off(drawn.then)
    cockpit.side.extend([Address(query=cockpit.param.query), cockpit.shortcuts.keys, drawn])
    way_out = [icon_link("logout", "Log out", LEAVE)] if guarded else []
    page = pmui.Page(
        title=TITLE,
        site_url="./",
        template=head(),
        meta_description="A cockpit for evolutionary hunts over a 2-D field simulation.",
        dark_theme=cockpit.dark,
        theme_config=THEME,
        sx={
            # With these two colours the header keeps the page's ground, and its parts its theme.
            ".MuiAppBar-root": {"bgcolor": "primary.contrastText", "color": "primary.main"},
            ".header .title": {"color": "text.primary"},
        },
        header=[cockpit.header, cockpit.help.button, *way_out],
        sidebar=[cockpit.side],
        sidebar_width=336,
        main=[cockpit.main],
        busy_indicator=None,
    )
    _never_busy(page)
    page.param.watch(lambda event: setattr(cockpit, "dark", event.new), "dark_theme")
    cockpit.param.watch(lambda event: setattr(page, "dark_theme", event.new), "dark")
    return page


def _forget(session: Any) -> None:
    """Have Panel forget the document of a session that is over: its notifications would hold it."""
    for ref, (_, _, document, _) in list(pn.state._views.items()):
        if document is session._document:
            pn.state._views.pop(ref, None)


def _never_busy(page: pmui.Page) -> None:
    """Have a page follow Panel's count of callbacks no more.

    Each of them would update the page, which walks all its models; and the count, which all pages
    share, would hold the page, with all that is on it, when its session is over.
    """
    with edit_readonly(page):
        page.busy = False
    for watcher in list(pn.state.param.watchers.get("busy", {}).get("value", [])):
        if getattr(getattr(watcher.fn, "__self__", None), "self", None) is page:
            pn.state.param.unwatch(watcher)

"""What the figures of a hunt have in common: a table in, work off the loop, a figure or words."""

import html
import logging
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

import panel as pn
import param

from engine.hunt.table import HuntTable
from irer_panel.background import Loop, Newest, loop_of, readers
from irer_panel.selection import Selection
from irer_panel.wording import counted

_log = logging.getLogger(__name__)

PAPER = """
:host { width: 100%; }
p { margin: 0; font-size: 13px; line-height: 19px; color: var(--mui-palette-text-secondary); }
"""


def emptiness(table: HuntTable | None) -> str:
    """Why a figure of the runs' scores has nothing to show; empty where it has."""
    if table is None:
        return "Reading the hunt's runs …"
    if not table.hunt_id:
        return "No hunt yet. Its runs appear here as they are audited."
    if not len(table):
        return f"No run of hunt {table.hunt_id} is audited yet. They appear here one by one."
    if not table.ok.any():
        return (
            f"None of {counted(len(table), 'run')} has a score, so there is nothing to draw. "
            "Failures says why."
        )
    return ""


Work = tuple[HuntTable | None, Callable[[], None]]
"""A table, and the call that shows what was worked out of it."""


class TableView(pn.viewable.Viewer):
    """A view that follows `table`; what it shows is worked out in another thread.

    Alone in a notebook: `EvolutionView(table=read_table(reader, hunt_id))`.
    """

    table = param.ClassSelector(
        class_=HuntTable, allow_refs=True, doc="Runs of the hunt; None before they are read."
    )

    shown = param.ClassSelector(class_=HuntTable, doc="The table that it shows by now.")

    title: ClassVar[str] = ""
    help: ClassVar[str] = ""
    """Two sentences on what it shows."""

    def __init__(self, loop: Loop | None = None, **params: Any) -> None:
        super().__init__(**params)
        self._loop = loop or loop_of(pn.state.curdoc)
        self._built = False
        self._work: Newest[Work] = Newest(readers, self._loop, self._deliver)
        self._figure = pn.pane.Bokeh(None, sizing_mode="stretch_width", margin=0, visible=False)
        self._words = pn.pane.HTML(
            "", stylesheets=[PAPER], sizing_mode="stretch_width", margin=0, visible=False
        )

    @param.depends("table", watch=True)
    def refresh(self) -> None:
        """Work out what there is to show, and show it."""
        self._work.request(partial(self._work_out, self.table))

    def close(self) -> None:
        """Follow the table no more."""
        self._work.close()

    def _prepare(self, table: HuntTable | None) -> Callable[[], None]:
        """In another thread: work out what to show, and give the call that shows it."""
        raise NotImplementedError

    def _work_out(self, table: HuntTable | None) -> Work:
        try:
            return table, self._prepare(table)
        except Exception as error:
            _log.exception("The figure %s could not be worked out.", self.title)
            problem = f"This could not be worked out: {type(error).__name__}: {error}. Report this."
            return table, partial(self._say, problem)

    def _deliver(self, work: Work) -> None:
        table, show = work
        if self._built or not self.table:
            show()
            self._end(table)
        else:  # a figure is dozens of models, which the loop need not make
            self._loop.aside(partial(self._build, show), partial(self._end, table))

    def _end(self, table: HuntTable | None) -> None:
        self._push()
        self.shown = table

    def _build(self, show: Callable[[], None]) -> None:
        with pn.io.hold(freeze=True):  # else each model that joins has all others walked
            show()
        self._built = True

    def _push(self) -> None:
        """Send what has changed in a figure's models; in a notebook nobody else does."""
        pn.io.push_notebook(self._figure)

    def _say(self, words: str) -> None:
        text = f"<p>{html.escape(words)}</p>" if words else ""
        if text != self._words.object:
            self._words.param.update(object=text, visible=bool(words))


class PickingView(TableView):
    """A figure of runs that marks the selected one, and selects the one that is tapped."""

    def __init__(
        self, selection: Selection | None = None, loop: Loop | None = None, **params: Any
    ) -> None:
        """Show a table.

        Args:
            selection: which run is marked, and which a tap sets; None for one of its own.
            loop: where the page lives.
            params: `table`.
        """
        super().__init__(loop, **params)
        self._selection = selection or Selection()
        self._watcher = self._selection.param.watch(self._mark, "run")

    def close(self) -> None:
        """Follow table and selection no more."""
        super().close()
        self._selection.param.unwatch(self._watcher)

    def _mark(self, *_: Any) -> None:
        """Mark the selected run in the figure."""
        raise NotImplementedError

"""The tabs under the fields: the first view comes with them, each other when it is opened."""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from irer_panel.background import Loop

_log = logging.getLogger(__name__)

_NARROW_TABS = {"& .MuiTab-root": {"minWidth": 0, "padding": "12px 16px"}}
"""As wide as their words: all of them have room on a page of 800 px."""

_LOADING = """
:host(.opening)::before { content: "Loading …"; display: block; margin: 4px 0; font-size: 14px; }
"""
"""In place of views that are not there yet: a view that says so would itself take its time."""

Maker = Callable[[], pn.viewable.Viewer]


class Deck(pn.viewable.Viewer):
    """Named tabs; `active` is the name of the open one."""

    active = param.String(default="", doc="Title of the open tab.")

    def __init__(
        self,
        makers: Mapping[str, Maker],
        loop: Loop,
        first: str = "",
        on_turn: Callable[[str], object] = lambda _: None,
    ) -> None:
        """Open the tab called `first`; the first of all where there is none of that name.

        `on_turn` hears the title of each tab that is opened, before its view is made.
        """
        super().__init__()
        self._makers, self._loop, self._on_turn = dict(makers), loop, on_turn
        self.titles = tuple(makers)
        self.views: dict[str, pn.viewable.Viewer] = {}
        self._closed = False
        self._places = {
            title: pn.Column(
                sizing_mode="stretch_width",
                styles={"padding-top": "12px"},
                css_classes=["opening"],
                stylesheets=[_LOADING],
            )
            for title in self.titles
        }
        self._tabs = pmui.Tabs(
            *self._places.items(), sizing_mode="stretch_width", margin=0, sx=_NARROW_TABS
        )
        self._tabs.active = self.titles.index(first) if first in self.titles else 0
        self._tabs.param.watch(self._turned, "active")
        if self._tabs.active:
            self._turned()
        elif maker := self._turn():
            # At once, where the tabs are made: the browser builds a table that follows them twice.
            # Not so figures, which it draws before they have a place.
            self._fill(self.active, maker)

    @property
    def moved(self) -> bool:
        """Whether another tab than the first is open."""
        return self.active != self.titles[0]

    def open(self, title: str) -> None:
        """Show a tab; a title that there is none of changes nothing."""
        if title in self.titles:
            self._tabs.active = self.titles.index(title)

    def close(self) -> None:
        """Free the views that were made."""
        self._closed = True
        for view in self.views.values():
            if callable(close := getattr(view, "close", None)):
                close()

    def _turned(self, *_: Any) -> None:
        if maker := self._turn():
            self._loop.aside(partial(self._fill, self.active, maker), lambda: None)

    def _turn(self) -> Maker | None:
        """Say which tab is open now; what makes its view, where that is still to be made."""
        title = self.titles[self._tabs.active]
        self._on_turn(title)
        self.active = title
        return self._makers.pop(title, None)

    def _fill(self, title: str, maker: Maker) -> None:
        if self._closed:
            return
        with pn.io.hold(freeze=True):  # else each model that joins has all others walked
            try:
                view = self.views[title] = maker()
            except Exception as error:
                _log.exception("The tab %s could not be made.", title)
                words = (
                    f"This view could not be made: {type(error).__name__}: {error}. Report this."
                )
                self._places[title][:] = [pmui.Alert(words, severity="error", margin=0)]
            else:
                self._places[title][:] = [view]
            self._places[title].css_classes = []

    def __panel__(self) -> pn.viewable.Viewable:
        return self._tabs

"""What a tab sees of the page: all while it is shown, nothing new while it is hidden.

A tab that is hidden would read and compute for each run that is selected and each look at the hunt,
for nobody. It gets a selection and a snapshot of its own, which follow the page's as long as the
tab is shown, and catch up when it is shown again.
"""

from typing import Any

import param

from irer_panel.selection import Selection
from irer_panel.session import Session
from irer_panel.snapshot import Snapshot


class TabSelection(Selection):
    """The selection as a tab sees it; what the tab picks, the page picks."""

    def __init__(self, page: Selection) -> None:
        super().__init__(run=page.run, newest=page.newest, follow=page.follow)
        self._page = page

    def pick(self, run: str) -> None:
        """The user picks a run: the page stays with it."""
        self._page.pick(run)


class Curtain(param.Parameterized):
    """Stands between a tab and the page; hides the page's changes while it is drawn."""

    snapshot = param.ClassSelector(
        default=Snapshot(), class_=Snapshot, allow_None=False, doc="Newest look that was let in."
    )
    shown = param.Boolean(default=False, doc="Whether the tab is shown.")

    def __init__(self, page: Selection, session: Session) -> None:
        super().__init__(snapshot=session.paced)
        self._page, self._session = page, session
        self.selection = TabSelection(page)
        self._watchers = [
            (page, page.param.watch(self._let_in, ["run", "newest", "follow"])),
            (session, session.param.watch(self._let_in, "paced")),
        ]

    def close(self) -> None:
        """Follow the page no more."""
        for owner, watcher in self._watchers:
            owner.param.unwatch(watcher)
        self._watchers = []

    @param.depends("shown", watch=True)
    def _let_in(self, *_: Any) -> None:
        if self.shown:
            page = self._page
            self.snapshot = self._session.paced
            self.selection.param.update(newest=page.newest, follow=page.follow, run=page.run)


class Curtains:
    """A curtain a tab, by its title; all are drawn but that of the tab which is shown."""

    def __init__(self, page: Selection, session: Session) -> None:
        self._page, self._session = page, session
        self._by_title: dict[str, Curtain] = {}

    def of(self, title: str) -> Curtain:
        """The curtain of a tab."""
        if title not in self._by_title:
            self._by_title[title] = Curtain(self._page, self._session)
        return self._by_title[title]

    def show(self, title: str) -> None:
        """Open a tab's curtain and draw all others."""
        for other, curtain in self._by_title.items():
            if other != title:
                curtain.shown = False
        self.of(title).shown = True

    def close(self) -> None:
        """Follow the page no more."""
        for curtain in self._by_title.values():
            curtain.close()

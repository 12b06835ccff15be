"""The way along the run list from the selected run: to the next, the previous, the ends."""

from dataclasses import replace
from functools import partial
from typing import Any

import param

from engine.store.reader import LedgerReader
from irer_panel.background import Loop, Newest, readers
from irer_panel.listing import LAST, Listed, Listing, Surroundings, Way, surroundings
from irer_panel.selection import Selection
from irer_panel.snapshot import Snapshot

HERE = Way()
"""No steps."""


class Walk(param.Parameterized):
    """Steps through the list as it stands; the rows around the selected run are always known.

    A step within them selects at once; one beyond them waits for a read, and takes with it all
    steps that were asked for meanwhile.
    """

    before = param.Boolean(default=False, doc="Whether a run stands before the selected one.")
    after = param.Boolean(default=False, doc="Whether one stands after it.")
    snapshot = param.ClassSelector(
        default=Snapshot(), class_=Snapshot, allow_None=False, allow_refs=True, doc="Newest look."
    )

    def __init__(
        self,
        reader: LedgerReader,
        selection: Selection,
        listing: Listing,
        loop: Loop,
        **params: Any,
    ) -> None:
        super().__init__(**params)
        self._reader, self._selection, self._listing = reader, selection, listing
        self._reads: Newest[Surroundings] = Newest(readers, loop, self._arrive)
        self._around = Surroundings(Listed(), "")
        self._run = ""
        self._place: int | None = None
        self._way = HERE
        self._watchers = [
            (selection, selection.param.watch(self._selected, "run")),
            (listing, listing.param.watch(self._look, ["order", "filters"])),
        ]
        self._look()

    def close(self) -> None:
        """Follow nothing any more."""
        self._reads.close()
        for owner, watcher in self._watchers:
            owner.param.unwatch(watcher)
        self._watchers = []

    def step(self, steps: int) -> None:
        """Select the run so many rows on, or the last on the way; below 0 goes back."""
        self._way = replace(self._way, steps=self._way.steps + steps)
        self._advance()

    def to_first(self) -> None:
        """Select the first run of the list."""
        self._way = Way(start=0)
        self._advance()

    def to_last(self) -> None:
        """Select the last run of the list."""
        self._way = Way(start=LAST)
        self._advance()

    def _listed(self) -> Listed:
        shown, listing = self.snapshot.shown, self._listing
        return Listed(shown.hunt_id, listing.order, listing.filters, self.snapshot.sequence)

    @param.depends("snapshot", watch=True)
    def _look(self, *_: Any) -> None:
        if self._listed() != self._around.listed:
            self._read()

    def _selected(self, *_: Any) -> None:
        """Another run is selected: by a step, or by something else than this."""
        if self._selection.run != self._run:
            self._way = HERE
            self._read()

    def _read(self) -> None:
        run = self._selection.run
        hint = self._place if run == self._run else None
        self._reads.request(
            partial(surroundings, self._reader, self._listed(), run, self._way, hint)
        )

    def _arrive(self, around: Surroundings) -> None:
        if around.run != self._selection.run:
            self._read()
            return
        self._around, self._run, self._place = around, around.run, around.place
        self._advance()

    def _advance(self) -> None:
        """Take the steps that were asked for, as far as the rows are known."""
        around, way = self._around, self._way
        if self._run != self._selection.run or around.listed != self._listed():
            self._read()
            return
        if way != HERE and around.total:
            place, on = way.leads(self._place, around.total), _sign(way.steps)
            while on and around.at(place) == self._run and 0 <= place + on < around.total:
                place += on  # the same run at another place of the hunt
            run = around.at(place)
            if run is None:
                if on:  # an end stays the end, where runs land meanwhile
                    self._way = Way(place - on, on)
                self._read()
                return
            self._place, self._run = place, run
            self._listing.walked = (run, place)
            self._selection.pick(run)
        self._way = HERE
        place_now, total = self._place, around.total
        self.param.update(
            before=total > 0 and place_now != 0,
            after=total > 0 and place_now != total - 1,
        )


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)

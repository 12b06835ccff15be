"""What a link carries of the tabs; it lives as long as the page, the tabs are made when opened."""

from collections.abc import Callable, Mapping
from typing import Any

import param

from irer_panel.choices import wanted_choices
from irer_panel.compared import Compared
from irer_panel.link import wanted_compared, wanted_run
from irer_panel.listing_words import wanted_listing
from irer_panel.listing_words import words_of as words_of_list
from irer_panel.moment import wanted_moment
from irer_panel.views.compare_state import read_words as read_compare
from irer_panel.views.compare_state import words_of as words_of_compare
from irer_panel.zooms import wanted_zooms
from irer_panel.zooms import words_of as words_of_zooms


class Carried:
    """Of one page the run list, the comparison, the player's time, the menus and the figures' zoom.

    Attributes:
        remarks: in words, what of a link was left out; the Compare tab tells what concerns it.
    """

    def __init__(self, wanted: Mapping[str, str]) -> None:
        """Begin as a link asks for."""
        self.listing, unlisted = wanted_listing(wanted)
        self.moment, untimed = wanted_moment(wanted, wanted_run(wanted))
        self.choices, unchosen = wanted_choices(wanted)
        self.zooms, unzoomed = wanted_zooms(wanted)
        runs, refused = wanted_compared(wanted)
        view, window, unseen = read_compare(wanted)
        self.compared = Compared(runs, " ".join(filter(None, [refused, *unseen])), view, window)
        self.remarks = [*unlisted, *filter(None, [untimed]), *unchosen, *unzoomed]

    def words(self, run: str) -> dict[str, str]:
        """All of it as a link carries it; of the player's time what concerns a run."""
        compared, time = self.compared, self.moment.of(run)
        return {
            "compare": ",".join(compared.runs),
            **(words_of_compare(compared.view, compared.window) if compared.runs else {}),
            "t": "" if time is None else f"{time:.9g}",
            **words_of_list(self.listing),
            **self.choices.words,
            **words_of_zooms(self.zooms),
        }

    def watch(self, call: Callable[..., object]) -> list[tuple[param.Parameterized, Any]]:
        """Call it whenever any of it changes; gives who is watched, and by what."""
        watched: Mapping[param.Parameterized, list[str]] = {
            self.compared: ["runs", "view", "window"],
            self.moment: ["run", "time"],
            self.listing: ["order", "filters", "page", "columns"],
            self.choices: ["words"],
            self.zooms: ["windows"],
        }
        return [(owner, owner.param.watch(call, names)) for owner, names in watched.items()]

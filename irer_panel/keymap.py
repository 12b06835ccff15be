"""The keys of the page: which do what, and the words for it."""

from collections.abc import Mapping
from dataclasses import dataclass

PLAYER_TAB = "Time"
"""Title of the tab whose player some keys move."""


@dataclass(frozen=True)
class Binding:
    """What some keys do.

    Attributes:
        action: the name that `Shortcuts` knows it by.
        keys: as the browser calls them, letters small; none where the browser acts by itself.
        shown: how they are written.
        words: what they do.
        repeats: whether holding a key repeats it.
        player: whether they work in the player's tab alone.
    """

    action: str
    keys: tuple[str, ...]
    shown: str
    words: str
    repeats: bool = False
    player: bool = False


BINDINGS = (
    Binding("next_run", ("ArrowDown", "j"), "↓ or J", "next run of the list", repeats=True),
    Binding("previous_run", ("ArrowUp", "k"), "↑ or K", "previous run of the list", repeats=True),
    Binding("first_run", ("Home",), "Home", "first run of the list"),
    Binding("last_run", ("End",), "End", "last run of the list"),
    Binding("mark", ("x",), "X", "tick or untick the selected run for comparison"),
    Binding("play", (" ",), "Space", "Time tab: play or pause", player=True),
    Binding("next_frame", ("ArrowRight",), "→", "Time tab: next stored time", True, True),
    Binding("previous_frame", ("ArrowLeft",), "←", "Time tab: previous stored time", True, True),
    Binding("loop", ("l",), "L", "Time tab: play once or in a loop", player=True),
    Binding("tab", tuple("123456789"), "1 … 9", "open the first, second … tab"),
    Binding("theme", ("d",), "D", "dark or light"),
    Binding("help", ("?",), "?", "open the help"),
    Binding("close", (), "Esc", "close the help"),
)
"""Every key, in the order in which they are listed."""

BY_KEY: Mapping[str, Binding] = {key: each for each in BINDINGS for key in each.keys}

MANNERS = (
    "The list is that of the Runs tab, as it is sorted and filtered; newest first until it is. "
    "While you type, in an open menu, and on a slider the keys are left to it."
)
"""What else there is to know of them."""


def keys_of(tab: str) -> tuple[list[str], list[str]]:
    """The keys that the page takes while a tab is shown, and those of them that repeat."""
    taken = [each for each in BINDINGS if not each.player or tab == PLAYER_TAB]
    keys = [key for each in taken for key in each.keys]
    return keys, [key for each in taken if each.repeats for key in each.keys]

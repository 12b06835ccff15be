"""What the keys do on a page."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from irer_panel.keymap import BY_KEY, PLAYER_TAB, keys_of
from irer_panel.views.keys import Keys

if TYPE_CHECKING:
    from irer_panel.app import Cockpit
    from irer_panel.views.time_tab import TimeTab


class Shortcuts:
    """The keys of one page; which it takes follows the tab that is shown."""

    def __init__(self, cockpit: "Cockpit") -> None:
        self._cockpit = cockpit
        self.keys = Keys(self.press)
        walk = cockpit.walk
        self._actions: Mapping[str, Callable[[], object]] = {
            "next_run": lambda: walk.step(1),
            "previous_run": lambda: walk.step(-1),
            "first_run": walk.to_first,
            "last_run": walk.to_last,
            "mark": cockpit.mark,
            "play": lambda: self._player(lambda time: time.play_or_pause()),
            "next_frame": lambda: self._player(lambda time: time.step(1)),
            "previous_frame": lambda: self._player(lambda time: time.step(-1)),
            "loop": lambda: self._player(lambda time: time.loop_or_once()),
            "theme": self._turn_theme,
            "help": cockpit.help.open,
        }
        self.follow("")

    def follow(self, tab: str) -> None:
        """Take the keys that mean something while a tab is shown."""
        keys, repeating = keys_of(tab)
        self.keys.param.update(keys=keys, repeating=repeating)

    def press(self, key: str) -> None:
        """Do what a key asks for; where there is nothing to do it to, nothing happens."""
        binding = BY_KEY[key]
        if binding.action == "tab":
            self._open_tab(int(key) - 1)
        else:
            self._actions[binding.action]()

    def _open_tab(self, index: int) -> None:
        deck = self._cockpit.deck
        if deck is not None and index < len(deck.titles):
            deck.open(deck.titles[index])

    def _player(self, move: Callable[["TimeTab"], Any]) -> None:
        deck = self._cockpit.deck
        time: Any = deck.views.get(PLAYER_TAB) if deck is not None else None
        if time is not None:
            move(time)

    def _turn_theme(self) -> None:
        self._cockpit.dark = not self._cockpit.dark

"""What the menus of the tabs are set to, as a link carries it: by the menu's name, a word each."""

from collections.abc import Callable, Mapping
from typing import Any

import param

from engine.hunt.table import FITNESS, H_NORM, METRICS, SSE
from engine.layer2.discovery import NAME
from engine.settings import PHYSICS_KEYS
from irer_panel.history import FRAMES

SHORT = (FITNESS, SSE, H_NORM)
"""The figures between which a row of buttons chooses."""

WORDS: Mapping[str, tuple[str, ...]] = {
    "film": tuple(style.key for style in FRAMES.values()),
    "evolution": tuple(metric.key for metric in SHORT),
    "importance": tuple(metric.key for metric in SHORT),
    "parameter": tuple(PHYSICS_KEYS),
    "figure": tuple(metric.key for metric in METRICS),
}
"""The menus, each with the words for what can be chosen in it."""

COMPONENT = "component"
"""The menu of components: what can be chosen in it is known once the workspace was looked at."""


class Choices(param.Parameterized):
    """The menus of one page, also of tabs that were never opened."""

    words = param.Dict(default={}, doc="What is chosen, but for what a menu begins with.")

    def bind(self, name: str, menu: Any, word_of: Callable[[Any], str]) -> None:
        """Set a menu to what is chosen, and hear of what is chosen in it.

        Args:
            name: one of `WORDS`, or `COMPONENT`.
            menu: a widget with `value`; its own is what it begins with.
            word_of: the word for a value.
        """
        usual = menu.value
        menu.value = self.chosen(name, menu.options, word_of, usual)
        menu.param.watch(lambda event: self.note(name, event.new, word_of, usual), "value")

    def note(self, name: str, value: Any, word_of: Callable[[Any], str], usual: Any) -> None:
        """Know what is chosen in a menu; the usual value needs no word."""
        rest = {key: word for key, word in self.words.items() if key != name}
        self.words = rest if value == usual else {**rest, name: word_of(value)}

    def chosen(self, name: str, options: Any, word_of: Callable[[Any], str], usual: Any) -> Any:
        """What is chosen of a menu's options; the usual one where that is none of them."""
        values = options.values() if isinstance(options, Mapping) else options
        word = self.words.get(name)
        return next((value for value in values if word_of(value) == word), usual)


def wanted_choices(wanted: Mapping[str, str]) -> tuple[Choices, tuple[str, ...]]:
    """What a link chooses, and in words what of it was left out."""
    named = {name: wanted[name] for name in WORDS if wanted.get(name)}
    refused = tuple(
        f"{name}: got {word[:60]!r}, expected one of {', '.join(WORDS[name])}; it was left out."
        for name, word in named.items()
        if word not in WORDS[name]
    )
    chosen = {name: word for name, word in named.items() if word in WORDS[name]}
    if component := wanted.get(COMPONENT):
        if NAME.fullmatch(component):
            chosen[COMPONENT] = component
        else:
            refused += (
                f"{COMPONENT}: got {component[:60]!r}, expected a component's name; it was left "
                "out.",
            )
    return Choices(words=chosen), refused

"""What a user may set of a component: declared in its manifest, checked before it starts."""

import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import SettingsError

MAX_TEXT = 1000


@dataclass(frozen=True)
class Tunable:
    """One of a manifest's `tunable_variables`.

    Attributes:
        name: becomes `--name VALUE`.
        label: for people.
        type: int, float, bool, string or string:uuid.
        default: its value where nothing is said.
        minimum: smallest number, or None.
        maximum: largest number, or None.
        description: what it does, for people.
    """

    name: str
    label: str
    type: str
    default: Any
    minimum: float | None = None
    maximum: float | None = None
    description: str = ""

    @property
    def expected(self) -> str:
        """What it takes, in words."""
        words = {
            "int": "a whole number",
            "float": "a finite number",
            "bool": "true or false",
            "string": f"text of at most {MAX_TEXT} characters",
            "string:uuid": "a UUID",
        }[self.type]
        low = "" if self.minimum is None else f", at least {self.minimum:g}"
        high = "" if self.maximum is None else f", at most {self.maximum:g}"
        return f"{words}{low}{high}"

    def checked(self, value: Any) -> Any:
        """The value in the declared type.

        Raises:
            SettingsError: it is none of this tunable's values.
        """
        try:
            return self._converted(value)
        except (TypeError, ValueError, AttributeError, OverflowError):
            raise SettingsError(
                f"{self.name}: got {str(value)[:80]!r}, expected {self.expected}; correct it.",
                field=self.name,
            ) from None

    def _converted(self, value: Any) -> Any:
        if self.type == "bool":
            if not isinstance(value, bool):
                raise TypeError
            return value
        if self.type == "string":
            if not isinstance(value, str) or len(value) > MAX_TEXT or not can_be_told(value):
                raise TypeError
            return value
        if self.type == "string:uuid":
            return str(uuid.UUID(value))
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError
        number: float = float(value)
        if not math.isfinite(number) or (self.type == "int" and number != int(number)):
            raise ValueError
        low = -math.inf if self.minimum is None else self.minimum
        high = math.inf if self.maximum is None else self.maximum
        if not low <= number <= high:
            raise ValueError
        return int(value) if self.type == "int" else number


def can_be_told(text: str) -> bool:
    """Whether text can be an argument of a process, and is whole: no NUL, no lone surrogate."""
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def values_of(tunables: Sequence[Tunable], given: Mapping[str, Any]) -> dict[str, Any]:
    """A value for each tunable: what was given, else its default.

    Raises:
        SettingsError: an unknown name, or a value that its tunable does not take.
    """
    names = [tunable.name for tunable in tunables]
    for name in given:
        if name not in names:
            raise SettingsError(
                f"{name}: got a value for it, expected one of {', '.join(names) or 'none at all'}; "
                "`irer components --json` lists what a component takes.",
                field=name,
            )
    return {each.name: each.checked(given.get(each.name, each.default)) for each in tunables}


def argument(value: Any) -> str:
    """A value as an argument of the script: JSON's true and false, numbers that read back."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)

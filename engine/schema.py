"""Self-describing settings: a dataclass field that carries its type, bounds, unit and purpose.

`check_names` and `check_fields` turn a bad value into a one-line `SettingsError`.
"""

import dataclasses
import difflib
import functools
import math
import reprlib
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from engine.errors import SettingsError


@dataclass(frozen=True)
class Spec:
    """What one field accepts. `low_open`: the lower bound itself is refused."""

    doc: str
    bounds: tuple[float, float] | None = None
    low_open: bool = False
    choices: tuple[str, ...] = ()
    unit: str = ""
    group: str = ""
    even: bool = False
    pattern_hex: int = 0


def setting(
    default: Any,
    *,
    doc: str,
    bounds: tuple[float, float] | None = None,
    low_open: bool = False,
    choices: tuple[str, ...] = (),
    unit: str = "",
    group: str = "",
    even: bool = False,
    pattern_hex: int = 0,
) -> Any:
    """A dataclass field that describes itself."""
    spec = Spec(doc, bounds, low_open, choices, unit, group, even, pattern_hex)
    return dataclasses.field(default=default, metadata={"spec": spec})


def specs(cls: type) -> Mapping[str, Spec]:
    """The specification of every setting of a settings class, by name, in order."""
    return _declared(cls)[0]


def field_types(cls: type) -> Mapping[str, Any]:
    """The declared type of every field of a settings class."""
    return _declared(cls)[1]


@functools.cache
def _declared(cls: Any) -> tuple[Mapping[str, Spec], Mapping[str, Any], Mapping[str, Any]]:
    """Specifications, types, and the defaults, which are taken as they are: a test holds them.

    Read once: a long hunt that is continued makes its configs by the ten thousand.
    """
    fields = dataclasses.fields(cls)
    found = {f.name: f.metadata["spec"] for f in fields if "spec" in f.metadata}
    defaults = {name: f.default for f in fields if (name := f.name) in found}
    types = typing.get_type_hints(cls)
    return MappingProxyType(found), MappingProxyType(types), MappingProxyType(defaults)


def check_names(values: Mapping[str, Any], known: list[str]) -> None:
    """Refuse what is not a mapping of known settings."""
    if not isinstance(values, Mapping):
        raise SettingsError(
            f"config: got {type(values).__name__}, expected a JSON object of settings by name."
        )
    for name in values:
        if name not in known:
            close = difflib.get_close_matches(str(name), known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else "remove it."
            raise SettingsError(
                f"{_line(name)}: unknown key, expected one of {len(known)} settings; {hint}",
                field=str(name),
            )


def check_fields(settings: Any) -> None:
    """Coerce every setting of a frozen settings object to its declared type and check it."""
    kind: Any = type(settings)
    declared, types, defaults = _declared(kind)
    for name, spec in declared.items():
        value = getattr(settings, name)
        if value is defaults[name]:
            continue
        if types[name] is float and type(value) is float and spec.bounds:
            low, high = spec.bounds
            if low < value < high and value != 0:
                continue  # the common case, and finite; −0.0 would become 0.0
        value = _coerce(name, value, types[name])
        _check_value(name, value, spec)
        default = defaults[name]
        same = type(value) is type(default) and value == default
        object.__setattr__(settings, name, default if same else value)


def _coerce(name: str, value: Any, declared: Any) -> Any:
    if typing.get_origin(declared) is tuple:
        if not isinstance(value, list | tuple) or len(value) != 2:
            raise SettingsError(
                f"{name}: got {reprlib.repr(value)}, expected [low, high]; write [0.1, 0.5].",
                field=name,
            )
        return tuple(_coerce(name, item, float) for item in value)
    if declared is str:
        if not isinstance(value, str):
            raise SettingsError(
                f"{name}: got {reprlib.repr(value)}, expected text; put it in quotes.", field=name
            )
        return value
    whole = declared is int
    kind, example = ("a whole number", "10") if whole else ("a number", "0.5")
    try:
        if isinstance(value, bool | str | bytes):
            raise TypeError
        number = float(value)
        exact = int(value) if declared is int and math.isfinite(number) else number
    except (TypeError, ValueError, OverflowError):
        raise SettingsError(
            f"{name}: got {reprlib.repr(value)}, expected {kind}; write {example}.", field=name
        ) from None
    if not math.isfinite(number):
        raise SettingsError(
            f"{name}: got {reprlib.repr(value)}, expected a finite number; write {example}.",
            field=name,
        )
    if declared is int and exact != value:
        raise SettingsError(
            f"{name}: got {reprlib.repr(value)}, expected {kind}; write {example}.", field=name
        )
    return exact if declared is int else number + 0.0


def _check_value(name: str, value: Any, spec: Spec) -> None:
    if spec.choices and value not in spec.choices:
        raise SettingsError(
            f"{name}: got {reprlib.repr(value)}, expected one of "
            f"{', '.join(spec.choices)}; choose one.",
            field=name,
        )
    digits = spec.pattern_hex
    if digits and value and (len(value) != digits or not set(value) <= set("0123456789abcdef")):
        raise SettingsError(
            f"{name}: got {reprlib.repr(value)}, expected {digits} hex digits or nothing.",
            field=name,
        )
    if spec.bounds:
        low, high = spec.bounds
        for number in value if isinstance(value, tuple) else (value,):
            if not low <= number <= high or (spec.low_open and number == low):
                above = "above" if spec.low_open else "at least"
                raise SettingsError(
                    f"{name}: got {_text(number)}, expected a value {above} {_text(low)} and at "
                    f"most {_text(high)}; choose one inside.",
                    field=name,
                )
        if isinstance(value, tuple) and value[0] > value[1]:
            raise SettingsError(
                f"{name}: got {list(value)}, expected low ≤ high; swap the two.", field=name
            )
    if spec.even and value % 2:
        raise SettingsError(
            f"{name}: got {value}, expected an even number; try {value + 1}.", field=name
        )


def _text(number: float) -> str:
    """A number as a person would write it: 100000, not 1e+05."""
    return str(int(number)) if number == int(number) and abs(number) < 1e15 else f"{number:g}"


def _line(name: Any) -> str:
    """A key that somebody made up, on one line and no longer than it takes to recognise it."""
    text = str(name)
    return text if text.isprintable() and len(text) <= 40 else reprlib.repr(text)

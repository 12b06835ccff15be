"""The settings of a hunt as parameters of a page, derived from the engine's declarations.

Nothing about a setting is repeated here: type, bounds, choices, unit, group, purpose and default
come from `HuntSettings` and `RunConfig`. What a user types goes through `enter`, which keeps the
last good value and remembers the engine's own message for a bad one.
"""

import itertools
from typing import Any

import param

from engine.errors import SettingsError
from engine.hunt.strategies import strategy_names
from engine.schema import Spec, field_types, specs
from engine.settings import OBJECTIVES, PHYSICS_KEYS, HuntSettings, RunConfig

HUNT_NAMES = tuple(specs(HuntSettings))
RUN_NAMES = tuple(specs(RunConfig))
SPECS: dict[str, Spec] = {**specs(HuntSettings), **specs(RunConfig)}
TYPES: dict[str, Any] = {**field_types(HuntSettings), **field_types(RunConfig)}
DEFAULTS: dict[str, Any] = HuntSettings().to_dict()


FIXED = ("model", "initial_state_sha256")
"""Run settings that are the same for every hunt: a form need not ask for them."""

OBJECTIVE_SETS = (
    "auto",
    *(",".join(some) for n in (1, 2, 3) for some in itertools.combinations(OBJECTIVES, n)),
)
"""What a hunt can be told to seek: one objective or several."""

NOTES = {
    "search": f"Keys: {', '.join(PHYSICS_KEYS)}.",
    "objectives": "Several only for a strategy that can weigh them.",
}
"""What a form says of a setting beside its declaration."""


def label(name: str) -> str:
    """A setting's name for a form: `param_sigma_k` → "Sigma k [1/x]"."""
    words = name.removeprefix("param_").removeprefix("num_").removesuffix("_range")
    words = words.replace("_", " ").replace("sdg", "SDG").replace("sha256", "SHA-256")
    if len(words) > 2:
        words = words[0].upper() + words[1:]
    unit = "" if is_range(name) else SPECS[name].unit
    if unit == "h":
        return words  # "Max hours" says it
    return f"{words.removesuffix(f' {unit.lower()}')} [{unit}]" if unit else words


def purpose(name: str) -> str:
    """One sentence on a setting: what it does, what it accepts, its default and its key."""
    spec = SPECS[name]
    parts = [spec.doc]
    if spec.bounds:
        low, high = spec.bounds
        ends = " to ".join(f"{int(end):,}" if end == int(end) else str(end) for end in (low, high))
        parts.append(f"{'Above' if spec.low_open else 'From'} {ends}.")
    if spec.unit:
        parts.append(f"In {spec.unit}.")
    if spec.even:
        parts.append("Even.")
    default = DEFAULTS[name]
    if default != "":
        parts.append(f"Default {text_of(name, default)}.")
    if name in NOTES:
        parts.append(NOTES[name])
    return " ".join([*parts, f"({name})"])


def text_of(name: str, value: Any) -> str:
    """A value as a text field shows it."""
    if TYPES[name] is str:
        return str(value)
    if is_range(name):
        return " – ".join(repr_number(end) for end in value)
    return repr_number(value)


def choices(name: str) -> tuple[str, ...]:
    """The values that a setting can have, where they can be listed."""
    if name == "strategy":
        return tuple(strategy_names())
    return OBJECTIVE_SETS if name == "objectives" else SPECS[name].choices


def repr_number(value: float) -> str:
    """The shortest text that reads back as the same number, without a trailing ".0"."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(value)


def is_range(name: str) -> bool:
    """Whether a setting is an interval [low, high]."""
    return isinstance(DEFAULTS[name], list)


def parse(text: str) -> float | str:
    """What a user typed, as a number where it is one; the engine judges the rest."""
    cleaned = text.strip().replace("−", "-")
    try:
        return int(cleaned)
    except ValueError:
        pass
    try:
        return float(cleaned)
    except ValueError:
        return cleaned


class HuntControls(param.Parameterized):
    """Every setting of a hunt as a parameter, plus what was typed and cannot be used."""

    errors = param.Dict(default={}, doc="The engine's message for each setting in error, by name.")
    refused = param.Dict(
        default={}, doc="What Start was refused for, by name, until something is entered."
    )

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._ends: dict[str, list[float | str]] = {
            name: list(getattr(self, name)) for name in SPECS if is_range(name)
        }

    def enter(self, name: str, text: str, end: int | None = None) -> str:
        """Take what was typed into a field; returns the engine's message, "" where it is fine.

        Args:
            name: the setting.
            text: what was typed.
            end: 0 or 1 for the low or high end of a range.
        """
        value: Any = text if TYPES[name] is str else parse(text)
        if end is not None:
            self._ends[name][end] = value
            value = list(self._ends[name])
        message = self._refusal(name, value)
        if not message:
            setattr(self, name, tuple(value) if is_range(name) else TYPES[name](value))
        others = {key: kept for key, kept in self.errors.items() if key != name}
        self.param.update(errors={**others, name: message} if message else others, refused={})
        return message

    def refuse(self, error: SettingsError) -> None:
        """Start was refused for the settings together: the message belongs to one of them."""
        if error.field in SPECS:
            self.refused = {error.field: str(error)}

    def searched(self) -> tuple[str, ...]:
        """The run settings that the hunt varies: not their own value is used, an interval is."""
        values = {name: getattr(self, name) for name in HUNT_NAMES}
        return tuple(each.key for each in HuntSettings.from_mapping(values).dimensions)

    def settings(self) -> HuntSettings:
        """The settings as they stand.

        Raises:
            SettingsError: a field is in error, or the engine refuses the combination.
        """
        for name, message in self.errors.items():
            raise SettingsError(message, field=name)
        return HuntSettings.from_mapping({name: getattr(self, name) for name in SPECS})

    def _refusal(self, name: str, value: Any) -> str:
        try:
            HuntSettings.from_mapping({name: value})
        except SettingsError as error:
            return str(error)
        return ""


def _parameter(name: str) -> param.Parameter:
    spec, default = SPECS[name], DEFAULTS[name]
    doc = spec.doc
    inclusive = (not spec.low_open, True)
    if spec.choices:
        return param.Selector(default=default, objects=list(spec.choices), doc=doc)
    if TYPES[name] is str:
        digits = spec.pattern_hex
        pattern = f"^([0-9a-f]{{{digits}}})?$" if digits else None
        return param.String(default=default, regex=pattern, doc=doc)
    if is_range(name):
        return param.Range(
            default=tuple(default), bounds=spec.bounds, inclusive_bounds=inclusive, doc=doc
        )
    if TYPES[name] is int:
        whole = (int(spec.bounds[0]), int(spec.bounds[1])) if spec.bounds else None
        return param.Integer(default=default, bounds=whole, inclusive_bounds=inclusive, doc=doc)
    return param.Number(default=default, bounds=spec.bounds, inclusive_bounds=inclusive, doc=doc)


for _name in SPECS:
    HuntControls.param.add_parameter(_name, _parameter(_name))

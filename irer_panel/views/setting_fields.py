"""The fields of the settings: made when they are first shown, each with what is wrong with it."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import panel as pn
import panel_material_ui as pmui

from irer_panel.controls import (
    SPECS,
    HuntControls,
    choices,
    is_range,
    label,
    purpose,
    repr_number,
    text_of,
)

EXAMPLE = "Such as epsilon=0.01:1:log param_alpha=off."
_MARGIN = (6, 0)
_SELECT_SX = {"& .MuiInputBase-root, &.MuiInputBase-root": {"height": "40px"}}
_SEARCHED = "Searched: set its interval in Search space."


class SettingFields:
    """Edits `HuntControls`, a field a setting, two for an interval."""

    def __init__(self, controls: HuntControls) -> None:
        self._controls = controls
        self._by_name: dict[str, list[Any]] = {}
        self._hints: dict[str, str] = {}
        self._watcher = controls.param.watch(self._refused, "refused")

    def close(self) -> None:
        """Follow the controls no more."""
        self._controls.param.unwatch(self._watcher)

    def rows(self, names: Sequence[str]) -> list[Any]:
        """A field, or a row of two, for each setting."""
        rows: list[Any] = []
        searched = self._controls.searched()
        for name in names:
            self._hints[name] = _hint(name)
            fields = self._by_name[name] = self._fields(name)
            row = pn.Row(*fields, styles={"gap": "8px"}, sizing_mode="stretch_width")
            rows.append(row if len(fields) > 1 else fields[0])
            self._show_searched(name, searched)
            self._mark(name, self._controls.refused.get(name, ""))
        return rows

    def _fields(self, name: str) -> list[Any]:
        value = getattr(self._controls, name)
        if choices(name):
            return [self._choice(name, value)]
        if not is_range(name):
            return [self._text(name, label(name), text_of(name, value), None)]
        return [
            self._text(name, f"{label(name)} {word}", repr_number(each), end)
            for end, (word, each) in enumerate(zip(("from", "to"), value, strict=True))
        ]

    def _text(self, name: str, title: str, value: str, end: int | None) -> Any:
        field = pmui.TextInput(
            label=title,
            value=value,
            description=purpose(name),
            size="small",
            sizing_mode="stretch_width",
            margin=_MARGIN,
        )
        field.param.watch(partial(self._typed, name, end), "value")
        return field

    def _choice(self, name: str, value: str) -> Any:
        field = pmui.Select(
            label=label(name),
            options={each.replace(",", ", "): each for each in choices(name)},
            value=value,
            description=purpose(name),
            size="small",
            sizing_mode="stretch_width",
            margin=_MARGIN,
            sx=_SELECT_SX,
        )
        field.param.watch(partial(self._typed, name, None), "value")
        return field

    def _typed(self, name: str, end: int | None, event: Any) -> None:
        self._mark(name, self._controls.enter(name, str(event.new), end), end)
        if name == "search":
            searched = self._controls.searched()
            for other in self._by_name:
                self._show_searched(other, searched)

    def _refused(self, event: Any) -> None:
        for name, message in (dict.fromkeys(event.old, "") | event.new).items():
            if name in self._by_name:
                self._mark(name, message or self._controls.errors.get(name, ""))

    def _mark(self, name: str, message: str, end: int | None = None) -> None:
        # Both ends of a range turn red, the sentence stands once.
        fields = self._by_name[name]
        for field in fields:
            field.error_state = bool(message)
            shown = message or self._hints[name]
            field.helper_text = shown if field is fields[end or 0] else ""

    def _show_searched(self, name: str, searched: Sequence[str]) -> None:
        if SPECS[name].group != "physics" or choices(name):
            return
        (field,) = self._by_name[name]
        field.disabled = name in searched
        self._hints[name] = _SEARCHED if field.disabled else ""
        self._mark(name, self._controls.errors.get(name, ""))


def _hint(name: str) -> str:
    """What stands below a field while nothing is wrong with it: an example, or what 0 means."""
    if name == "search":
        return EXAMPLE
    _, found, meaning = SPECS[name].doc.partition("; 0 ")
    return f"0 {meaning}" if found and SPECS[name].group != "physics" else ""

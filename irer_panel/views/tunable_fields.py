"""A field for each of a component's tunable variables, made from its manifest."""

import contextlib
from collections.abc import Sequence
from functools import partial
from typing import Any

import panel as pn
import panel_material_ui as pmui

from engine.errors import SettingsError
from engine.layer2.tunables import Tunable, argument


class TunableFields:
    """What the user sets of one component.

    Attributes:
        row: the fields, to be shown.
    """

    def __init__(self, tunables: Sequence[Tunable]) -> None:
        self._tunables = {each.name: each for each in tunables}
        self.fields = {each.name: _field(each) for each in tunables}
        for name, field in self.fields.items():
            field.param.watch(partial(self._check, name), "value")
        self.row = pn.FlexBox(*self.fields.values(), gap="12px", margin=0, visible=bool(tunables))

    def values(self) -> dict[str, Any]:
        """The values, each in its type.

        Raises:
            SettingsError: one of them is none; its field says so too.
        """
        for name in self.fields:
            self._check(name)
        return {name: self._value(name) for name in self.fields}

    def _value(self, name: str) -> Any:
        tunable, value = self._tunables[name], self.fields[name].value
        if tunable.type in ("int", "float"):
            with contextlib.suppress(ValueError):  # refused below, in its own words
                value = int(value) if tunable.type == "int" else float(value)
        return tunable.checked(value)

    def _check(self, name: str, *_: Any) -> None:
        field = self.fields[name]
        if self._tunables[name].type == "bool":
            return
        try:
            self._value(name)
            field.param.update(error_state=False, helper_text=self._tunables[name].expected)
        except SettingsError as error:
            field.param.update(error_state=True, helper_text=str(error))


def _field(tunable: Tunable) -> Any:
    if tunable.type == "bool":
        return pmui.Checkbox(label=tunable.label, value=tunable.default, margin=0)
    return pmui.TextInput(
        label=tunable.label,
        value=argument(tunable.default),
        helper_text=tunable.expected,
        description=tunable.description,
        size="small",
        width=280,
        margin=(6, 0),
    )

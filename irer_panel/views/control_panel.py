"""The sidebar: a field for every setting, what is wrong with it, Start and Stop."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from irer_panel.controls import (
    FIXED,
    SEARCHED,
    SPECS,
    HuntControls,
    is_range,
    label,
    purpose,
    repr_number,
    text_of,
)
from irer_panel.states import start_refusal
from irer_panel.views.hunt_view import HuntView
from irer_panel.wording import counted

FIRST = ("num_generations", "population_size", "strategy", "seed")
"""Settings that stand open at the top; the others fold away by group."""

GROUPS = {
    "search": "Search space",
    "simulation": "Simulation",
    "physics": "Physics",
    "audit": "Audit",
}
"""Fold-outs, by the group that a setting declares."""

_MARGIN = (6, 0)
_SELECT_SX = {"& .MuiInputBase-root, &.MuiInputBase-root": {"height": "40px"}}
_FOLD_SX = {
    "& .MuiAccordionSummary-root": {"minHeight": "42px"},
    "& .MuiAccordionSummary-content": {"margin": "8px 0"},
    "& .MuiAccordionSummary-content *": {"fontSize": "15px", "fontWeight": 500},
}


class ControlPanel(HuntView):
    """Edits `HuntControls`; Start hands over, Stop asks."""

    def __init__(
        self,
        controls: HuntControls,
        on_start: Callable[[], None],
        on_stop: Callable[[], None],
        **params: Any,
    ) -> None:
        super().__init__(**params)
        self._controls = controls
        self.fields: dict[str, list[Any]] = {}
        self.start = pmui.Button(
            label="Start",
            icon="play_arrow",
            on_click=lambda _: on_start(),
            sizing_mode="stretch_width",
            margin=(0, 8, 0, 0),
        )
        self.stop = pmui.Button(
            label="Stop",
            icon="stop",
            variant="outlined",
            color="error",
            on_click=lambda _: on_stop(),
            sizing_mode="stretch_width",
            margin=0,
        )
        self.reason = pmui.Typography("", variant="body2", margin=(6, 0, 0, 0))
        self._folds = {
            group: pn.Column(sizing_mode="stretch_width", min_height=40) for group in GROUPS
        }
        self._accordion = pmui.Accordion(
            *((title, self._folds[group]) for group, title in GROUPS.items()),
            active=[],
            sizing_mode="stretch_width",
            margin=(14, 0, 0, 0),
            sx=_FOLD_SX,
        )
        self._accordion.param.watch(self._opened, "active")
        self._watcher = controls.param.watch(
            self._update, ["num_generations", "population_size", "errors"]
        )
        self._update()

    def close(self) -> None:
        """Follow the controls no more."""
        self._controls.param.unwatch(self._watcher)

    @param.depends("snapshot", watch=True)
    def _update(self, *_: Any) -> None:
        refusal, status = start_refusal(self.snapshot), self.snapshot.status
        self.start.disabled = bool(refusal)
        self.stop.disabled = not status.active or status.state == "stopping"
        self.reason.object = refusal or self._size()

    def _size(self) -> str:
        if count := len(self._controls.errors):
            fields = "1 field needs" if count == 1 else f"{count} fields need"
            return f"{fields} correction before Start."
        values = self._controls.param.values()
        generations, population = values["num_generations"], values["population_size"]
        return f"{generations:,} × {population:,} = {counted(generations * population, 'run')}"

    def _opened(self, event: Any) -> None:
        for index in event.new:
            self.unfold(list(GROUPS)[index])

    def unfold(self, group: str) -> None:
        """Make the fields of a group, once: forty of them would slow down every first paint."""
        elsewhere = (*FIRST, *FIXED)
        names = [n for n, spec in SPECS.items() if spec.group == group and n not in elsewhere]
        if not self._folds[group].objects:
            self._folds[group].objects = self._rows(names)

    def _fields(self, name: str) -> list[Any]:
        if SPECS[name].choices:
            return [self._choice(name)]
        if not is_range(name):
            value = text_of(name, getattr(self._controls, name))
            return [self._text(name, label(name), value, None)]
        ends = getattr(self._controls, name)
        return [
            self._text(name, f"{label(name)} {word}", repr_number(value), end)
            for end, (word, value) in enumerate(zip(("from", "to"), ends, strict=True))
        ]

    def _text(self, name: str, title: str, value: str, end: int | None) -> Any:
        searched = name in SEARCHED
        field = pmui.TextInput(
            label=title,
            value=value,
            description=purpose(name),
            size="small",
            disabled=searched,
            helper_text="Searched: set its interval in Search space." if searched else "",
            sizing_mode="stretch_width",
            margin=_MARGIN,
        )
        field.param.watch(partial(self._typed, name, end), "value")
        return field

    def _choice(self, name: str) -> Any:
        field = pmui.Select(
            label=label(name),
            options=list(SPECS[name].choices),
            value=getattr(self._controls, name),
            description=purpose(name),
            size="small",
            sizing_mode="stretch_width",
            margin=_MARGIN,
            sx=_SELECT_SX,
        )
        field.param.watch(partial(self._typed, name, None), "value")
        return field

    def _typed(self, name: str, end: int | None, event: Any) -> None:
        message = self._controls.enter(name, str(event.new), end)
        for field in self.fields[name]:
            field.error_state = bool(message)
        # Both ends of a range turn red, the sentence stands once.
        shown = self.fields[name][end or 0]
        for field in self.fields[name]:
            field.helper_text = message if field is shown else ""

    def _rows(self, names: Sequence[str]) -> list[Any]:
        rows: list[Any] = []
        for name in names:
            fields = self.fields[name] = self._fields(name)
            gap = {"gap": "8px"}
            rows.append(
                pn.Row(*fields, styles=gap, sizing_mode="stretch_width")
                if len(fields) > 1
                else fields[0]
            )
        return rows

    def __panel__(self) -> pn.viewable.Viewable:
        first = self._rows(FIRST)
        return pn.Column(
            pn.Row(*first[:2], styles={"gap": "8px"}, sizing_mode="stretch_width"),
            pn.Row(*first[2:], styles={"gap": "8px"}, sizing_mode="stretch_width"),
            pn.Row(self.start, self.stop, sizing_mode="stretch_width", margin=(10, 0, 0, 0)),
            self.reason,
            self._accordion,
            sizing_mode="stretch_width",
            styles={"padding": "14px 16px"},
        )

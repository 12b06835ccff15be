"""What the run list shows: a bar with its filters and its columns."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from engine.settings import FAILURES, PHYSICS_KEYS, STATUS_OK, HuntSettings
from engine.store.filters import EVERY_ROW, Filters

STATUSES = {name.replace("_", " "): name for name in (STATUS_OK, *FAILURES)}

METRICS = {
    "SSE": "log_prime_sse",
    "H-norm": "sdg_h_norm_l2",
    "fitness": "fitness",
    "p, phase scramble": "p_phase_scramble",
    "p, target shuffle": "p_target_shuffle",
    "peaks": "n_peaks",
    "PCS": "pcs_score",
    "defect density": "defect_density",
    "generation": "generation",
}
"""What a range can be asked of, by what the bar calls it."""


_SX = {"& .MuiInputBase-root, &.MuiInputBase-root": {"height": "40px"}}
_LABEL = ".MuiInputLabel-root:not(.MuiInputLabel-shrink) { transform: translate(14px, 9px); }"
"""All of the bar as high as its text fields, and every label where theirs are."""


class RunTools(pn.viewable.Viewer):
    """Filters and columns; `filters` and `columns` follow the bar."""

    filters = param.ClassSelector(default=EVERY_ROW, class_=Filters, doc="Which rows.")
    columns = param.List(default=[], item_type=str, doc="Which columns, in the table's order.")

    def __init__(
        self, columns: Mapping[str, str], shown: Sequence[str], filters: Filters = EVERY_ROW
    ) -> None:
        """A bar over a table.

        Args:
            columns: by name, with their headings.
            shown: those that are there at first.
            filters: the rows that are there at first; of one metric at most.
        """
        super().__init__(columns=list(shown), filters=filters)
        [(metric, bounds)] = filters.ranges.items() or [("log_prime_sse", (None, None))]
        low, high = ("" if bound is None else f"{bound:.9g}" for bound in bounds)
        small: dict[str, Any] = {"size": "small", "margin": 0, "sx": _SX}
        many: dict[str, Any] = {
            "visual_size": "small",
            "margin": 0,
            "width": 150,
            "sx": _SX,
            "stylesheets": [_LABEL],
        }
        self._order = list(columns)
        self.statuses = pmui.MultiChoice(
            label="Status",
            options=STATUSES,
            value=list(filters.statuses),
            placeholder="any",
            **many,
        )
        self.metric = pmui.Select(label="Metric", options=METRICS, value=metric, width=130, **small)
        self.low = pmui.TextInput(label="from", value=low, width=84, **small)
        self.high = pmui.TextInput(label="to", value=high, width=84, **small)
        self._headings = dict(columns)
        self._searched_in = ""
        self.choice = pmui.MultiChoice(
            label="Columns",
            options=_options(columns, ()),
            value=list(shown),
            chip=False,
            searchable=True,  # else it names only those that are not shown, and none can go
            **many,
        )
        for widget in (self.statuses, self.metric, self.low, self.high):
            widget.param.watch(self._filter, "value")
        self.choice.param.watch(self._choose, "value")

    def offer_keys(self, hunt_id: str, settings: Mapping[str, Any] | None) -> None:
        """Mark the settings that a hunt searches among the columns, and name them first.

        Args:
            hunt_id: the hunt, empty for none.
            settings: what it was started with, None where they are not known.
        """
        if settings is None or hunt_id == self._searched_in:
            return
        self._searched_in = hunt_id
        keys = [each.key for each in HuntSettings.from_mapping(settings).dimensions]
        self.choice.options = _options(self._headings, keys)

    def _filter(self, *_: Any) -> None:
        bounds = (_bound(self.low), _bound(self.high))
        ranges = {} if bounds == (None, None) else {str(self.metric.value): bounds}
        self.filters = Filters(tuple(self.statuses.value or ()), ranges)

    def _choose(self, *_: Any) -> None:
        chosen = {"config_hash", *(self.choice.value or ())}  # a list without ids leads nowhere
        self.columns = [name for name in self._order if name in chosen]

    def __panel__(self) -> pn.viewable.Viewable:
        return pn.Row(
            self.statuses,
            self.metric,
            self.low,
            self.high,
            self.choice,
            sizing_mode="stretch_width",
            margin=(0, 0, 8, 0),
            styles={"flex-wrap": "wrap", "gap": "8px", "align-items": "center"},
        )


def _options(headings: Mapping[str, str], searched: Sequence[str]) -> dict[str, str]:
    """Columns by what the menu calls them; those of `searched` first, with a mark."""
    named = {
        name: f"{heading} · {name}" if name in PHYSICS_KEYS else heading
        for name, heading in headings.items()
    }
    first = {f"◆ {named[key]}, searched": key for key in searched if key in named}
    rest = {words: name for name, words in named.items() if name not in searched}
    return {**first, **rest}


def _bound(text: pmui.TextInput) -> float | None:
    """A number that was written, or no bound; what is neither is marked and bounds nothing."""
    written = str(text.value).strip()
    try:
        number = float(written.replace("−", "-")) if written else None
    except ValueError:
        number = float("nan")
    text.error_state = number is not None and not math.isfinite(number)
    return None if text.error_state else number

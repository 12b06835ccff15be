"""The runs that a hunt's figures draw one by one, in one source that all of them share.

A box or lasso in one figure selects rows of the source, which all others highlight. When new runs
come in, the rows are replaced and the selection follows its runs.
"""

import functools
import weakref
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource

from engine.dimensions import Dimension
from engine.hunt.front import front
from engine.hunt.table import FITNESS, H_NORM, LARGER_P, METRICS, SSE, HuntTable, Numbers, Places
from irer_panel.chart import GOOD, PLAIN
from irer_panel.states import SIGNIFICANT
from irer_panel.wording import SYMBOLS, number, short_id

MOST = 5000
"""Most runs that a figure draws one by one."""

FITTEST = 2000
"""How many it draws one by one of more than that, beside those on the front."""

FAINT, FULL = 0.3, 0.95
"""Opacity of a run with p = 1, and of one with p = 0.001 or less."""


@dataclass(frozen=True, eq=False)
class Axis:
    """One figure of a run on a scale from 0 to 1.

    Attributes:
        key: column of the table.
        name: as people write it.
        low: value at 0.
        high: value at 1.
        log: whether the logarithm is scaled.
    """

    key: str
    name: str
    low: float
    high: float
    log: bool

    def share(self, values: Numbers) -> Numbers:
        """Where values lie on the axis; NaN for one that it cannot hold."""
        low, high, values = (_scaled(each, self.log) for each in (self.low, self.high, values))
        if high == low:
            return np.where(np.isfinite(values), 0.5, np.nan)
        return (values - low) / (high - low)


@dataclass(frozen=True, eq=False)
class Points:
    """What is drawn one by one.

    Attributes:
        places: in the table.
        columns: of the source.
        axes: the scales of its columns `share:<key>`.
        left_out: how many runs with a score are not among them.
    """

    places: Places
    columns: Mapping[str, Any]
    axes: tuple[Axis, ...]
    left_out: int

    @functools.cached_property
    def rows(self) -> Mapping[str, int]:
        """The row of each run."""
        return {run: i for i, run in enumerate(self.columns["id"])}

    def values(self, run: str, key: str) -> list[float]:
        """A figure of one run; none where it is not drawn, or has none."""
        at, column = self.rows.get(run), self.columns.get(key)
        return [] if at is None or column is None else [float(column[at])]


_known: MutableMapping[HuntTable, Points] = weakref.WeakKeyDictionary()


def points(table: HuntTable) -> Points:
    """The runs to draw one by one: all with a score, or the fittest and the front of very many.

    Worked out once for each table, whichever figure asks first.
    """
    if table not in _known:
        _known[table] = _points(table)
    return _known[table]


def _points(table: HuntTable) -> Points:
    places = chosen(table)
    axes = tuple(_axis(table, places, each) for each in (*table.dimensions, FITNESS, SSE, H_NORM))
    p = table[LARGER_P][places]
    left_out = len(table.scored) - len(places)
    keys = [dimension.key for dimension in table.dimensions]
    columns: dict[str, Any] = {
        "id": [table.ids[i] for i in places],
        "name": [short_id(table.ids[i]) for i in places],
        "p": [number(value) for value in p],
        "opacity": opacity(p),
        "marker": np.where(p < SIGNIFICANT, "diamond", "circle").tolist(),
        "colour": np.where(p < SIGNIFICANT, GOOD, PLAIN).tolist(),
        "size": np.where(p < SIGNIFICANT, 13.0, 8.0) * (0.6 if left_out else 1.0),
        "generation": table["generation"][places],
        **{key: table[key][places] for key in (*keys, *(m.key for m in METRICS))},
        **{f"share:{axis.key}": axis.share(table[axis.key][places]) for axis in axes},
    }
    return Points(places, columns, axes, left_out)


def chosen(table: HuntTable) -> Places:
    """The places to draw one by one, in order."""
    places = table.scored
    if len(places) <= MOST:
        return places
    worth = table[FITNESS.key][places]
    order = np.argsort(np.where(np.isfinite(worth), -worth, np.inf), kind="stable")
    return np.union1d(places[order[:FITTEST]], front(table))


def opacity(p: Numbers) -> Numbers:
    """The smaller the p-value, the more solid the point; an unknown one is faint."""
    with np.errstate(divide="ignore"):
        weight = np.clip(-np.log10(p) / 3, 0, 1)
    return FAINT + (FULL - FAINT) * np.nan_to_num(weight)


class Rows:
    """The source of one page's figures, and what it holds now."""

    def __init__(self) -> None:
        self.drawn = points(HuntTable())
        self.source = ColumnDataSource(dict(self.drawn.columns))

    def show(self, drawn: Points) -> None:
        """Put other rows into the source; those selected stay selected, as far as they are there.

        A column that they lack stays, of NaN: a figure may name it until it is drawn anew.
        """
        if drawn is self.drawn:
            return
        before, self.drawn = self.drawn.columns, drawn
        marked = {before["id"][i] for i in self.source.selected.indices if i < len(before["id"])}
        kept = [i for i, run in enumerate(drawn.columns["id"]) if run in marked]
        gone = set(self.source.column_names) - set(drawn.columns)
        empty = np.full(len(drawn.places), np.nan)
        self.source.data = {**{str(name): empty for name in gone}, **drawn.columns}
        if kept != self.source.selected.indices:
            self.source.selected.indices = kept


def key_name(key: str) -> str:
    """A searched key as people write it: κ for param_kappa."""
    return SYMBOLS.get(key, key)


def _axis(table: HuntTable, places: Places, of: Any) -> Axis:
    if isinstance(of, Dimension):
        return Axis(of.key, key_name(of.key), of.low, of.high, of.log)
    values = table[of.key][places]
    values = values[np.isfinite(values) & (values > 0 if of.log else True)]
    low, high = (float(values.min()), float(values.max())) if len(values) else (1.0, 1.0)
    return Axis(of.key, of.name, low, high, of.log)


def _scaled(values: Any, log: bool) -> Any:
    if not log:
        return values
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log10(values)

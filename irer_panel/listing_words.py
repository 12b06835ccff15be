"""Sort, filters, page and columns of the run list as the words that a link carries."""

import math
import re
from collections.abc import Mapping, Sequence

from engine.errors import SettingsError
from engine.store.filters import Filters
from irer_panel.columns import CHOICE, USUAL
from irer_panel.listing import SORTABLE, Listing
from irer_panel.run_page import NEWEST_FIRST
from irer_panel.views.field_state import wrong
from irer_panel.views.run_tools import METRICS

Bounds = tuple[float | None, float | None]


def words_of(listing: Listing) -> dict[str, str]:
    """How a list stands, as far as it is not as it begins.

    `sort` is "fitness" or "-fitness", `status` is "ok,diverged", `range` is "fitness:0.1:2", where
    a bound may be left empty; `page` counts from 1, and `columns` is "n_peaks,-p" where of the
    usual ones p was taken away.
    """
    words = {} if listing.order == NEWEST_FIRST else {"sort": listing.order}
    if listing.filters.statuses:
        words["status"] = ",".join(listing.filters.statuses)
    for name, bounds in listing.filters.ranges.items():
        low, high = ("" if bound is None else f"{bound:.9g}" for bound in bounds)
        words["range"] = f"{name}:{low}:{high}"
    if listing.page:
        words["page"] = str(listing.page + 1)
    more = [name for name in CHOICE if name in listing.columns and name not in USUAL]
    less = [f"-{name}" for name in USUAL if name not in listing.columns]
    if more or less:
        words["columns"] = ",".join(more + less)
    return words


def wanted_listing(wanted: Mapping[str, str]) -> tuple[Listing, tuple[str, ...]]:
    """The list that a link asks for, and in words what of it was left out."""
    order, refused = NEWEST_FIRST, []
    statuses: tuple[str, ...] = ()
    ranges: dict[str, Bounds] = {}
    page, columns = 0, list(USUAL)
    if text := wanted.get("sort"):
        if text.removeprefix("-") in SORTABLE:
            order = text
        else:
            refused.append(wrong("sort", text, "such as fitness or -fitness"))
    if text := wanted.get("status"):
        try:
            statuses = Filters(tuple(text.split(","))).statuses
        except SettingsError:
            refused.append(wrong("status", text, "such as ok,diverged"))
    if text := wanted.get("range"):
        name, _, rest = text.partition(":")
        bounds = _bounds(rest)
        if name in METRICS.values() and bounds is not None:
            ranges = {name: bounds}
        else:
            refused.append(wrong("range", text, "such as fitness:0.1:2"))
    if text := wanted.get("page"):
        if re.fullmatch("[1-9][0-9]{0,8}", text):
            page = int(text) - 1
        else:
            refused.append(wrong("page", text, "such as 3"))
    if text := wanted.get("columns"):
        found = _columns(text.split(","))
        if found is None:
            refused.append(wrong("columns", text, "such as n_peaks,-p"))
        else:
            columns = found
    filters = Filters(statuses, ranges)
    return Listing(order=order, filters=filters, page=page, columns=columns), tuple(refused)


def _columns(words: Sequence[str]) -> list[str] | None:
    """The usual columns with some added and, by a minus, some taken away; None for what is none."""
    less = {word[1:] for word in words if word.startswith("-")}
    more = {word for word in words if not word.startswith("-")}
    if not (more | less) <= CHOICE.keys() or "config_hash" in less:
        return None
    return [name for name in CHOICE if name in more or (name in USUAL and name not in less)]


def _bounds(text: str) -> Bounds | None:
    try:
        low, high = (float(each) if each else None for each in text.split(":"))
    except ValueError:
        return None
    given = [bound for bound in (low, high) if bound is not None]
    return (low, high) if given and all(map(math.isfinite, given)) else None

"""Sort and filters of the run list as the words that a link carries."""

import math
from collections.abc import Mapping

from engine.errors import SettingsError
from engine.store.filters import Filters
from irer_panel.listing import SORTABLE, Listing
from irer_panel.run_page import NEWEST_FIRST
from irer_panel.views.field_state import wrong
from irer_panel.views.run_tools import METRICS

Bounds = tuple[float | None, float | None]


def words_of(listing: Listing) -> dict[str, str]:
    """How a list stands, as far as it is not as it begins.

    `sort` is "fitness" or "-fitness", `status` is "ok,diverged", `range` is "fitness:0.1:2", where
    a bound may be left empty.
    """
    words = {} if listing.order == NEWEST_FIRST else {"sort": listing.order}
    if listing.filters.statuses:
        words["status"] = ",".join(listing.filters.statuses)
    for name, bounds in listing.filters.ranges.items():
        low, high = ("" if bound is None else f"{bound:.9g}" for bound in bounds)
        words["range"] = f"{name}:{low}:{high}"
    return words


def wanted_listing(wanted: Mapping[str, str]) -> tuple[Listing, tuple[str, ...]]:
    """The list that a link asks for, and in words what of it was left out."""
    order, refused = NEWEST_FIRST, []
    statuses: tuple[str, ...] = ()
    ranges: dict[str, Bounds] = {}
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
    return Listing(order=order, filters=Filters(statuses, ranges)), tuple(refused)


def _bounds(text: str) -> Bounds | None:
    try:
        low, high = (float(each) if each else None for each in text.split(":"))
    except ValueError:
        return None
    given = [bound for bound in (low, high) if bound is not None]
    return (low, high) if given and all(map(math.isfinite, given)) else None

"""The parameters of the run list: sort, filters and page, as the page's own table has them."""

import functools
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from jsonschema_rs import Draft202012Validator

from engine.store.columns import COLUMNS, NUMBERS
from engine.store.filters import Filters
from irer_panel.api.limits import OFFSET, PAGE_RUNS
from irer_panel.api.problem import Problem
from irer_panel.api.schemas import Schema, column

_INTEGER = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_PAGE = 100
_HUNT = 40


@dataclass(frozen=True)
class RunQuery:
    """Which rows are wanted, in which order, and which of them.

    Attributes:
        hunt: None for all runs.
        order: as `LedgerReader.runs` takes it.
    """

    hunt: str | None
    order: str
    filters: Filters
    limit: int
    offset: int


@functools.cache
def parameters() -> Mapping[str, tuple[str, Schema]]:
    """Every parameter: what it is for, and what it takes."""
    order = [f"{sign}{name}" for name in COLUMNS for sign in ("", "-")]
    found: dict[str, tuple[str, Schema]] = {
        "hunt": (
            "The places of this hunt alone; without it, all runs.",
            {"type": "string", "minLength": 1, "maxLength": _HUNT},
        ),
        "limit": (
            "Most rows.",
            {"type": "integer", "minimum": 1, "maximum": PAGE_RUNS, "default": _PAGE},
        ),
        "offset": (
            "Rows that are left out before them.",
            {"type": "integer", "minimum": 0, "maximum": OFFSET, "default": 0},
        ),
        "order": (
            "A column, with - before it for falling; - alone is newest first.",
            {"type": "string", "enum": ["-", *order], "default": "-"},
        ),
        "status": ("Runs of this status alone.", column("status")),
    }
    for name in NUMBERS:
        for end, words in (("min", "at least"), ("max", "at most")):
            found[f"{name}_{end}"] = (f"Runs with {words} this {name}.", {"type": "number"})
    return found


def read_query(texts: Mapping[str, list[str]]) -> RunQuery:
    """The query behind a request's parameters.

    Raises:
        Problem: names each parameter that is unknown, given twice, or not what it takes.
    """
    known = parameters()
    wrong: dict[str, str] = {}
    values: dict[str, Any] = {}
    for name, given in texts.items():
        if name not in known:
            wrong[name[:80]] = f"{name[:80]!r}: no such parameter; see GET /api/openapi.json."
            continue
        value = _typed(given[0], known[name][1]) if len(given) == 1 else None
        if value is None or not Draft202012Validator(known[name][1]).is_valid(value):
            got = given[0][:80] if len(given) == 1 else f"{len(given)} values"
            wrong[name] = f"{name}: got {got!r}, expected {_expected(known[name][1])}; correct it."
        values[name] = value
    if wrong:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, next(iter(wrong.values())), wrong)
    ends = {n: (values.get(f"{n}_min"), values.get(f"{n}_max")) for n in NUMBERS}
    filters = Filters(
        (values["status"],) if "status" in values else (),
        {name: pair for name, pair in ends.items() if pair != (None, None)},
    )
    return RunQuery(
        values.get("hunt"),
        values.get("order", "-"),
        filters,
        values.get("limit", _PAGE),
        values.get("offset", 0),
    )


def _typed(text: str, schema: Schema) -> str | int | float | None:
    """The value that a text stands for; None for none."""
    kind = schema.get("type", "string")
    if kind == "string":
        return text
    if kind == "integer":
        return int(text) if _INTEGER.fullmatch(text) else None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _expected(schema: Schema) -> str:
    if "enum" in schema:
        return "one of the values that GET /api/openapi.json lists"
    if "maximum" in schema:
        return f"one whole number from {schema['minimum']} to {schema['maximum']}"
    return "one finite number" if schema["type"] == "number" else f"1 to {_HUNT} characters"

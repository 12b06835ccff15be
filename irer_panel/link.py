"""What a link to a view carries, and the browser's address line, which always shows that link."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import panel as pn
import param

from irer_panel.compared import MOST
from irer_panel.one_layout import ONE_LAYOUT
from irer_panel.plain_visuals import PLAIN_VISUALS

MAX_LENGTH = 500
"""Longest value that is taken from an address: no state of a view is longer."""

_RUN = re.compile(r"[0-9a-f]{40}")

_SCRIPT = """
export function render({model}) {
  const write = () => {
    const query = model.query ? "?" + model.query : window.location.pathname
    window.history.replaceState(window.history.state, "", query)
  }
  model.on("query", write)
  const nothing = document.createElement("div")
  nothing.style.display = "none"
  return nothing
}
"""


class Address(pn.custom.JSComponent):
    """Writes `query` into the address line, in the place of what is there; the page stays."""

    query = param.String(default="", allow_refs=True, doc="Without the question mark.")

    _esm = PLAIN_VISUALS + ONE_LAYOUT + _SCRIPT

    def __init__(self, **params: Any) -> None:
        nowhere = {"position": "absolute"}  # else it would take a gap of its column
        super().__init__(**{"width": 0, "height": 0, "margin": 0, "styles": nowhere, **params})


def wanted_of(arguments: Mapping[str, Sequence[bytes]]) -> dict[str, str]:
    """What a link asks for, from a request's arguments; what is no text or too long is left out."""
    found = {}
    for name, values in arguments.items():
        try:
            text = values[-1].decode()
        except (IndexError, UnicodeDecodeError):
            continue
        if len(text) <= MAX_LENGTH:
            found[name] = text
    return found


def wanted_run(wanted: Mapping[str, str]) -> str:
    """The run that a link names; empty for none, or for what is no id."""
    run = wanted.get("run", "")
    return run if _RUN.fullmatch(run) else ""


def wanted_compared(wanted: Mapping[str, str]) -> tuple[tuple[str, ...], str]:
    """The runs that a link compares, each once, and in words what of it was left out."""
    named = dict.fromkeys(each for each in wanted.get("compare", "").split(",") if each)
    runs = [each for each in named if _RUN.fullmatch(each)]
    refused = []
    if bad := [each[:60] for each in named if not _RUN.fullmatch(each)]:
        refused.append(f"compare: got {bad[0]!r}, expected ids of runs; it was left out.")
    if len(runs) > MOST:
        refused.append(
            f"compare: got {len(runs)} runs, expected at most {MOST}; those after the fourth were "
            "left out."
        )
    return tuple(runs[:MOST]), " ".join(refused)


def query_of(state: Mapping[str, str]) -> str:
    """The state as a query, in its order; what is empty is left out."""
    return urlencode({name: value for name, value in state.items() if value}, safe=",:")

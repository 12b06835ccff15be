"""Folds the page's sidebar away on narrow screens, which the server cannot see."""

from typing import Any

import panel as pn

from irer_panel.theme import NARROW

_SCRIPT = f"""
export function render({{view}}) {{
  const page = view.root.model
  const narrow = window.matchMedia("(max-width: {NARROW - 0.02}px)")
  const fold = () => {{ if (page.data) {{ page.data.sidebar_open = !narrow.matches }} }}
  narrow.addEventListener("change", fold)
  fold()
  const nothing = document.createElement("div")
  nothing.style.display = "none"
  return nothing
}}
"""


class Fold(pn.custom.JSComponent):
    """Opens the sidebar on a wide screen and folds it on a narrow one, also when that changes."""

    _esm = _SCRIPT

    def __init__(self, **params: Any) -> None:
        nowhere = {"position": "absolute"}  # else it would take a gap of its column
        super().__init__(**{"width": 0, "height": 0, "margin": 0, "styles": nowhere, **params})

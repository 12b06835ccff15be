"""A small button or link with a drawing on it; its name is read out and shown as a hint."""

from collections.abc import Callable
from html import escape
from typing import Any

import panel as pn
import param

PREVIOUS = "M15.4 7.4 14 6l-6 6 6 6 1.4-1.4-4.6-4.6z"
NEXT = "M10 6 8.6 7.4l4.6 4.6-4.6 4.6L10 18l6-6z"
HELP = (
    "M11 18h2v-2h-2zm1-16a10 10 0 1 0 0 20 10 10 0 0 0 0-20m0 18a8 8 0 1 1 0-16 8 8 0 0 1 0 16"
    "m0-14a4 4 0 0 0-4 4h2a2 2 0 1 1 4 0c0 2-3 1.8-3 5h2c0-2.2 3-2.5 3-5a4 4 0 0 0-4-4"
)
LEAVE = "M10 3H4v18h6v-2H6V5h4zm5.6 4.4L14.2 8.8l2.2 2.2H9v2h7.4l-2.2 2.2 1.4 1.4L20.2 12z"
"""Drawings on 24 × 24 units, as SVG paths."""

_CSS = """
button, a { all: unset; display: block; box-sizing: border-box; width: 34px; height: 34px;
  padding: 5px; border-radius: 50%; cursor: pointer; color: var(--mui-palette-primary-main); }
button:hover, button:focus-visible, a:hover, a:focus-visible {
  background: color-mix(in srgb, var(--mui-palette-primary-main) 14%, transparent); }
button:focus-visible, a:focus-visible {
  outline: 2px solid var(--mui-palette-primary-main); outline-offset: -2px; }
button[aria-disabled=true] { cursor: default; background: none;
  color: var(--mui-palette-action-disabled); }
svg { display: block; fill: currentColor; }
"""

_SCRIPT = """
export function render({model}) {
  const button = document.createElement("button")
  button.type = "button"
  button.innerHTML = '<svg viewBox="0 0 24 24" aria-hidden="true"><path/></svg>'
  button.querySelector("path").setAttribute("d", model.drawing)
  const show = () => {
    button.title = button.ariaLabel = model.label
    button.ariaDisabled = String(!model.useful)  // one that is `disabled` would lose the focus
  }
  show()
  model.on(["label", "useful"], show)
  button.addEventListener("click", () => { if (model.useful) { model.send_msg("click") } })
  return button
}
"""


class IconButton(pn.custom.JSComponent):
    """Calls back at a click or a key, unless it is not `useful` now."""

    label = param.String(doc="Its name.")
    drawing = param.String(doc="SVG path on 24 × 24 units.")
    useful = param.Boolean(default=True, allow_refs=True, doc="Whether a click does anything.")

    _esm = _SCRIPT
    _stylesheets = [_CSS]  # noqa: RUF012  # Panel's own way

    def __init__(self, on_click: Callable[[], object], **params: Any) -> None:
        super().__init__(**{"width": 34, "height": 34, "margin": 0, **params})
        self._on_click = on_click

    def _handle_msg(self, _: Any) -> None:
        if self.useful:
            self._on_click()


def icon_link(address: str, label: str, drawing: str) -> pn.pane.HTML:
    """The same for a link to another page."""
    link = (
        f'<a href="{escape(address)}" title="{escape(label)}" aria-label="{escape(label)}">'
        f'<svg viewBox="0 0 24 24" aria-hidden="true"><path d="{drawing}"/></svg></a>'
    )
    return pn.pane.HTML(link, stylesheets=[_CSS], width=34, height=34, margin=0)

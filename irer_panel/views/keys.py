"""Hears the keys of the page, but for those that what has the focus needs itself."""

from collections.abc import Callable
from typing import Any

import panel as pn
import param

_SCRIPT = """
// What takes any key: texts, choices, whatever lies open above the page.
const TYPES = `input:not([type=checkbox], [type=radio], [type=button], [type=range]), textarea,
  select, [contenteditable=""], [contenteditable=true], [role=textbox], [role=combobox],
  [role=spinbutton], [role=listbox], [role=menu], [role=dialog], [role=alertdialog],
  dialog`
// What the arrows move, wherever its focus came from.
const SLIDES = "input[type=range], [role=slider], [role=menuitem], [role=treeitem]"
// What needs keys where the keyboard led to it; after a click it keeps its focus, but not its keys.
const PRESSES = `button, summary, a, input, [role=button], [role=tab], [role=switch],
  [role=checkbox]`
const TURNS = "[role=tab], [role=radio], input[type=radio]"
const MOVES = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End"]

let listening, tabbed = false

function needed(event) {
  const under = event.composedPath().filter((each) => each instanceof Element)
  const on = (selector) => under.some((each) => each.matches(selector))
  if (on(TYPES)) { return true }
  if (MOVES.includes(event.key)) { return on(SLIDES) || (tabbed && on(TURNS)) }
  return event.key === " " && tabbed && on(PRESSES)
}

export function render({model}) {
  listening?.abort()
  listening = new AbortController()
  const options = {capture: true, signal: listening.signal}
  window.addEventListener("pointerdown", () => { tabbed = false }, options)
  window.addEventListener("keydown", (event) => {
    if (event.key === "Tab") { tabbed = true }
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) { return }
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
    if (!model.keys.includes(key) || event.defaultPrevented || needed(event)) { return }
    event.preventDefault()
    event.stopPropagation()
    if (!event.repeat || model.repeating.includes(key)) { model.send_msg(key) }
  }, options)
  const nothing = document.createElement("div")
  nothing.style.display = "none"
  return nothing
}
"""


class Keys(pn.custom.JSComponent):
    """Tells of each press of one of its `keys`; the page then neither scrolls nor types."""

    keys = param.List(default=[], item_type=str, doc="As the browser calls them, letters small.")
    repeating = param.List(default=[], item_type=str, doc="Those that repeat while they are held.")

    _esm = _SCRIPT

    def __init__(self, on_key: Callable[[str], object], **params: Any) -> None:
        nowhere = {"position": "absolute"}  # else it would take a gap of its column
        super().__init__(**{"width": 0, "height": 0, "margin": 0, "styles": nowhere, **params})
        self._on_key = on_key

    def _handle_msg(self, data: Any) -> None:
        if data in self.keys:
            self._on_key(data)

"""Tells when a browser has drawn what it was told.

What comes while it is still at it is drawn with it, and all of it is there later.
"""

from typing import Any

import panel as pn
import param

from irer_panel.background import Call, Loop

PATIENCE = 5.0
"""Seconds after which a browser that says nothing is no more waited for."""

_SCRIPT = """
export function render({model}) {
  // A hidden tab has no frames.
  const frame = (call) => document.hidden ? call() : requestAnimationFrame(call)
  model.on("asked", () => frame(() => setTimeout(() => model.send_msg(model.asked))))
  const nothing = document.createElement("div")
  nothing.style.display = "none"
  return nothing
}
"""


class Drawn(pn.custom.JSComponent):
    """Asks a page's browser to tell when it has drawn a frame of what the page is by then."""

    asked = param.Integer(default=0, doc="How often it was asked.")

    _esm = _SCRIPT

    def __init__(self, loop: Loop, **params: Any) -> None:
        nowhere = {"position": "absolute"}  # else it would take a gap of its column
        super().__init__(**{"width": 0, "height": 0, "margin": 0, "styles": nowhere, **params})
        self._loop = loop
        self._waiting: dict[int, Call] = {}

    def then(self, call: Call) -> None:
        """Call once what the page was told until now is drawn, or takes too long."""
        asked = self.asked + 1
        self._waiting[asked] = call
        self.asked = asked
        self._loop.later(PATIENCE, lambda: self._handle_msg(asked))

    def _handle_msg(self, data: Any) -> None:
        call = self._waiting.pop(data, None) if isinstance(data, int) else None
        if call is not None:
            call()

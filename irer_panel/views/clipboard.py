"""Puts a text on the browser's clipboard."""

from typing import Any

import panel as pn
import param

_SCRIPT = """
async function put(text) {
  if (navigator.clipboard) { await navigator.clipboard.writeText(text); return }
  const area = document.createElement("textarea")  // a page that is served without TLS
  area.value = text
  document.body.append(area)
  area.select()
  const done = document.execCommand("copy")
  area.remove()
  if (!done) { throw new Error("the browser does not let the page copy") }
}
export function render({model}) {
  model.on("change:asked", () => {
    put(model.text).then(() => { model.problem = ""; model.done = model.asked },
                         (error) => { model.problem = String(error); model.done = model.asked })
  })
  const nothing = document.createElement("div")
  nothing.style.display = "none"
  return nothing
}
"""


class Clipboard(pn.custom.JSComponent):
    """Copies `text` whenever `asked` grows; `done` follows, with the `problem` if there is one."""

    text = param.String(doc="What is copied.")
    asked = param.Integer(default=0, doc="How often it was asked for.")
    done = param.Integer(default=0, doc="The newest request that was answered.")
    problem = param.String(doc="Why the newest could not be done, empty where it was.")

    _esm = _SCRIPT

    def __init__(self, **params: Any) -> None:
        nowhere = {"position": "absolute"}  # else it would take a gap of its column
        super().__init__(**{"width": 0, "height": 0, "margin": 0, "styles": nowhere, **params})

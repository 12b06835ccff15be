"""A sheet of text that slides over the right side of the page, and takes the keys while it is open.

The browser's own modal dialog: it holds the focus, gives it back, and closes at Esc.
"""

from typing import Any

import panel as pn
import param

_CSS = """
dialog { margin: 0 0 0 auto; padding: 0; border: 0; box-sizing: border-box; height: 100vh;
  max-height: none; width: min(540px, 100vw); max-width: none; overflow-y: auto;
  color: var(--mui-palette-text-primary); background: var(--mui-palette-background-paper);
  border-left: 1px solid var(--mui-palette-divider);
  font-family: Roboto, Helvetica, Arial, sans-serif; }
dialog::backdrop { background: rgb(0 0 0 / 50%); }
dialog > header { position: sticky; top: 0; display: flex; align-items: center;
  justify-content: space-between; padding: 12px 16px 8px 24px;
  background: var(--mui-palette-background-paper); }
dialog > div { padding: 8px 24px 32px; }
h2 { margin: 0; font-size: 20px; line-height: 32px; font-weight: 500; }
header button { all: unset; box-sizing: border-box; width: 34px; height: 34px; padding: 5px;
  border-radius: 50%; cursor: pointer; color: var(--mui-palette-primary-main); }
header button:hover { background: var(--mui-palette-action-hover); }
button:focus-visible { outline: 2px solid var(--mui-palette-primary-main); outline-offset: -2px; }
svg { display: block; fill: currentColor; }
"""

_SCRIPT = """
export function render({model}) {
  const dialog = document.createElement("dialog")
  dialog.innerHTML = `<header><h2 id="title"></h2><button type="button" aria-label="Close (Esc)"
    title="Close (Esc)"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M19 6.4 17.6 5 12
    10.6 6.4 5 5 6.4l5.6 5.6L5 17.6 6.4 19l5.6-5.6 5.6 5.6 1.4-1.4-5.6-5.6z"/></svg></button>
    </header><div></div>`
  dialog.setAttribute("aria-labelledby", "title")
  dialog.querySelector("button").addEventListener("click", () => dialog.close())
  dialog.addEventListener("click", (event) => { if (event.target === dialog) { dialog.close() } })
  model.on("asked", () => {
    dialog.querySelector("h2").textContent = model.heading
    dialog.querySelector("div").innerHTML = model.text
    if (!dialog.open) { dialog.showModal() }
  })
  return dialog
}
"""


class Drawer(pn.custom.JSComponent):
    """Opens whenever `asked` grows; the reader closes it."""

    heading = param.String(doc="What it is called.")
    text = param.String(doc="HTML of its own making, never of a user's.")
    asked = param.Integer(default=0, doc="How often it was asked for.")

    _esm = _SCRIPT

    def __init__(self, css: str, **params: Any) -> None:
        """A drawer that is closed; `css` is for its text."""
        nowhere = {"position": "absolute"}  # else it would take a gap of its column
        where = {"width": 0, "height": 0, "margin": 0, "styles": nowhere}
        super().__init__(**{**where, "stylesheets": [_CSS, css], **params})

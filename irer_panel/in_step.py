"""Keeps what a widget shows in step with what the server said of it.

Panel 1.9 draws widgets with React, which tells later that they are drawn, and loses two changes:
one that comes after a widget was drawn and before it listens, which the page never shows; and one
that comes right after another, which the page then undoes, for the server too, because it tells
the server all that a widget shows, also what the server said. Source: holoviz/panel, `useState` in
`panel/models/react_component.ts`.
"""

IN_STEP = """
() => {
  const { prototype } = Bokeh.Models._known_models.get("panel.models.esm.ReactComponent")
  if (prototype.in_step) { return }
  prototype.in_step = true
  const write = prototype._render_code
  prototype._render_code = function () {
    let code = write.call(this)
    for (const [theirs, ours] of [
      ["react_proxy.on(prop, cb, true)", "react_proxy.on(prop, cb, true); cb()"],
      ["else { initialized.current = true }", ""],
      ["initialized.current)", "mine.current)"],
      ["let initialized =", "const mine ="],
      ["targetModel.setv({ [resolvedProp]: value })",
       "mine.current = false; targetModel.setv({ [resolvedProp]: value })"],
      ["return [value, setValue]",
       `return [value, React.useCallback((next) => {
          if (next !== targetModel.attributes[resolvedProp]) { mine.current = true }
          setValue(next)
        }, [])]`],
    ]) {
      if (!code.includes(theirs)) {
        console.info("Panel keeps widgets in step as it does, without", theirs)
        return write.call(this)
      }
      code = code.replace(theirs, ours)
    }
    return code
  }
}
"""
"""A function of the browser's, to be called before the first widget is made."""

"""Has BokehJS lay the page out once for all that a message from the server changes.

BokehJS 3.9 measures, places and paints everything below the root again after each change of what
a layout depends on, such as `visible`: five times in a row when the first run of a hunt comes, for
half a second in which the page stands still. In JupyterLab, where others share BokehJS with us, it
stays as it is. Source: bokeh/bokeh, `LayoutDOMView.invalidate_layout`, which has a note on it.
"""

ONE_LAYOUT = """
try {
  const { LayoutDOMView } = Bokeh.require("models/layouts/layout_dom")
  const { Document } = Bokeh.require("document/document")
  const apply = Document.prototype.apply_json_patch
  const lay_out = LayoutDOMView.prototype.invalidate_layout
  const waiting = new Set()
  let depth = 0
  LayoutDOMView.prototype.invalidate_layout = function () {
    if (depth === 0) { return lay_out.call(this) }
    let view = this
    while (view.is_managed) { view = view.parent }
    waiting.add(view)
  }
  Document.prototype.apply_json_patch = function (...patch) {
    depth += 1
    try {
      return apply.apply(this, patch)
    } finally {
      depth -= 1
      if (depth === 0) {
        const views = [...waiting]
        waiting.clear()
        views.filter((view) => !view.is_destroyed).forEach((view) => view.invalidate_layout())
      }
    }
  }
} catch (error) {
  console.info("BokehJS lays out as it comes:", error)
}
"""
"""For the top of a module that a page of ours loads, and no notebook."""

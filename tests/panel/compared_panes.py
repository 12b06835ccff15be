"""The compared panes as a browser has them."""

PANES = """() => {
  const found = []
  const walk = (view) => {
    const model = view.model
    if (model?.type === "Figure" && view.frame && view.el.getBoundingClientRect().width) {
      const box = view.canvas_view.el.getBoundingClientRect(), inner = view.frame.bbox
      const image = model.renderers.find((each) => each.glyph.type === "Image")
      if (image) found.push({x: box.x + inner.x, y: box.y + inner.y, width: inner.width,
        height: inner.height, range: [model.x_range.start, model.x_range.end],
        low: image.glyph.color_mapper.low, high: image.glyph.color_mapper.high,
        left: image.data_source.data.x[0],
        spans: model.toolbar.tools.filter((tool) => tool.type === "CrosshairTool")
          .flatMap((tool) => tool.overlay).map((span) => span.id).join()})
    }
    for (const child of view.children_views?.() ?? []) if (child) walk(child)
  }
  for (const root of Bokeh.index.roots) walk(root)
  return found.slice(2)  // after the two of the selected run
}"""
"""Gives a list: place, range in sight, limits and left end of what is drawn, crosshair."""

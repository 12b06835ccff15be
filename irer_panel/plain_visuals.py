"""Keeps BokehJS from asking the style sheets for each colour and width that it draws with.

BokehJS 3.9 computes the styles of an element before each reading of a visual property, in case a
style sheet sets `--bk-…` for it: ten thousand times when a tab of plots is opened, a fifth of the
time that the page stands still then. No style sheet of ours sets one. In JupyterLab, where plots
of others share BokehJS with ours, it stays as it is. Source: bokeh/bokeh#15286.
"""

PLAIN_VISUALS = """
try {
  const { VisualProperties } = Bokeh.require("core/visuals/visual")
  VisualProperties.prototype._get_css_value = () => ""
} catch (error) {
  console.info("BokehJS reads its visuals as it comes:", error)
}
"""
"""For the top of a module that a page of ours loads, and no notebook."""

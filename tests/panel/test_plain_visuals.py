"""Drawing asks no style sheet for what the model says."""

import pytest
from browsing import becomes

from engine.hunt.command import run

pytestmark = pytest.mark.browser

_COUNT = """() => {
  window.asked = 0
  const read = CSSStyleDeclaration.prototype.getPropertyValue
  CSSStyleDeclaration.prototype.getPropertyValue = function (name) {
    window.asked += name.startsWith("--bk-")
    return read.call(this, name)
  }
}"""
_PATCHED = """() => {
  if (!window.Bokeh?.require) return false
  const { VisualProperties } = Bokeh.require("core/visuals/visual")
  return !String(VisualProperties.prototype._get_css_value).includes("getComputedStyle")
}"""


def test_a_tab_of_plots_is_drawn_without_asking_for_variables(start_server, open_page, tmp_path):
    run_id = run({"N_grid": 32, "T_steps": 60}, str(tmp_path))["config_hash"]
    seen = open_page(f"{start_server(workspace=tmp_path).url}?run={run_id}")
    becomes(lambda: seen.page.evaluate(_PATCHED))
    plots = seen.page.locator(".bk-Figure:visible")
    becomes(lambda: plots.count() == 2)
    seen.page.evaluate(_COUNT)
    seen.page.get_by_role("tab", name="Spectrum").click()
    becomes(lambda: plots.count() > 2)
    seen.page.evaluate("() => new Promise(requestAnimationFrame)")
    assert seen.page.evaluate("window.asked") == 0

"""Crosshair, readout, profiles and colours of the fields, in Debian's Chromium."""

import numpy as np
import pytest
from browsing import TIMEOUT, becomes
from panel_samples import write_run

from engine.store.workspace import Workspace
from irer_panel.wording import number

pytestmark = pytest.mark.browser

# Every figure with an image: its place on the screen, its colour mapper, its crosshair.
FIGURES = """() => {
  const found = []
  const walk = (view) => {
    const model = view.model
    if (model?.type === "Figure" && view.frame) {
      const image = model.renderers.find((each) => each.glyph.type === "Image")
      const spans = model.toolbar.tools.filter((tool) => tool.type === "CrosshairTool")
        .flatMap((tool) => tool.overlay).filter((span) => span.type === "Span")
      const box = view.canvas_view.el.getBoundingClientRect()
      const inner = view.frame.bbox
      found.push({title: model.title.text, mapper: image?.glyph.color_mapper.type ?? "",
        sent: image?.data_source.data.image[0] === window.kept, spans: spans.map((s) => s.id),
        points: model.renderers[0].data_source.data.value?.length ?? 0,
        x: box.x + inner.x, y: box.y + inner.y, width: inner.width, height: inner.height,
        low: image?.glyph.color_mapper.low})
      if (image && !window.kept) window.first = image.data_source
    }
    for (const child of view.children_views?.() ?? []) if (child) walk(child)
  }
  for (const root of Bokeh.index.roots) walk(root)
  return found
}"""


@pytest.fixture(scope="module")
def served(start_server, tmp_path_factory):
    root = tmp_path_factory.mktemp("fields") / "workspace"
    workspace = Workspace.open(root)
    rho = np.linspace(0.01, 1.0, 1024, dtype=np.float32).reshape(32, 32)
    first, *_ = write_run(workspace, seed=1, rho=rho)
    second, *_ = write_run(workspace, seed=2)
    server = start_server("tests.panel.field_server", workspace=root)
    return server.url, first, second, rho


def test_the_crosshair_spans_both_panes_and_profiles_follow_it(served, open_page):
    url, first, _, rho = served
    page, errors, foreign = open_page(f"{url}/?run={first}")
    page.get_by_text("Exact cells").first.wait_for(timeout=TIMEOUT)
    figures = page.evaluate(FIGURES)
    assert [each["title"] for each in figures] == ["ρ = |ψ|²", "g_tt = −Ω²"]
    assert figures[0]["spans"]
    assert figures[0]["spans"] == figures[1]["spans"]  # one crosshair for both
    page.get_by_role("switch", name="Profiles").click()
    becomes(lambda: len(page.evaluate(FIGURES)) == 6)
    at = page.evaluate(FIGURES)[0]
    row, column = 25, 4
    page.mouse.move(
        at["x"] + at["width"] * (column + 0.5) / 32, at["y"] + at["height"] * (31.5 - row) / 32
    )
    words = f"x 2 · y 12.5 · ρ {number(float(rho[row, column]))}"
    page.get_by_text(words).wait_for(timeout=TIMEOUT)

    def cut():
        return {each["title"]: each["points"] for each in page.evaluate(FIGURES)}

    becomes(lambda: cut().get("ρ along x at y = 12.5") == 64)
    assert cut()["g_tt along y at x = 2"] == 64
    assert not errors
    assert all(each.startswith((url, url.replace("http", "ws"))) for each in foreign)


def test_a_log_scale_colours_the_pixels_that_are_there(served, open_page):
    url, first, _, rho = served
    page, errors, _ = open_page(f"{url}/?run={first}")
    page.get_by_text("Exact cells").first.wait_for(timeout=TIMEOUT)
    assert page.evaluate(FIGURES)[0]["mapper"] == "LinearColorMapper"
    page.evaluate("() => { window.kept = window.first.data.image[0] }")
    page.locator("button", has_text="tune").first.click()
    page.get_by_role("button", name="log", exact=True).click()
    becomes(lambda: page.evaluate(FIGURES)[0]["mapper"] == "LogColorMapper")
    assert page.evaluate(FIGURES)[0]["low"] == pytest.approx(float(rho.min()))
    page.get_by_role("textbox", name="To").fill("0.5")
    page.get_by_role("textbox", name="To").press("Enter")
    page.get_by_text("Fixed: every run").wait_for(timeout=TIMEOUT)
    assert not errors


def test_a_link_shows_the_difference_of_two_runs(served, open_page):
    url, first, second, _ = served
    words = f"run={first}&other={second}&pane1=rho:difference:mean&x=2:4&y=5:6&look.rho=jet"
    page, errors, _ = open_page(f"{url}/?{words}", width=800)
    page.get_by_text("look.rho: got 'jet'").wait_for(timeout=TIMEOUT)
    title = f"Δρ: {first[:8]} − {second[:8]}"
    becomes(lambda: title in [each["title"] for each in page.evaluate(FIGURES)])
    assert page.evaluate("document.documentElement.scrollWidth") <= 800
    assert not errors

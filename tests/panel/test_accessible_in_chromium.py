"""WCAG AA on the page itself: contrast of texts and icons, names of controls, a visible focus."""

import contextlib
import re
from pathlib import Path

import pytest
from audited_hunt import hunted
from browsing import TIMEOUT, becomes

from irer_panel.help_text import SECTIONS

pytestmark = pytest.mark.browser

FAINT = Path(__file__).with_name("contrast.js").read_text()
DRAWN = ("⋮",)
"""Drawings that are written: AA asks 3:1 of them (1.4.11). The dots of a plot's full toolbar."""

NAMED = "button|link|tab|slider|switch|checkbox|combobox|textbox|searchbox|spinbutton|radio"
TABS = list(SECTIONS)[1:]

READY = {
    "Runs": "Download JSON",
    "Compare": "≠ the runs differ here",
    "Hunt": "Lineage",
    "Spectrum": "Target shuffle",
    "Audit": "Golden parameters",
    "Time": "Make a GIF",
    "Analyses": "Analyze",
    "Live": "Last sign of life",
    "Log": "completed after",
}
"""A text that a tab has once it is there."""

BEYOND = """(tab) => {
  const above = (each) => each.assignedSlot ?? each.parentElement ?? each.getRootNode().host
  const found = []
  for (let each = above(tab.closest(".MuiTabs-root")); each; each = above(each)) {
    if (each.scrollWidth > each.clientWidth && each.clientWidth > 0) {
      found.push(`${each.tagName} ${each.className}: ${each.scrollWidth} in ${each.clientWidth} px`)
    }
  }
  return found
}"""
"""What around the tabs can be scrolled sideways, and must not be."""

COUNT = """() => {
  const count = (root) => [...root.querySelectorAll("*")].reduce(
    (sum, each) => sum + 1 + (each.shadowRoot ? count(each.shadowRoot) : 0), 0)
  return count(document.body)
}"""
"""How much there is on the page."""

FOCUSED = """() => {
  let on = document.activeElement
  while (on?.shadowRoot?.activeElement) { on = on.shadowRoot.activeElement }
  if (!on || on === document.body) { return null }
  // A ring of its own, or of what stands for it: a text field's frame, a slider's halo.
  const ringed = (element) => {
    const {outlineStyle, outlineWidth, boxShadow} = getComputedStyle(element)
    return (outlineStyle !== "none" && parseFloat(outlineWidth) >= 1) || boxShadow !== "none"
  }
  const stands = ".MuiInputBase-root.Mui-focused, .Mui-focusVisible, .MuiAccordionSummary-root"
  const around = on.closest(stands)
  const name = on.ariaLabel || on.title || on.textContent.trim().slice(0, 30) || on.outerHTML
  const visible = ringed(on) || (around && (around.matches(".MuiInputBase-root") || ringed(around)))
  return [name.slice(0, 160), Boolean(visible)]
}"""


@pytest.fixture(scope="module")
def served(start_server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("accessible")
    engine = hunted(folder, history_frames=3)
    runs = [row["config_hash"] for row in engine.reader.runs()[:2]]
    engine.close()
    return f"{start_server(workspace=folder).url}/?compare={','.join(runs)}"


def shown(page, tab):
    page.get_by_role("tab", name=tab, exact=True).click()
    page.get_by_text(READY[tab]).first.wait_for(timeout=TIMEOUT)


def settle(page):
    """Wait until nothing more comes: what is not there yet cannot be too faint."""

    def stands():
        before = page.evaluate(COUNT)
        page.wait_for_timeout(1000)
        return page.evaluate(COUNT) == before

    becomes(stands)


# Colours are a theme's, and what fits is a width's: two visits see all four.
@pytest.mark.parametrize(("theme", "width"), [("dark", 800), ("light", 1440)])
def test_every_text_and_icon_has_the_contrast_of_aa_and_all_fits(served, open_page, theme, width):
    page, *_ = open_page(f"{served}&theme={theme}", width=width)
    page.locator(".tabulator-row").first.wait_for(timeout=TIMEOUT)
    for tab in TABS:
        shown(page, tab)
        settle(page)
        # Until what fades in is there.
        becomes(lambda: not faint(page) or page.wait_for_timeout(500))
        here = page.get_by_role("tab", name=tab, exact=True)
        assert here.evaluate(BEYOND) == [], tab
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Help").wait_for()
    assert faint(page) == []


def faint(page):
    return [each for each in page.evaluate(FAINT) if not each.endswith(DRAWN)]


def test_a_text_that_is_too_faint_is_found(served, open_page):
    page, *_ = open_page(served)
    page.locator(".tabulator-row").first.wait_for(timeout=TIMEOUT)
    page.evaluate(
        """() => {
          const host = document.createElement("div")
          host.attachShadow({mode: "open"}).innerHTML =
            '<p style="color: rgb(255 255 255 / 30%); background: #222">far too faint</p>'
          document.body.append(host)
        }"""
    )
    assert any("far too faint" in each for each in faint(page))


FADE = """() => { const figures = []
const walk = (view) => {
  if (view.model?.type === "Figure" && view.el.checkVisibility()) figures.push(view.model)
  for (const child of view.children_views?.() ?? []) if (child) walk(child)
}
for (const root of Bokeh.index.roots) walk(root)
const numbered = figures.find((each) => each.renderers.some((one) => one.glyph?.type === "Text"))
const numbers = numbered.renderers.find((each) => each.glyph?.type === "Text")
numbers.glyph.text_color = {value: "#12a57d"}
numbers.glyph.background_fill_color = null
numbered.below[0].axis_label_text_color = "#12a57d"
numbered.left[0].major_label_text_color = "#12a57d"
return numbers.data_source.get_length() }"""
"""Draws the numbers of the peaks and two labels as the marks are: 3.2:1 on white."""


def test_what_bokeh_writes_too_faintly_is_found(served, open_page):
    page, *_ = open_page(f"{served}&theme=light&tab=Spectrum")
    page.get_by_text(READY["Spectrum"]).first.wait_for(timeout=TIMEOUT)
    settle(page)
    assert faint(page) == []
    assert page.evaluate(FADE) >= 3
    found = faint(page)
    assert len(found) == 3
    for words in ('Text "text"', 'Axis "wavenumber k [1/x]"', 'LogAxis "ticks"'):
        assert any(words in each for each in found), words


def test_every_control_has_a_name(served, open_page):
    page, *_ = open_page(served)
    page.locator(".tabulator-row").first.wait_for(timeout=TIMEOUT)
    for tab in TABS:
        shown(page, tab)
        settle(page)
        assert len(controls(page)) > 20
        # A button of an icon has its name a moment after it is drawn.
        with contextlib.suppress(AssertionError):  # the next line says which has none
            becomes(lambda: not unnamed(page) or page.wait_for_timeout(500))
        assert (tab, unnamed(page)) == (tab, [])
        assert unnamed(page) == [], tab


def controls(page):
    lines = page.locator("body").aria_snapshot().splitlines()
    return [line.strip() for line in lines if re.match(rf"\s*- ({NAMED})\b", line)]


def unnamed(page):
    return [line for line in controls(page) if '"' not in line and " /" not in line]


def test_the_focus_is_seen_wherever_the_keyboard_leads(served, open_page):
    page, *_ = open_page(served)
    page.locator(".tabulator-row").first.wait_for(timeout=TIMEOUT)
    page.get_by_role("button", name="Download JSON").wait_for(timeout=TIMEOUT)
    seen = []
    for _ in range(60):
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUSED)
        if found is None:
            break
        seen.append(tuple(found))
    assert len(seen) > 20
    assert [name for name, visible in seen if not visible] == []

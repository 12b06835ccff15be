"""What a page does not do: ask style sheets, lay out or build twice, load late or for nobody."""

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
_FLIP = """(together) => {
  const [document] = Bokeh.documents
  const figures = [...document._all_models.values()].filter((model) => model.type === "Figure")
  const views = figures.map((figure) => Bokeh.index.find_one_by_id(figure.id))
  let laid = 0
  const after = views[0].after_layout
  views[0].after_layout = function () { laid += 1; return after.call(this) }
  const flip = (visible) => {
    const events = figures.map(({id}) => (
      {kind: "ModelChanged", model: {id}, attr: "visible", new: visible}
    ))
    if (together) {
      document.apply_json_patch({events})
    } else {
      events.forEach((event) => document.apply_json_patch({events: [event]}))
    }
    return laid
  }
  const counts = [flip(false), flip(true)]
  delete views[0].after_layout
  const right = views.every((view) => {
    const {width, height} = view.el.getBoundingClientRect()
    return width > 100 && view.bbox.width === Math.round(width)
      && view.bbox.height === Math.round(height)
  })
  return [counts, right]
}"""
_TABLES = """
let Tabulator
window.tables = 0
Object.defineProperty(window, "Tabulator", {
  get: () => Tabulator,
  set: (table) => {
    Tabulator = new Proxy(table, {
      construct: (...made) => { window.tables += 1; return Reflect.construct(...made) }
    })
  }
})"""
_FONTS = """() => [...document.fonts].filter(({family}) => family === "Roboto")
  .map(({status, unicodeRange}) => [status, unicodeRange])"""
_WIDGETS = "**/panel-material-ui.bundle.js*"
_LOADS = """() => {
  const [{ domInteractive }] = performance.getEntriesByType("navigation")
  return performance.getEntriesByType("resource")
    .filter(({ name }) => name.includes("panel-material-ui.bundle.js"))
    .map(({ initiatorType, startTime }) => [initiatorType, startTime < domInteractive])
}"""
_BACKENDS = """() => [...Bokeh.documents[0]._all_models.values()]
  .filter((model) => model.type === "Figure").map((model) => model.output_backend)"""


@pytest.fixture(scope="module")
def address(start_server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("one")
    run_id = run({"N_grid": 32, "T_steps": 60}, str(folder))["config_hash"]
    return f"{start_server(workspace=folder).url}?run={run_id}"


@pytest.fixture
def page(address, open_page):
    page, errors, _ = open_page(address)
    becomes(lambda: page.evaluate(_PATCHED))
    becomes(lambda: page.locator(".bk-Figure:visible").count() == 2)
    yield page
    assert not errors


def test_a_message_lays_the_page_out_once(page):
    assert page.evaluate(_FLIP, True) == [[1, 2], True]
    assert page.evaluate(_FLIP, False) == [[2, 4], True]


def test_no_plot_is_drawn_off_the_screen(page):
    assert set(page.evaluate(_BACKENDS)) == {"canvas"}
    page.get_by_label("Profiles").click()
    becomes(lambda: len(page.evaluate(_BACKENDS)) > 2)
    assert set(page.evaluate(_BACKENDS)) == {"canvas"}


def test_a_tab_of_plots_is_drawn_without_asking_for_variables(page):
    page.evaluate(_COUNT)
    page.get_by_role("tab", name="Spectrum").click()
    becomes(lambda: page.locator(".bk-Figure:visible").count() > 2)
    page.evaluate("() => new Promise(requestAnimationFrame)")
    assert page.evaluate("window.asked") == 0


@pytest.mark.parametrize("tab", ["", "Audit"])
def test_the_run_list_is_built_once(address, open_page, tab):
    page, errors, _ = open_page("about:blank")
    page.add_init_script(_TABLES)
    page.goto(f"{address}&tab={tab}")
    page.locator(".bk-Figure:visible").nth(1).wait_for()
    if tab:
        page.get_by_role("heading", name="Audit of").wait_for()
    else:
        page.locator(".tabulator").wait_for()
    page.wait_for_timeout(2000)  # a second one would come within a moment
    assert page.evaluate("window.tables") == (0 if tab else 1)
    assert not errors


def test_each_font_is_for_some_characters_and_few_are_loaded(page):
    page.wait_for_function("document.fonts.status === 'loaded'")
    faces = page.evaluate(_FONTS)
    assert len(faces) == 18
    assert all(characters != "U+0-10FFFF" for _, characters in faces)
    loaded = [characters for status, characters in faces if status == "loaded"]
    assert any(characters.startswith("U+0-FF") for characters in loaded)  # Latin
    assert not any("U+400-45F" in characters for characters in loaded)  # Cyrillic


def test_the_widgets_script_is_loaded_once_and_from_the_first_moment(page):
    assert page.evaluate(_LOADS) == [["script", True]]


def test_where_that_fails_the_widgets_come_by_panel_s_own_way(address, open_page):
    page, errors, _ = open_page("about:blank")
    refused = []

    def refuse_once(route):
        refused.append(route.request.resource_type)
        if len(refused) == 1:
            route.abort()
        else:
            route.continue_()

    page.route(_WIDGETS, refuse_once)
    page.goto(address)
    page.locator(".tabulator-row").first.wait_for()
    assert refused == ["script", "fetch"]
    assert [each for each in errors if "ERR_FAILED" not in each] == []

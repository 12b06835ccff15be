"""The cockpit in a notebook of JupyterLab, in Debian's Chromium: the page's views, and no more."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from audited_hunt import hunted
from browsing import QUICK, TIMEOUT, becomes, fill, status_of
from said_late import AT_ONCE, TWICE

pytestmark = pytest.mark.browser

REPOSITORY = Path(__file__).parents[2]
TOKEN = "for-this-test"

DASHBOARD = """
import gc, threading
before = {each.name for each in threading.enumerate()}
from irer_panel import HuntDashboard
dashboard = HuntDashboard("workspace")
dashboard"""

ALONE = """
import gc, weakref
from IPython.display import display
from irer_panel import FieldView, ParetoView
field = FieldView("{run}", "workspace")
display(field)
pareto = ParetoView("workspace/simulation_ledger.sqlite")
display(pareto)"""

CLOSE = """
print("keys on the page:", len(dashboard.shortcuts.keys._models))
bus = dashboard.engine.bus
dashboard.close()
del dashboard"""

WHAT_IS_LEFT = """
import panel as pn
for _ in range(3):
    gc.collect()
pools = ("irer-read", "irer-paint", "irer-draw")  # of the process
now = {each.name for each in threading.enumerate()} - before
print("listeners:", bus.listeners)
print("threads:", sorted(n for n in now if n.startswith("irer") and not n.startswith(pools)))
print("shown:", [type(view).__name__ for view, *_ in pn.state._views.values()])"""

CLOSE_ALONE = """
gone = weakref.ref(pareto.scatter)
field.close()
pareto.close()
del field, pareto"""

ALONE_LEFT = """
for _ in range(3):
    gc.collect()
import panel as pn
print("shown:", [type(view).__name__ for view, *_ in pn.state._views.values()])
print("pareto:", gone())"""

COLOURS = """(canvas) => {
  const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
  return new Set(new Uint32Array(data.buffer)).size
}"""

RANGE = """() => { const found = []
const walk = (view) => {
  if (view.model?.type === "Figure") found.push(view.model.x_range.start)
  for (const child of view.children_views?.() ?? []) if (child) walk(child)
}
for (const root of Bokeh.index.roots) walk(root)
return found[0] }"""

FONTS = """() => {
  const icons = [...document.fonts].filter(({family}) => /^"?Material Icons"?$/.test(family))
  return icons.map(({status}) => status)
}"""

LISTEN = """() => {
  window.told = []
  for (const {model} of Bokeh.index.roots) {
    for (const root of model.document.roots()) {
      const way = root._client_comm
      if (!way || way.heard) continue
      const send = way.send
      way.send = function (message, ...rest) {
        told.push(...message.content.events.map(({kind, attr}) => attr ?? kind))
        return send.call(this, message, ...rest)
      }
      way.heard = true
    }
  }
}"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a workspace whose hunt is over, and the settings of a JupyterLab."""
    folder = tmp_path_factory.mktemp("lab")
    (folder / "notebooks").mkdir()
    engine = hunted(folder / "notebooks" / "workspace")
    engine.close()
    settings = folder / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    quiet = {"fetchNews": "false", "checkForUpdates": False}
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(quiet))
    return folder, engine.reader.best()["config_hash"]


@pytest.fixture(scope="module")
def lab(folder):
    """The address of a JupyterLab over that folder."""
    if importlib.util.find_spec("jupyterlab") is None:
        pytest.skip("JupyterLab is not installed; `make test` installs it")
    root, _ = folder
    places = {"LAB_SETTINGS": "settings", "LAB_WORKSPACES": "workspaces", "_CONFIG": "config"}
    places |= {"_RUNTIME": "runtime", "_DATA": "data"}
    own = {f"JUPYTER{name}_DIR": str(root / place) for name, place in places.items()}
    with (root / "said").open("w") as said:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
                *("--ip=127.0.0.1", "--port=0", f"--IdentityProvider.token={TOKEN}"),
                f"--ServerApp.root_dir={root / 'notebooks'}",
            ],
            env={**os.environ, **own, "IPYTHONDIR": str(root), "PYTHONPATH": str(REPOSITORY)},
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def address():
        return re.search(r"http://127\.0\.0\.1:\d+", (root / "said").read_text())

    becomes(address, 60)
    yield address()[0]
    process.terminate()
    process.wait(timeout=60)


@pytest.fixture
def open_notebook(lab, folder, open_page):
    """Open a notebook of some cells, ready to run."""

    def open_(name, *cells):
        code = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
        notebook = {
            "cells": [{**code, "id": f"c{i}", "source": cell} for i, cell in enumerate(cells)],
            "metadata": {"kernelspec": {"display_name": "Python 3", "name": "python3"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        (folder[0] / "notebooks" / name).write_text(json.dumps(notebook))
        watched = open_page(lab, height=2400)
        watched.page.goto(f"{lab}/lab/tree/{name}?token={TOKEN}&reset")
        watched.page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=TIMEOUT)
        return watched

    return open_


def run(page, cell):
    """Run a cell and wait for its end."""
    page.locator(".jp-CodeCell .cm-content").nth(cell).click()
    page.keyboard.press("Shift+Enter")
    prompt = page.locator(".jp-CodeCell .jp-InputPrompt").nth(cell)
    becomes(lambda: re.fullmatch(r"\[\d+\]:", prompt.inner_text().strip()), 60)
    return page.locator(".jp-CodeCell").nth(cell)


def printed(page, cell):
    """What a cell prints."""
    output = run(page, cell).locator(".jp-OutputArea-output")
    becomes(lambda: "".join(output.all_text_contents()).strip())
    return "".join(output.all_text_contents())


def drawn(page, figures):
    """Wait until the first two figures show a field."""
    shown = page.locator(".bk-Figure")
    shown.nth(figures - 1).wait_for(timeout=TIMEOUT)
    becomes(lambda: all(colourful(shown.nth(i)) for i in (0, 1)) or page.wait_for_timeout(500), 60)


def colourful(figure):
    """Whether a figure shows more than its frame."""
    canvas = figure.locator("canvas")
    return canvas.count() > 0 and canvas.first.evaluate(COLOURS) > 20


def test_the_dashboard_shows_the_views_of_the_page_and_leaves_nothing(
    open_notebook, start_server, open_page
):
    served = open_page(start_server().url).page
    served.get_by_role("tab", name="Log").wait_for(timeout=TIMEOUT)
    titles = served.get_by_role("tab").all_inner_texts()

    page, errors, foreign = open_notebook("dashboard.ipynb", DASHBOARD, CLOSE, WHAT_IS_LEFT)
    page.evaluate(AT_ONCE)
    cell = run(page, 0)
    drawn(page, 2)
    tabs = cell.get_by_role("tab")
    becomes(lambda: tabs.all_inner_texts() == titles)
    cell.get_by_text("1–6 of 6 runs").wait_for(timeout=TIMEOUT)
    becomes(lambda: page.evaluate(FONTS) == ["loaded"])
    cell.get_by_role("button", name="Said at once").wait_for()
    page.evaluate(TWICE)
    cell.get_by_role("button", name="Start", exact=True).wait_for()
    page.evaluate(LISTEN)
    cell.get_by_role("tab", name="Spectrum").click()
    cell.get_by_text("Spectrum of").wait_for(timeout=TIMEOUT)

    whole = page.evaluate(RANGE)
    box = page.locator(".bk-Figure").first.bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.wheel(0, -200)
    becomes(lambda: page.evaluate(RANGE) != whole)
    zoomed = page.evaluate(RANGE)
    page.mouse.down()
    page.mouse.move(box["x"] + 260, box["y"] + 200, steps=4)
    page.mouse.up()
    becomes(lambda: page.evaluate(RANGE) != zoomed)

    cell.get_by_role("button", name="Simulation").click()
    fill(page, {**QUICK, "Generations": "1", "Population size": "3"})
    cell.get_by_text("1 × 3 = 3 runs").wait_for(timeout=TIMEOUT)
    cell.get_by_role("button", name="Start").click()
    cell.get_by_text("3/3 runs").wait_for(timeout=3 * TIMEOUT)
    status_of(page).get_by_text("Completed").wait_for(timeout=TIMEOUT)
    cell.get_by_role("tab", name="Runs").click()
    cell.get_by_text("1–3 of 3 runs").wait_for(timeout=TIMEOUT)
    told = page.evaluate("told")
    assert "active" in told  # what is done on the page, and nothing that it was told
    assert not {"children", "data", "object", "text", "visible"} & set(told)

    assert "keys on the page: 0" in printed(page, 1)
    left = printed(page, 2)
    assert "listeners: 0" in left
    assert "threads: []" in left
    assert "shown: []" in left
    assert errors == []
    assert foreign == []


def test_each_view_stands_alone_in_a_cell_and_leaves_nothing(open_notebook, folder):
    shown = ALONE.format(run=folder[1][:10])
    page, errors, foreign = open_notebook("alone.ipynb", shown, CLOSE_ALONE, ALONE_LEFT)
    cell = run(page, 0)
    drawn(page, 3)
    cell.get_by_text("Exact cells").first.wait_for(timeout=TIMEOUT)
    run(page, 1)
    left = printed(page, 2)
    assert "shown: []" in left
    assert "pareto: None" in left
    assert errors == []
    assert foreign == []

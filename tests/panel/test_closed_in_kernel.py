"""What a notebook's kernel keeps of views that were closed: nothing, by weak references to them."""

import warnings
from pathlib import Path

import nbformat
import pytest
from audited_hunt import hunted

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Jupyter's own, on import
    from nbclient import NotebookClient

REPOSITORY = Path(__file__).parents[2]

SHOWN = """
import asyncio, gc, weakref
import panel as pn
from holoviews.plotting.bokeh.callbacks import Callback
from IPython.display import display
from irer_panel import FieldView, HuntDashboard, ParetoView
dashboard = HuntDashboard("workspace")
display(dashboard)
bus, about = dashboard.engine.bus, []"""

FURNISHED = """
while not (dashboard.deck and "Runs" in dashboard.deck.views and dashboard.fields.pair.fields):
    await asyncio.sleep(0.05)
field = FieldView("{run}", "workspace")
pareto = ParetoView("workspace/simulation_ledger.sqlite")
display(field, pareto)
while not field.panel.pair.fields:
    await asyncio.sleep(0.05)
views = (dashboard, dashboard.fields, dashboard.deck.views["Runs"], dashboard.session,
         dashboard.engine, field, field.panel, pareto, pareto.scatter)
held = [weakref.ref(view) for view in views]
del views
parts = {kind: 0 for kind in ("BrowserInfo", "NotificationArea")}
for view, _, document, _ in pn.state._views.values():
    if type(view).__name__ in parts:
        parts[type(view).__name__] += 1
        about.append(weakref.ref(document))
del view, document
print(parts)
print(len([ref for ref in held if ref() is not None]), bus.listeners)"""

CLOSED = """
for view in (dashboard, field, pareto):
    view.close()
del view, dashboard, field, pareto
for _ in range(100):  # a timer of two seconds ends first
    gc.collect()
    if not any(ref() is not None for ref in held + about):
        break
    await asyncio.sleep(0.1)
print("alive:", [type(ref()).__name__ for ref in held if ref() is not None])
print("documents:", len([ref for ref in about if ref() is not None]))
print("listeners:", bus.listeners)
print("callbacks:", len(Callback._callbacks))
print("shown:", {type(view).__name__ for view, *_ in pn.state._views.values()})"""


@pytest.fixture
def printed(tmp_path, monkeypatch):
    """What each cell prints in a kernel of its own, in a folder with a hunt that is over."""
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    engine = hunted(tmp_path / "workspace")
    run = engine.reader.best()["config_hash"]
    engine.close()
    cells = [SHOWN, FURNISHED.replace("{run}", run), CLOSED]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells])
    place = {"metadata": {"path": tmp_path}}
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources=place).execute()
    said = [
        [output.text for output in cell.outputs if output.output_type == "stream"]
        for cell in notebook.cells
    ]
    return ["".join(each) for each in said]


def test_a_kernel_keeps_nothing_of_closed_views(printed):
    assert "9 1" in printed[1]
    assert "{'BrowserInfo': 2, 'NotificationArea': 2}" in printed[1], "Panel's own, of each cell"
    left = printed[2]
    assert "alive: []" in left
    assert "documents: 0" in left
    assert "listeners: 0" in left
    assert "callbacks: 0" in left
    assert "shown: set()" in left

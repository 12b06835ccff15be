"""What keeps the loop free: no models for a new run, figures made aside, one reading for all."""

import time

import holoviews as hv
import pytest
from bokeh.document import Document
from hunt_samples import fill_hunt
from panel.models import HTML
from pyviz_comms import Comm

from engine.hunt.table import read_table
from engine.live.status import HuntStatus
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace
from irer_panel.background import NoLoop
from irer_panel.run_page import RunQuery
from irer_panel.snapshot import Snapshot
from irer_panel.views.evolution import EvolutionView
from irer_panel.views.field_look import Colours
from irer_panel.views.field_marks import dress
from irer_panel.views.field_plot import BLANK, field_plot
from irer_panel.views.header import Header
from irer_panel.views.runs import listed

hv.extension("bokeh")

PALETTE = ("#000000", "#ffffff")


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("ticks", [(), ((0.0, "−1"),)])
def test_other_limits_make_no_models(log, ticks):
    plot = hv.renderer("bokeh").get_plot(field_plot(BLANK))
    dress(plot, Colours(PALETTE, (0.1, 1.0), PALETTE, (-1, 1), log, ticks))
    mapper, bar = plot.handles["color_mapper"], plot.handles["colorbar"]
    before, palette = (mapper, bar.color_mapper, bar.ticker), mapper.palette
    dress(plot, Colours((*PALETTE,), (0.2, 2.0), (*PALETTE,), (-2, 2), log, ticks))
    mapper = plot.handles["color_mapper"]
    after = (mapper, bar.color_mapper, bar.ticker)
    assert all(new is old for new, old in zip(after, before, strict=True))
    assert mapper.palette is palette
    assert (mapper.high, bar.color_mapper.high) == (2.0, 2)


def test_the_header_changes_its_text_alone():
    header, changed = Header(), []
    root = header._pane.get_root(Document(), comm=Comm())
    model = root.select_one({"type": HTML})
    model.stylesheets = [*model.stylesheets, "/* as of another first pane */"]
    for name in model.properties():
        model.on_change(name, lambda attr, old, new: changed.append(attr))
    status = HuntStatus(state="running", hunt_id="2026-01-01-001")
    header.snapshot = Snapshot(status=status, shown=status)
    assert "2026-01-01-001" in model.text
    assert changed == ["text"]


class Noted(NoLoop):
    """Notes what is done beside the loop."""

    def __init__(self):
        self.aside_of_it = []

    def aside(self, call, then):
        self.aside_of_it.append(call)
        super().aside(call, then)


def test_a_figure_is_made_beside_the_loop_and_updated_on_it(tmp_path):
    workspace = Workspace.open(tmp_path)
    hunt = fill_hunt(workspace)
    table, loop = read_table(LedgerReader(workspace.ledger_path), hunt), Noted()
    view = EvolutionView(loop=loop, table=table)
    until = time.monotonic() + 30
    while view._work._running:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert len(loop.aside_of_it) == 1
    figure = view._figure.object
    view.refresh()
    while view._work._running:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert len(loop.aside_of_it) == 1
    assert view._figure.object is figure


def test_two_pages_of_one_list_read_it_once(tmp_path, monkeypatch):
    workspace = Workspace.open(tmp_path)
    hunt = fill_hunt(workspace, generations=1)
    reader, reads, runs = LedgerReader(workspace.ledger_path), [], LedgerReader.runs
    monkeypatch.setattr(
        LedgerReader, "runs", lambda *args, **kw: reads.append(kw) or runs(*args, **kw)
    )
    first, second = (listed(reader, RunQuery(hunt), 5) for _ in range(2))
    assert len(reads) == 1
    assert second is first
    assert listed(reader, RunQuery(hunt), 6) is not first

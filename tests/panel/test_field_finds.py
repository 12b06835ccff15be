"""Where the panes are led, what they save, and which files they hold."""

import asyncio
import gc
from dataclasses import replace
from pathlib import Path

import holoviews as hv
import numpy as np
import psutil
import pytest
from bokeh.models import SaveTool
from pair_bench import follow, pixels, ranges, shows
from panel_samples import write_run

from engine.store.workspace import Workspace
from irer_panel.views.field_paint import Asked, paint
from irer_panel.views.field_state import FieldView, Pane
from irer_panel.wording import number

hv.extension("bokeh")


@pytest.fixture
def workspace(tmp_path):
    return Workspace.open(tmp_path)


@pytest.mark.parametrize("extreme", ["min", "max"])
def test_both_panes_zoom_to_the_extreme_cell_of_one(workspace, extreme):
    run, _, g_tt = write_run(workspace)
    index = g_tt.argmin() if extreme == "min" else g_tt.argmax()
    row, column = np.unravel_index(index, g_tt.shape)

    async def check(pair, selection, plots):
        selection.land(run)
        await shows(pair, lambda: pair.fields is not None)
        pair._size.update(width=400, height=400)
        pair.find(1, extreme)
        await shows(pair, lambda: f"g_tt {number(float(g_tt[row, column]))}" in pair.readout)
        await shows(pair, lambda: pixels(plots[1]).size < 32 * 32)
        left, right, bottom, top = ranges(plots[0])
        assert right - left == pytest.approx(12.5)
        assert top - bottom == pytest.approx(12.5)
        assert left <= column * 0.5 <= right
        assert bottom <= row * 0.5 <= top
        assert pixels(plots[1]).min() == g_tt.min() or extreme == "max"
        assert pixels(plots[1]).max() == g_tt.max() or extreme == "min"

    follow(workspace, check)


def test_the_extreme_is_that_of_the_field_that_was_just_chosen(workspace):
    run, *_ = write_run(workspace)

    async def check(pair, selection, plots):
        selection.land(run)
        await shows(pair, lambda: pair.fields is not None)
        pair._size.update(width=400, height=400)
        pair.view = replace(pair.view, panes=(Pane("rho"), Pane("residual")))
        pair.find(1, "max")  # while the other field is still drawn
        await shows(pair, lambda: "residual" in pair.readout)
        residual = pair.fields.planes["residual"]
        worst = residual.value(*residual.where("max"))
        assert f"residual {number(worst)}" in pair.readout

    follow(workspace, check)


def test_what_was_looked_for_in_a_field_that_was_left_is_let_be(workspace):
    run, *_ = write_run(workspace)

    async def check(pair, selection, plots):
        selection.land(run)
        await shows(pair, lambda: pair.fields is not None)
        pair._size.update(width=400, height=400)
        pair.view = replace(pair.view, panes=(Pane("rho"), Pane("residual")))
        pair.find(1, "max")
        pair.view = replace(pair.view, panes=(Pane("rho"), Pane("phase")))
        await shows(pair, lambda: pair.painted.asked.view.panes[1].field == "phase")
        await asyncio.sleep(0.2)
        assert (pair.readout, pair.zoomed) == ("", None)

    follow(workspace, check)


def test_a_field_without_cells_has_no_extreme_to_go_to(workspace):
    run, *_ = write_run(workspace)

    async def check(pair, selection, plots):
        pair.find(0, "max")  # before there is a run
        selection.land(run)
        await shows(pair, lambda: pair.fields is not None)
        assert pair.zoomed is None

    follow(workspace, check)


def test_a_view_is_saved_under_the_name_of_its_field_and_run(workspace):
    run, *_ = write_run(workspace)

    async def check(pair, selection, plots):
        selection.land(run)
        await shows(pair, lambda: pair.fields is not None)
        names = [plot.state.select_one(SaveTool).filename for plot in plots]
        assert names == [f"rho_{run[:8]}", f"g_tt_{run[:8]}"]

    follow(workspace, check)


def test_the_files_of_runs_that_were_left_are_closed(workspace):
    runs = [write_run(workspace, seed=seed)[0] for seed in range(4)]
    process = psutil.Process()

    def held():
        gc.collect()  # a thread may hold what it has just done until it does the next
        paths = [Path(each.path) for each in process.open_files()]
        return sorted(path.stem[-40:] for path in paths if workspace.root in path.parents)

    async def check(pair, selection, plots):
        for run in runs:
            selection.pick(run)
            await shows(pair, lambda run=run: pair.fields is not None and pair.fields.run == run)
        await shows(pair, lambda: held() == [runs[-1]])
        pair.other = runs[0]
        await shows(pair, lambda: pair.painted.others is not None)
        assert held() == sorted([runs[0], runs[-1]])
        pair.close()
        await shows(pair, lambda: held() == [])

    follow(workspace, check)


def test_fields_at_hand_are_not_read_again(workspace):
    run, *_ = write_run(workspace)
    first = paint(Asked(run, "", FieldView()), workspace)
    workspace.artifact_path(run).unlink()
    again = paint(Asked(run, "", FieldView()), workspace, before=first)
    assert again.fields.planes["rho"] is first.fields.planes["rho"]
    # What is shown stays open: an artifact that is evicted meanwhile still gives its other fields.
    more = paint(Asked(run, "", FieldView((Pane("rho_s"), Pane("rho")))), workspace, before=again)
    assert (more.problem, more.pictures[0].frame.values.shape) == ("", (32, 32))
    assert "no such file" in paint(Asked(run, "", FieldView()), workspace).problem

"""The field panel: a run to compare with, and a state that a link can carry."""

import asyncio

import holoviews as hv
import numpy as np
import pytest
from panel_samples import write_run

from engine.store.workspace import Workspace
from irer_panel.background import KernelLoop
from irer_panel.fields import FIELDS
from irer_panel.selection import Selection
from irer_panel.snapshot import Snapshot
from irer_panel.views.field_look import Look
from irer_panel.views.field_panel import MAX_OTHERS, FieldPanel, others
from irer_panel.views.field_state import FieldView, Pane

hv.extension("bokeh")


@pytest.fixture
def workspace(tmp_path):
    return Workspace.open(tmp_path)


def row(run, **changes):
    return {
        "config_hash": run,
        "generation": 3,
        "log_prime_sse": 0.41,
        "status": "ok",
        "artifact_sha256": "0",
        "evicted": None,
        **changes,
    }


def follow(workspace, runs, check):
    """Run `check(panel, selection)` in a loop, with both plots rendered."""

    async def run():
        selection = Selection()
        snapshot = Snapshot(runs=tuple(row(each) for each in runs))
        panel = FieldPanel(workspace, selection, KernelLoop(), lambda _: None, snapshot=snapshot)
        panel.pair.complete()
        for plot in panel.pair.plots:
            hv.renderer("bokeh").get_plot(plot.plot)
        await check(panel, selection)
        panel.close()

    asyncio.run(run())


async def shows(wanted):
    async with asyncio.timeout(20):
        while not wanted():
            await asyncio.sleep(0.01)


def test_runs_with_an_artifact_are_offered_newest_first_and_not_the_selected_one():
    runs = [f"{i:08x}" * 5 for i in range(MAX_OTHERS + 5)]
    rows = (row(runs[0], evicted=1.0), row(runs[1], artifact_sha256=None), *map(row, runs[2:]))
    found = others(Snapshot(runs=rows), runs[2])
    assert list(found.values()) == ["", *runs[3 : MAX_OTHERS + 3]]
    assert list(found)[1] == f"{runs[3][:8]} · gen 3 · SSE 0.41"
    assert list(others(Snapshot(), "", runs[9]).values()) == ["", runs[9]]


def test_a_chosen_run_is_compared(workspace):
    first, one, _ = write_run(workspace, seed=1)
    second, two, _ = write_run(workspace, seed=2)

    async def check(panel, selection):
        selection.pick(first)
        await shows(lambda: panel.pair.fields is not None)
        assert not panel.tools[0].side.visible
        panel.compare.value = second
        assert panel.other == panel.pair.other == second
        assert panel.tools[0].side.visible
        panel.tools[0].side.value = "difference"
        await shows(lambda: panel.pair.plots[0].picture.style.key == "delta_rho")
        np.testing.assert_array_equal(panel.pair.plots[0].picture.frame.values, one - two)
        panel.other = ""
        await shows(lambda: panel.pair.plots[0].picture.style.key == "rho")
        assert panel.compare.value == ""

    follow(workspace, [first, second], check)


def test_a_run_that_cannot_be_compared_says_why(workspace):
    first, *_ = write_run(workspace)
    second, *_ = write_run(workspace, N_grid=16)

    async def check(panel, selection):
        selection.pick(first)
        panel.other = second
        await shows(lambda: panel._remarks.visible)
        assert "N_grid: got 16" in panel._remarks.object
        panel.other = ""
        await shows(lambda: not panel._remarks.visible)

    follow(workspace, [first, second], check)


def test_the_picker_changes_what_a_pane_shows(workspace):
    run, *_ = write_run(workspace)

    async def check(panel, selection):
        selection.pick(run)
        await shows(lambda: panel.pair.fields is not None)
        for key, style in FIELDS.items():
            panel.tools[1].field.value = key
            await shows(lambda style=style: panel.pair.plots[1].picture.style is style)
        assert panel.pair.plots[0].picture.style.key == "rho"

    follow(workspace, [run], check)


def test_limits_are_kept_typed_and_released(workspace):
    first, one, _ = write_run(workspace, seed=1)
    second, *_ = write_run(workspace, seed=2)

    async def check(panel, selection):
        tools, shown = panel.tools[0], panel.pair.plots[0]
        selection.pick(first)
        await shows(lambda: panel.pair.fields is not None)
        tools._open()
        await shows(lambda: tools.popover.open)
        own = shown.picture.limits
        assert tools._parts["low"].value == f"{one.min():.6g}"
        tools.keep()
        selection.pick(second)
        await shows(lambda: panel.pair.fields.run == second)
        assert shown.picture.limits == own
        tools._parts["high"].value = "2.5"
        assert shown.picture.limits == pytest.approx((own[0], 2.5), rel=1e-5)
        for wrong, words in (("much", "expected two numbers"), ("-1", "lower one first")):
            tools._parts["high"].value = wrong
            assert words in tools._parts["hint"].object
            assert shown.picture.limits[1] == 2.5
        tools.release()
        assert not tools.refused
        assert shown.picture.limits != own
        tools._parts["scale"].value = "log"
        assert shown.picture.look.scale == "log"
        tools._parts["aggregation"].value = "max"
        assert panel.pair.view.panes[0].aggregation == "max"

    follow(workspace, [first, second], check)


def test_limits_below_zero_are_let_go_on_a_log_scale(workspace):
    run, *_ = write_run(workspace)

    async def check(panel, selection):
        selection.pick(run)
        await shows(lambda: panel.pair.fields is not None)
        panel.tools[0]._open()
        await shows(lambda: panel.tools[0].popover.open)
        panel.tools[0]._fix((-1.0, 1.0))
        panel.tools[0]._parts["scale"].value = "log"
        assert panel.pair.view.look(FIELDS["rho"]) == Look("", "log", None)

    follow(workspace, [run], check)


def test_the_state_of_a_page_comes_back_on_another(workspace):
    first, *_ = write_run(workspace, seed=1)
    second, *_ = write_run(workspace, seed=2)
    seen = {}

    async def set_up(panel, selection):
        selection.pick(first)
        await shows(lambda: panel.pair.fields is not None)
        assert panel.view_state() == {}
        panel.pair.view = (
            FieldView()
            .with_pane(0, Pane("rho_s", "other", "max"))
            .with_look(FIELDS["rho_s"], Look("magma", "log", (0.25, 2.0)))
        )
        panel.other = second
        panel.pair._size.update(width=400, height=400)
        panel.pair._ranges.event(x_range=(2.0, 4.0), y_range=(5.0, 6.0))
        seen.update(panel.view_state())

    async def restore(panel, selection):
        panel.show_state(seen)
        selection.pick(first)
        await shows(lambda: panel.pair.painted and panel.pair.ranges)
        assert panel.view_state() == seen
        assert panel.remarks == []
        picture = panel.pair.plots[0].picture
        assert (picture.limits, picture.look.cmap) == ((0.25, 2.0), "magma")
        panel.show_state({})
        await shows(lambda: panel.pair.plots[0].picture.style.key == "rho")
        assert panel.view_state() == {}

    follow(workspace, [first, second], set_up)
    assert set(seen) == {"pane1", "look.rho_s", "x", "y", "other"}
    follow(workspace, [first, second], restore)


def test_what_a_link_gets_wrong_is_said_and_passed_over(workspace):
    run, *_ = write_run(workspace)

    async def check(panel, selection):
        panel.show_state({"pane1": "<b>", "other": "../x", "y": "1:2", "pane2": "phase:run:mean"})
        selection.pick(run)
        await shows(lambda: panel.pair.fields is not None)
        assert panel.pair.plots[1].picture.style.key == "phase"
        assert len(panel.remarks) == 3
        assert "&lt;b&gt;" in panel._remarks.object
        assert "<b>" not in panel._remarks.object

    follow(workspace, [run], check)

"""The two heatmaps: right pixels, fixed colours, one window for both."""

import asyncio

import holoviews as hv
import numpy as np
import pytest
from panel_samples import write_run

from engine.store.workspace import Workspace
from irer_panel.background import KernelLoop
from irer_panel.fields import G_TT, RHO, SMALLEST_SPAN, read_run
from irer_panel.selection import Selection
from irer_panel.viewport import Window
from irer_panel.views.field_pair import FieldPair, paint, readout
from irer_panel.views.field_plot import SharedRanges, field_plot

hv.extension("bokeh")


@pytest.fixture
def workspace(tmp_path):
    return Workspace.open(tmp_path)


def rendered(pair):
    """Both plots as HoloViews draws them."""
    renderer = hv.renderer("bokeh")
    return [renderer.get_plot(each.plot) for each in pair.plots]


def pixels(plot):
    return plot.handles["source"].data["image"][0]


def ranges(plot):
    x, y = plot.state.x_range, plot.state.y_range
    return (x.start, x.end, y.start, y.end)


async def shows(pair, wanted):
    async with asyncio.timeout(20):
        while not wanted():
            await asyncio.sleep(0.01)


def follow(workspace, check):
    """Run `check(pair, selection, plots)` in a loop, with both plots rendered."""

    async def run():
        selection = Selection()
        pair = FieldPair(workspace, selection, KernelLoop())
        pair.complete()
        plots = rendered(pair)
        for plot in plots[1:]:  # one page: HoloViews renders each as a root of its own here
            pair._shared._of_root[plot.root.ref["id"]] = pair._shared._of_root[
                plots[0].root.ref["id"]
            ]
            pair._shared.join(plot)
        await check(pair, selection, plots)
        pair.close()

    asyncio.run(run())


def test_a_selected_run_is_drawn_cell_by_cell_in_its_own_colours(workspace):
    run, rho, g_tt = write_run(workspace)

    async def check(pair, selection, plots):
        selection.land(run)
        await shows(pair, lambda: pair.fields is not None)
        np.testing.assert_array_equal(pixels(plots[0]), rho)
        np.testing.assert_array_equal(pixels(plots[1]), g_tt)
        mapper = plots[0].handles["color_mapper"]
        assert (mapper.low, mapper.high) == pytest.approx((rho.min(), rho.max()))
        diverging = plots[1].handles["color_mapper"]
        assert diverging.low + diverging.high == pytest.approx(-2)
        assert ranges(plots[0]) == (-0.25, 15.75, -0.25, 15.75)

    follow(workspace, check)


def test_zooming_one_rasterizes_both_anew_and_keeps_their_colours(workspace):
    run, rho, g_tt = write_run(workspace)

    async def check(pair, selection, plots):
        selection.land(run)
        await shows(pair, lambda: pair.fields is not None)
        colours = [plot.handles["color_mapper"].high for plot in plots]
        pair._size.update(width=400, height=400)
        pair._ranges.event(x_range=(2.0, 4.0), y_range=(5.0, 6.0))
        await shows(pair, lambda: pixels(plots[0]).shape != (32, 32))
        # cells of 0.5: those that touch [2, 4] along x and [5, 6] along y
        np.testing.assert_array_equal(pixels(plots[0]), rho[10:13, 4:9])
        np.testing.assert_array_equal(pixels(plots[1]), g_tt[10:13, 4:9])
        data = plots[0].handles["source"].data
        assert (data["x"], data["y"], data["dw"], data["dh"]) == ([1.75], [4.75], [2.5], [1.5])
        assert [plot.handles["color_mapper"].high for plot in plots] == colours

    follow(workspace, check)


async def zoom_into(run, pair, selection, plots):
    """Show three by five cells of a run."""
    selection.land(run)
    await shows(pair, lambda: pair.fields is not None)
    pair._size.update(width=400, height=400)
    pair._ranges.event(x_range=(2.0, 4.0), y_range=(5.0, 6.0))
    await shows(pair, lambda: pixels(plots[0]).shape == (3, 5))


def test_another_run_of_the_same_domain_keeps_the_window(workspace):
    first, *_ = write_run(workspace, seed=1)
    second, rho, _ = write_run(workspace, seed=2)

    async def check(pair, selection, plots):
        await zoom_into(first, pair, selection, plots)
        selection.land(second)
        await shows(pair, lambda: pair.fields.run == second)
        np.testing.assert_array_equal(pixels(plots[0]), rho[10:13, 4:9])

    follow(workspace, check)


def test_a_run_on_another_domain_is_shown_whole(workspace):
    first, *_ = write_run(workspace, seed=1)
    second, rho, _ = write_run(workspace, seed=2, N_grid=16, domain_length=64.0)

    async def check(pair, selection, plots):
        await zoom_into(first, pair, selection, plots)
        selection.pick(second)
        await shows(pair, lambda: pair.fields.run == second)
        np.testing.assert_array_equal(pixels(plots[0]), rho)
        assert ranges(plots[0]) == ranges(plots[1]) == (-2.0, 62.0, -2.0, 62.0)
        assert plots[0].state.x_range.bounds == (-2.0, 62.0)

    follow(workspace, check)


def test_a_run_without_its_artifact_says_why(workspace):
    run, *_ = write_run(workspace)
    workspace.artifact_path(run).unlink()

    async def check(pair, selection, plots):
        selection.pick(run)
        await shows(pair, lambda: pair.problem)
        assert "no such file" in pair.problem
        assert pair.fields is None

    follow(workspace, check)


def test_the_readout_is_the_true_cell(workspace):
    run, rho, _ = write_run(workspace)
    fields = read_run(workspace.artifact_path(run), run)
    text = readout(fields, 20, 7)
    assert text.startswith("x 3.5 · y 10 · ρ ")
    assert f"{rho[20, 7]:.4g}"[:5] in text
    assert "g_tt −0.9" in text or "g_tt −1" in text


def test_the_plots_of_a_page_share_their_ranges_and_have_labels(workspace):
    run, *_ = write_run(workspace)
    painted = paint(run, workspace)
    shared = SharedRanges()
    elements = [
        field_plot(picture, style).opts(hooks=[lambda plot, _: None])
        for picture, style in zip(painted.pictures, (RHO, G_TT), strict=True)
    ]
    plots = [hv.renderer("bokeh").get_plot(element) for element in elements]
    root = plots[0].root.ref["id"]
    shared.join(plots[0])
    shared._of_root[plots[1].root.ref["id"]] = shared._of_root[root]
    shared.join(plots[1])
    assert plots[0].state.x_range is plots[1].state.x_range
    assert plots[0].state.y_range is plots[1].state.y_range
    for plot, style in zip(plots, (RHO, G_TT), strict=True):
        assert [axis.axis_label for axis in (*plot.state.xaxis, *plot.state.yaxis)] == ["x", "y"]
        assert plot.state.title.text == style.dataset
        assert plot.handles["colorbar"].title == style.meaning


def test_colour_limits_of_a_flat_or_broken_field_are_still_a_range():
    flat = np.full((4, 4), -1.0)
    assert G_TT.limits(flat) == (-1 - SMALLEST_SPAN, -1 + SMALLEST_SPAN)
    assert RHO.limits(np.full((4, 4), np.nan)) == (0.0, SMALLEST_SPAN)
    assert RHO.limits(np.array([[1.0, np.inf], [3.0, 2.0]])) == (1.0, 3.0)


def test_a_window_asks_for_no_more_bins_than_pixels(workspace):
    run, rho, _ = write_run(workspace)
    window = Window((-0.25, 15.75), (-0.25, 15.75), 16, 8)
    extent = (-0.25, 15.75)
    picture = paint(run, workspace, window=window, extent=extent).pictures[0]
    blocks = rho.reshape(8, 4, 16, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(picture.frame.values, blocks, atol=1e-6)

"""The two heatmaps: right pixels, fixed colours, one window for both."""

import threading

import holoviews as hv
import numpy as np
import pytest
from pair_bench import follow, pixels, ranges, shows
from panel_samples import write_run

from engine.store.workspace import Workspace
from irer_panel.fields import read_run
from irer_panel.plane import Plane
from irer_panel.viewport import Window
from irer_panel.views.field_look import MAPS, Look
from irer_panel.views.field_marks import MASK, SharedRanges
from irer_panel.views.field_paint import Asked, note, paint, readout
from irer_panel.views.field_plot import field_plot
from irer_panel.views.field_state import FieldView, Pane

hv.extension("bokeh")


@pytest.fixture
def workspace(tmp_path):
    return Workspace.open(tmp_path)


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
    text = readout(paint(Asked(run, "", FieldView()), workspace), 20, 7)
    assert text.startswith("x 3.5 · y 10 · ρ ")
    assert f"{rho[20, 7]:.4g}"[:5] in text
    assert "g_tt −0.9" in text or "g_tt −1" in text


def test_the_plots_of_a_page_share_their_ranges_and_have_labels(workspace):
    run, *_ = write_run(workspace)
    painted = paint(Asked(run, "", FieldView()), workspace)
    shared = SharedRanges()
    elements = [
        field_plot(picture).opts(hooks=[lambda plot, _: None]) for picture in painted.pictures
    ]
    plots = [hv.renderer("bokeh").get_plot(element) for element in elements]
    root = plots[0].root.ref["id"]
    shared.join(plots[0])
    shared._of_root[plots[1].root.ref["id"]] = shared._of_root[root]
    shared.join(plots[1])
    assert plots[0].state.x_range is plots[1].state.x_range
    assert plots[0].state.y_range is plots[1].state.y_range
    for plot, title in zip(plots, ("ρ = |ψ|²", "g_tt = −Ω²"), strict=True):
        assert [axis.axis_label for axis in (*plot.state.xaxis, *plot.state.yaxis)] == ["x", "y"]
        assert plot.state.title.text == title


def test_a_window_asks_for_no_more_bins_than_pixels(workspace):
    run, rho, _ = write_run(workspace)
    window = Window((-0.25, 15.75), (-0.25, 15.75), 16, 8)
    extent = (-0.25, 15.75)
    asked = Asked(run, "", FieldView())
    picture = paint(asked, workspace, window=window, extent=extent).pictures[0]
    blocks = rho.reshape(8, 4, 16, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(picture.frame.values, blocks, atol=1e-6)
    assert note(picture, "mean") == "Mean of 2 × 4 cells a pixel"
    panes = (Pane("rho", aggregation="min"), Pane("rho", aggregation="max"))
    found = paint(Asked(run, "", FieldView(panes)), workspace, window=window, extent=extent)
    cells = rho.reshape(8, 4, 16, 2)
    np.testing.assert_array_equal(found.pictures[0].frame.values, cells.min(axis=(1, 3)))
    np.testing.assert_array_equal(found.pictures[1].frame.values, cells.max(axis=(1, 3)))


def test_the_mean_of_angles_is_that_of_their_directions(workspace):
    run, *_ = write_run(workspace, psi=np.exp(1j * np.where(np.arange(32) % 2, 3.0, -3.0)))
    window, extent = Window((-0.25, 15.75), (-0.25, 15.75), 16, 16), (-0.25, 15.75)
    asked = Asked(run, "", FieldView((Pane("phase"), Pane("rho"))))
    picture = paint(asked, workspace, window=window, extent=extent).pictures[0]
    assert abs(picture.frame.values) == pytest.approx(np.full((16, 16), np.pi), abs=1e-6)


def test_another_look_changes_colours_and_no_pixel(workspace):
    run, rho, _ = write_run(workspace)

    async def check(pair, selection, plots):
        selection.land(run)
        await shows(pair, lambda: pair.fields is not None)
        painted, data = pair.painted, plots[0].handles["source"].data
        style = pair.plots[0].picture.style
        pair.view = pair.view.with_look(style, Look("magma", "log", (0.1, 0.9)))
        mapper = plots[0].handles["color_mapper"]
        assert type(mapper).__name__ == "LogColorMapper"
        assert plots[0].handles["glyph"].color_mapper is mapper
        assert plots[0].handles["colorbar"].color_mapper is mapper
        assert (mapper.low, mapper.high) == (0.1, 0.9)
        assert tuple(mapper.palette) == tuple(MAPS["sequential"]["magma"])
        pair.view = pair.view.with_look(style, Look("magma"))
        mapper = plots[0].handles["color_mapper"]
        assert type(mapper).__name__ == "LinearColorMapper"
        assert (mapper.low, mapper.high) == pytest.approx((rho.min(), rho.max()))
        assert pair.painted is painted
        assert plots[0].handles["source"].data is data

    follow(workspace, check)


def test_a_symmetric_scale_bends_the_colours_and_labels_the_bar(workspace):
    run, *_ = write_run(workspace)

    async def check(pair, selection, plots):
        selection.land(run)
        await shows(pair, lambda: pair.fields is not None)
        style = pair.plots[1].picture.style
        pair.view = pair.view.with_look(style, Look("", "symmetric", (-1.25, -0.75)))
        bar = plots[1].handles["colorbar"]
        assert bar.major_label_overrides[0.0] == "−1"
        assert len(plots[1].handles["color_mapper"].palette) > len(bar.color_mapper.palette)
        pair.view = pair.view.with_look(style, Look())
        assert bar.major_label_overrides == {}
        assert bar.color_mapper is plots[1].handles["color_mapper"]

    follow(workspace, check)


def test_cells_that_are_not_finite_are_masked_and_counted(workspace):
    rho = np.ones((32, 32), np.float32)
    rho[4, 7], rho[20, 21] = np.nan, np.inf
    run, *_ = write_run(workspace, rho=rho)

    async def check(pair, selection, plots):
        selection.land(run)
        await shows(pair, lambda: pair.fields is not None)
        mask, clean = (
            each._rendered[plot.root.ref["id"]].mask
            for each, plot in zip(pair.plots, plots, strict=True)
        )
        shown = mask.data["image"][0].view(np.uint8).reshape(32, 32, 4)
        assert [tuple(map(int, at)) for at in np.argwhere(shown[..., 3])] == [(4, 7), (20, 21)]
        assert tuple(shown[4, 7]) == (*MASK, 255)
        assert clean.data["image"] == []
        assert "2 cells are not finite" in pair._notes[0].object
        assert " · ρ nan · g_tt −" in readout(pair.painted, 4, 7)
        # One bad cell marks its whole pixel, which the mean would hide.
        window = Window((-0.25, 15.75), (-0.25, 15.75), 8, 8)
        coarse = paint(pair.painted.asked, workspace, window=window, extent=(-0.25, 15.75))
        holes = coarse.pictures[0].holes.values
        assert [tuple(map(int, at)) for at in np.argwhere(holes > 0)] == [(1, 1), (5, 5)]

    follow(workspace, check)


def test_a_field_that_cannot_be_made_says_why_and_leaves_the_other(workspace):
    g_tt = np.full((32, 32), -1.0, np.float32)
    g_tt[0, 0] = np.nan
    run, rho, _ = write_run(workspace, g_tt=g_tt)
    view = FieldView((Pane("rho"), Pane("curvature")))
    painted = paint(Asked(run, "", view), workspace)
    assert not painted.problem
    np.testing.assert_array_equal(painted.pictures[0].frame.values, rho)
    assert "curvature: final_g_tt: got 1 of 1,024" in note(painted.pictures[1], "mean")
    assert readout(painted, 0, 0).startswith("x 0 · y 0 · ρ ")


def test_two_runs_are_subtracted_cell_by_cell(workspace):
    first, one, _ = write_run(workspace, seed=1)
    two = np.full((32, 32), 0.25, np.float32)
    second, *_ = write_run(workspace, seed=2, rho=two)
    view = FieldView((Pane("rho", "difference"), Pane("rho", "other")))
    painted = paint(Asked(first, second, view), workspace)
    delta, other = painted.pictures
    np.testing.assert_array_equal(delta.frame.values, one - two)
    np.testing.assert_array_equal(other.frame.values, two)
    assert delta.limits == pytest.approx((-np.abs(one - two).max(), np.abs(one - two).max()))
    both = np.array([one, two])
    assert other.limits == pytest.approx((both.min(), both.max()))  # of both runs together
    assert delta.title == f"Δρ: {first[:8]} − {second[:8]}"
    assert f"ρ of {second[:8]} " in readout(painted, 3, 4)
    again = paint(Asked(first, second, view), workspace, before=painted)
    assert again.pictures[0].plane is delta.plane  # not computed twice


def test_runs_of_unequal_grids_are_not_subtracted(workspace):
    first, one, _ = write_run(workspace, seed=1)
    second, *_ = write_run(workspace, seed=2, N_grid=16)
    view = FieldView((Pane("rho"), Pane("rho", "difference")))
    painted = paint(Asked(first, second, view), workspace)
    assert "N_grid: got 16" in painted.other_problem
    np.testing.assert_array_equal(painted.pictures[0].frame.values, one)
    assert note(painted.pictures[1], "mean") == "There is nothing to compare with."


def test_fields_of_large_grids_that_need_a_spectrum_are_refused_in_words(workspace, monkeypatch):
    run, *_ = write_run(workspace)
    monkeypatch.setattr("irer_panel.fields.SPECTRAL_LIMIT", 32)
    planes = read_run(workspace.artifact_path(run), run, ["residual", "rho"]).planes
    assert "got a grid of 32 cells a side" in planes["residual"].problem
    assert not planes["rho"].problem


def test_a_window_is_kept_until_there_is_a_run_and_cut_to_its_domain(workspace):
    run, rho, _ = write_run(workspace)

    async def check(pair, selection, plots):
        pair._size.update(width=400, height=400)
        pair.zoom(((2.0, 4.0), (5.0, 99.0)))
        selection.land(run)
        await shows(pair, lambda: pixels(plots[0]).shape == (22, 5))
        np.testing.assert_array_equal(pixels(plots[0]), rho[10:, 4:9])
        assert ranges(plots[0]) == (2.0, 4.0, 5.0, 15.75)
        pair.zoom(None)
        await shows(pair, lambda: pixels(plots[0]).shape == (32, 32))
        assert ranges(plots[1]) == (-0.25, 15.75, -0.25, 15.75)

    follow(workspace, check)


def test_profiles_are_the_true_row_and_column_under_the_cursor(workspace):
    run, rho, g_tt = write_run(workspace)

    async def check(pair, selection, plots):
        selection.land(run)
        await shows(pair, lambda: pair.fields is not None)
        assert pair._curves == [[], []]  # not made before they are asked for
        pair.profiles = True
        await shows(pair, lambda: all(pair._curves))
        drawn = [[each._pipe for each in found] for found in pair._curves]
        pair.plots[0].pointer.event(x=3.6, y=10.1)
        await shows(pair, lambda: drawn[0][0].data.at == 10.0)
        for (row, column), field in zip(drawn, (rho, g_tt), strict=True):
            np.testing.assert_array_equal(row.data.values, np.repeat(field[20], 2))
            np.testing.assert_array_equal(column.data.values, np.repeat(field[:, 7], 2))
            edges = np.repeat(np.arange(33) * 0.5 - 0.25, 2)[1:-1]
            np.testing.assert_allclose(row.data.places, edges)
        assert drawn[0][0].data.title == "ρ along x at y = 10"
        assert drawn[1][1].data.title == "g_tt along y at x = 3.5"
        pair._size.update(width=400, height=400)
        pair._ranges.event(x_range=(2.0, 4.0), y_range=(5.0, 6.0))
        await shows(pair, lambda: drawn[0][0].data.values.size == 10)  # five cells in sight
        np.testing.assert_array_equal(drawn[0][0].data.values, np.repeat(rho[20, 4:9], 2))
        assert pair.readout.startswith("x 3.5 · y 10 · ρ ")
        pair.plots[0].pointer.event(x=None, y=None)
        await shows(pair, lambda: pair.readout == "")
        assert drawn[0][0].data.at == 10.0  # stays where the cursor was

    follow(workspace, check)


def test_both_panes_are_drawn_at_the_same_time(workspace, monkeypatch):
    run, rho, g_tt = write_run(workspace)
    meeting, draw = threading.Barrier(2), Plane.frame

    def met(*words):
        meeting.wait(10)
        return draw(*words)

    monkeypatch.setattr(Plane, "frame", met)
    painted = paint(Asked(run, "", FieldView()), workspace)
    for picture, field in zip(painted.pictures, (rho, g_tt), strict=True):
        np.testing.assert_array_equal(picture.frame.values, field)

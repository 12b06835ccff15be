"""The figures of a hunt hold what its ledger holds, follow it, and say where there is nothing."""

import time

import numpy as np
import pytest
from bokeh.events import RangesUpdate, Tap
from hunt_samples import SETTINGS, fill_hunt, play

from engine.hunt.front import front
from engine.hunt.generations import by_generation
from engine.hunt.table import FITNESS, H_NORM, SSE, HuntTable, read_table
from engine.settings import HuntSettings
from engine.store.ledger import Ledger
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace
from irer_panel import points as drawing
from irer_panel.points import FAINT, FULL, Rows, opacity, points
from irer_panel.selection import Selection
from irer_panel.views import scatter
from irer_panel.views.correlation import CorrelationView
from irer_panel.views.evolution import EvolutionView
from irer_panel.views.failures import MEANINGS, FailureView
from irer_panel.views.hunt_card import heading_html
from irer_panel.views.importance import ImportanceView
from irer_panel.views.lineage import LineageView
from irer_panel.views.parallel import ParallelView
from irer_panel.views.parameter import ParameterView
from irer_panel.views.scatter import ScatterView


def waits(wanted):
    until = time.monotonic() + 30
    while not wanted():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.01)


def idle(view):
    waits(lambda: not view._work._running)


@pytest.fixture(scope="module")
def hunted(tmp_path_factory):
    workspace = Workspace.open(tmp_path_factory.mktemp("figures"))
    hunt = fill_hunt(workspace)
    reader = LedgerReader(workspace.ledger_path)
    return reader, read_table(reader, hunt)


def tap(figure, x, y):
    event = Tap(figure, x=float(x), y=float(y))
    for call in figure._event_callbacks["tap"]:
        call(event)


def test_evolution_draws_each_generation_and_a_tap_picks_its_best(hunted):
    _, table = hunted
    selection = Selection()
    view = EvolutionView(selection, table=table)
    idle(view)
    expected = by_generation(table, FITNESS)
    np.testing.assert_array_equal(view._source.data["best"], expected.best)
    np.testing.assert_array_equal(view._source.data["median"], expected.median)
    tap(view._figure.object, expected.number[2], expected.best[2])
    assert selection.run == table.ids[int(expected.winner[2])]
    assert not selection.follow
    assert view._ring.data == {"x": [expected.number[2]], "y": [expected.best[2]]}
    view.metric.value = SSE
    idle(view)
    np.testing.assert_array_equal(view._source.data["best"], by_generation(table, SSE).best)
    assert type(view._figure.object.yaxis[0]).__name__ == "LogAxis"
    view.close()


def test_a_tap_on_nothing_picks_nothing(hunted):
    _, table = hunted
    selection = Selection()
    view = ScatterView(selection, table=table)
    idle(view)
    tap(view.figure, 1e3, 1e3)
    assert selection.run == ""


def test_the_scatter_holds_every_scored_run_and_the_front(hunted):
    _, table = hunted
    view = ScatterView(table=table)
    idle(view)
    data = view.rows.source.data
    assert data["id"] == [table.ids[i] for i in table.scored]
    np.testing.assert_array_equal(data[SSE.key], table[SSE.key][table.scored])
    line = front(table)
    np.testing.assert_array_equal(view._sources.front.data["y"], table[H_NORM.key][line])
    assert view._sources.extent.data["x"][0] < 0.01 < view._sources.extent.data["x"][1]
    assert view._sources.density.data["image"] == []
    view.close()


@pytest.mark.parametrize("place", [0, 7, 20])
def test_a_tap_in_the_scatter_picks_the_run_and_rings_it_everywhere(hunted, place):
    _, table = hunted
    selection, rows = Selection(), Rows()
    views = [
        ScatterView(selection, table=table),
        ParameterView(selection, None, rows, table=table),
        ParallelView(selection, None, rows, table=table),
    ]
    for view in views:
        idle(view)
    at = table.scored[place]
    x, y = table[SSE.key][at], table[H_NORM.key][at]
    tap(views[0].figure, x, y)
    assert selection.run == table.ids[at]
    assert views[0]._sources.ring.data == {"x": [x], "y": [y]}
    assert views[1]._ring.data == {
        "x": [table["param_kappa"][at]],
        "y": [table["fitness"][at]],
    }
    assert len(views[2]._line.data["y"]) == len(table.dimensions) + 3


def test_taps_in_the_other_figures_pick_the_run_there(hunted):
    _, table = hunted
    for make in (ParameterView, ParallelView):
        selection = Selection()
        view = make(selection, table=table)
        idle(view)
        at = int(table.scored[3])
        if make is ParameterView:
            tap(view._figure.object, table["param_kappa"][at], table["fitness"][at])
        else:
            share = view._rows.drawn.columns["share:param_sigma_k"][3]
            tap(view._figure.object, 1, share)
        assert selection.run == table.ids[at]
        view.close()


def test_parallel_axes_span_the_searched_interval_on_its_scale(hunted):
    _, table = hunted
    drawn = points(table)
    axes = {axis.key: axis for axis in drawn.axes}
    assert (axes["epsilon"].low, axes["epsilon"].high, axes["epsilon"].log) == (0.01, 1, True)
    assert axes["epsilon"].share(np.array([0.01, 0.1, 1])).tolist() == pytest.approx([0, 0.5, 1])
    assert axes["param_kappa"].share(np.array([0.001, 0.1])).tolist() == [0, 1]
    shares = drawn.columns["share:log_prime_sse"]
    assert (shares.min(), shares.max()) == (0, 1)


def test_a_smaller_p_is_more_solid_and_an_unknown_one_faint():
    shown = opacity(np.array([1.0, 0.1, 0.001, 1e-9, 0.0, np.nan]))
    assert shown == pytest.approx([FAINT, FAINT + (FULL - FAINT) / 3, FULL, FULL, FULL, FAINT])


def test_significant_runs_differ_by_shape_and_not_by_colour_alone(hunted):
    _, table = hunted
    columns = points(table).columns
    small = table["larger_p"][table.scored] < 0.01
    assert small.any()
    assert [marker == "diamond" for marker in columns["marker"]] == small.tolist()


def test_new_runs_come_in_without_moving_zoom_selection_or_marks(tmp_path):
    workspace = Workspace.open(tmp_path)
    hunt = fill_hunt(workspace, generations=2, seed=1)
    reader = LedgerReader(workspace.ledger_path)
    first = read_table(reader, hunt)
    view = ScatterView(table=first)
    idle(view)
    figure, source = view.figure, view.rows.source
    figure.x_range.update(start=0.1, end=0.2)
    source.selected.indices = [1, 3]
    marked = [source.data["id"][i] for i in (1, 3)]
    with Ledger(workspace.ledger_path) as ledger:
        random = np.random.default_rng(9)
        play(ledger, hunt, SETTINGS, random, 5, 0.0, begin=3)
    view.table = read_table(reader, hunt)
    waits(lambda: len(source.data["id"]) > len(first.scored))
    idle(view)
    assert view._figure.object is figure
    assert (figure.x_range.start, figure.x_range.end) == (0.1, 0.2)
    assert [source.data["id"][i] for i in source.selected.indices] == marked
    view.close()


def test_another_hunt_keeps_no_marks_and_leaves_no_column_undrawn(hunted, tmp_path):
    _, table = hunted
    workspace = Workspace.open(tmp_path)
    settings = HuntSettings.from_mapping({"num_generations": 2, "population_size": 4})
    other = read_table(
        LedgerReader(workspace.ledger_path), fill_hunt(workspace, settings, failing=0.0, seed=4)
    )
    rows = Rows()
    rows.show(points(table))
    rows.source.selected.indices = [0, 1]
    rows.show(points(other))
    assert rows.source.selected.indices == []
    assert np.isnan(rows.source.data["epsilon"]).all()
    assert {len(column) for column in rows.source.data.values()} == {len(other.scored)}


def test_very_many_runs_become_a_density_that_follows_the_window(hunted, monkeypatch):
    _, table = hunted
    monkeypatch.setattr(scatter, "MOST", 10)
    monkeypatch.setattr(drawing, "MOST", 10)
    monkeypatch.setattr(drawing, "FITTEST", 5)
    drawing._known.clear()
    selection = Selection()
    view = ScatterView(selection, table=table)
    idle(view)
    density = view._sources.density
    assert view._figure.visible
    assert len(density.data["image"]) == 1, "the density comes with its figure"
    assert np.nansum(density.data["image"][0]) == len(table.scored)
    drawn = view.rows.source.data["id"]
    assert set(drawn) >= {table.ids[i] for i in front(table)}
    assert len(drawn) < len(table.scored)
    x, y = table[SSE.key][table.scored], table[H_NORM.key][table.scored]
    ends = {"x0": 0.05, "x1": 0.5, "y0": 1e-4, "y1": 1e-3}
    for call in view.figure._event_callbacks["rangesupdate"]:
        call(RangesUpdate(view.figure, **ends))
    within = (x >= 0.05) & (x <= 0.5) & (y >= 1e-4) & (y <= 1e-3)
    waits(lambda: np.nansum(density.data["image"][0]) == within.sum())
    assert (density.data["x"], density.data["w"]) == ([0.05], [pytest.approx(0.45)])
    hidden = next(i for i in table.scored if table.ids[i] not in drawn)
    tap(view.figure, table[SSE.key][hidden], table[H_NORM.key][hidden])
    assert selection.run == table.ids[hidden]
    drawing._known.clear()
    view.close()


def test_the_written_views_say_what_the_engine_found(hunted):
    reader, table = hunted
    correlation, importance = CorrelationView(table=table), ImportanceView(table=table)
    failures = FailureView(table=table)
    for view in (correlation, importance, failures):
        idle(view)
    assert "Pearson r" in correlation._pane.object
    assert "reported +0.72" in correlation._pane.object
    assert 'data-key="param_kappa"' in importance._pane.object
    for kind in set(table.statuses):
        assert MEANINGS[kind] in failures._pane.object
    selection = Selection()
    selection.pick(table.ids[-1])
    lineage = LineageView(reader, selection, table=table)
    waits(lambda: lineage.list.items)
    [first, *_] = lineage._relatives
    lineage._clicked(lineage.list.items[0])
    assert selection.run == first.run
    for view in (correlation, importance, failures, lineage):
        view.close()


def all_views(table, reader):
    return [
        EvolutionView(table=table),
        ScatterView(table=table),
        ParallelView(table=table),
        ParameterView(table=table),
        CorrelationView(table=table),
        ImportanceView(table=table),
        FailureView(table=table),
    ]


def said(view):
    return view._words.object or view._pane.object


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda _: None, "Reading the hunt"),
        (lambda _: HuntTable(), "No hunt yet"),
        (lambda table: HuntTable(table.hunt_id, table.settings), "is audited yet"),
    ],
)
def test_where_there_is_nothing_every_view_says_so(hunted, make, words):
    reader, table = hunted
    for view in all_views(make(table), reader):
        idle(view)
        assert words in said(view), type(view).__name__
        assert not view._figure.visible
        view.close()


def test_a_hunt_whose_runs_all_failed_has_words_and_counts(tmp_path):
    workspace = Workspace.open(tmp_path)
    hunt = fill_hunt(workspace, generations=2, failing=1.0)
    reader = LedgerReader(workspace.ledger_path)
    for view in all_views(read_table(reader, hunt), reader):
        idle(view)
        if isinstance(view, FailureView):
            assert MEANINGS["diverged"] in view._pane.object
        else:
            assert "None of 16 runs has a score" in said(view)
        view.close()


def test_two_runs_of_one_generation_are_drawn_and_what_they_cannot_say_is_said(tmp_path):
    workspace = Workspace.open(tmp_path)
    settings = HuntSettings.from_mapping({"num_generations": 1, "population_size": 2})
    hunt = fill_hunt(workspace, settings, failing=0.0)
    reader = LedgerReader(workspace.ledger_path)
    views = all_views(read_table(reader, hunt), reader)
    for view in views:
        idle(view)
    evolution, scatter_, parallel, parameter, correlation, importance, _ = views
    assert all(view._figure.visible for view in (evolution, scatter_, parallel, parameter))
    assert "One generation so far" in said(evolution)
    assert "2 runs have both figures, 4 are needed" in said(correlation)
    assert "2 runs have a figure, 20 are needed" in said(importance)


def test_every_card_explains_itself_and_names_the_document(hunted):
    reader, table = hunted
    for view in [*all_views(table, reader), LineageView(reader, table=table)]:
        text = heading_html(view.title, view.help)
        assert "docs/metrics.md" in text
        assert view.help.count(". ") == 1 or view.help.count(".") >= 2
        view.close()

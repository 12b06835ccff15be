"""The Hunt tab follows the shown hunt, its first figure first, and says what it cannot read."""

import time

from audited_hunt import becomes
from hunt_samples import SETTINGS, fill_hunt

from engine.hunt.engine import Engine
from engine.hunt.table import FITNESS, SSE
from engine.store.workspace import Workspace
from irer_panel.background import NoLoop
from irer_panel.choices import Choices
from irer_panel.selection import Selection
from irer_panel.snapshot import Snapshot, look
from irer_panel.views import scatter
from irer_panel.views.hunt_tab import HuntTab


def test_the_tab_follows_the_shown_hunt_and_closes(tmp_path):
    workspace = Workspace.open(tmp_path)
    engine = Engine(workspace)
    tab = HuntTab(engine, Selection(), NoLoop())
    assert tab.feed.table is None
    tab.snapshot = look(engine, Snapshot())
    becomes(lambda: tab.feed.table is not None)
    assert tab.feed.table.hunt_id == ""
    hunt = fill_hunt(workspace, generations=1)
    tab.snapshot = look(engine, tab.snapshot)
    becomes(lambda: tab.feed.table.hunt_id == hunt)
    assert len(tab.feed.table) == SETTINGS.population_size
    tab.close()
    engine.close()


def test_the_first_figure_is_there_before_the_others_are_worked_out(tmp_path, monkeypatch):
    engine = Engine(Workspace.open(tmp_path))
    hunt = fill_hunt(engine.workspace, generations=1)
    tab = HuntTab(engine, Selection(), NoLoop())
    others = (tab.evolution, tab.parallel, tab.parameter, tab.importance, tab.correlation)
    cloud, meanwhile = scatter.cloud, []

    def slow(table):
        time.sleep(0.1)
        meanwhile.extend(each.table for each in others)
        return cloud(table)

    monkeypatch.setattr(scatter, "cloud", slow)
    tab.snapshot = look(engine, Snapshot())
    becomes(lambda: all(each.shown is not None for each in others))
    assert meanwhile == [None] * len(others)
    assert tab.scatter.shown is tab.feed.table

    def broken(table):
        raise ZeroDivisionError("no such luck")

    monkeypatch.setattr(scatter, "cloud", broken)
    fill_hunt(engine.workspace, generations=1)
    tab.snapshot = look(engine, tab.snapshot)
    becomes(lambda: tab.evolution.shown is not None and tab.evolution.shown.hunt_id != hunt)
    assert "ZeroDivisionError: no such luck. Report this." in tab.scatter._words.object
    tab.close()
    engine.close()


def test_a_ledger_that_cannot_be_read_says_why(tmp_path):
    workspace = Workspace.open(tmp_path)
    hunt = fill_hunt(workspace, generations=1)
    engine = Engine(workspace)
    seen = look(engine, Snapshot())
    assert seen.shown.hunt_id == hunt
    workspace.ledger_path.write_bytes(b"no ledger at all, but long enough to be looked at")
    tab = HuntTab(engine, Selection(), NoLoop(), snapshot=seen)
    becomes(lambda: tab.feed.problem)
    assert tab._problem.visible
    assert "simulation_ledger" in tab._problem.object
    tab.close()
    engine.close()


def test_the_menus_begin_as_a_link_says_and_tell_what_is_chosen(tmp_path):
    workspace = Workspace.open(tmp_path)
    fill_hunt(workspace, generations=1)
    engine = Engine(workspace)
    words = {"figure": "n_peaks", "parameter": "param_alpha", "evolution": SSE.key}
    choices = Choices(words=words)
    tab = HuntTab(engine, Selection(), NoLoop(), choices, snapshot=look(engine, Snapshot()))
    becomes(lambda: tab.parameter._figure.object is not None)
    assert tab.parameter._figure.object.xaxis.axis_label == "α"
    assert tab.parameter._figure.object.yaxis.axis_label == "Peaks"
    assert tab.evolution.metric.value is SSE
    assert choices.words == words
    tab.importance.metric.value = SSE
    tab.parameter.metric.value = FITNESS
    assert choices.words == {
        "parameter": "param_alpha",
        "evolution": SSE.key,
        "importance": SSE.key,
    }
    tab.parameter.key.value = next(iter(tab.parameter.key.options.values()))
    assert choices.words == {"evolution": SSE.key, "importance": SSE.key}
    tab.close()
    engine.close()

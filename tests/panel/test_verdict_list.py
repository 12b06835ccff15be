"""The list of verdicts on the page is the one in the provenance."""

import html
import re

import pytest

from engine.hunt.command import run
from engine.store.provenance import read_provenance
from engine.store.workspace import Workspace
from irer_panel.background import NoLoop
from irer_panel.selection import Selection
from irer_panel.views.verdicts import VerdictList, verdicts_html


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    workspace = Workspace.open(tmp_path_factory.mktemp("audited"))
    config = {"N_grid": 32, "domain_length": 64.0, "T_steps": 60}
    name = run(config, str(workspace.root))["config_hash"]
    return workspace, name, read_provenance(workspace.provenance_path(name))


def test_every_line_of_the_provenance_is_shown_with_its_mark_and_words(audited):
    _, name, provenance = audited
    text = verdicts_html(name, provenance)
    rows = re.findall(r'<tr data-verdict="(\w+)"><td class="mark (\w+)"', text)
    kinds = {True: "yes", False: "no", None: "open"}
    lines = provenance["verdicts"]
    assert rows == [(line["name"], kinds[line["passed"]]) for line in lines]
    assert all(html.escape(line["meaning"]) in text for line in lines)


def test_a_threshold_is_written_like_the_figure_beside_it():
    line = {"name": "evolution", "passed": True, "figure": 6.1e-7, "threshold": "≤ 7.9e-05"}
    text = verdicts_html("a" * 40, {"verdicts": [{**line, "meaning": ""}]})
    assert '<td class="figure">6.1e-7</td><td class="asked">≤ 7.9e-5</td>' in text


def test_the_selected_runs_list_is_read_and_a_missing_one_says_why(audited):
    workspace, name, provenance = audited
    selection = Selection()
    view = VerdictList(workspace, selection, NoLoop())
    selection.pick(name)
    wait_for(view, verdicts_html(name, provenance))
    selection.pick("f" * 40)
    wait_for(view, "expected a provenance report")
    view.close()


def wait_for(view, words):
    import time

    until = time.monotonic() + 10
    while words not in view._pane.object:
        assert time.monotonic() < until, view._pane.object
        time.sleep(0.02)


def test_without_a_run_it_says_so():
    assert "No run selected" in verdicts_html("", None)


def test_nothing_from_a_file_becomes_markup():
    line = {"name": "<b>", "passed": None, "figure": None, "threshold": "<i>", "meaning": "<u>"}
    text = verdicts_html("a" * 40, {"verdicts": [line]})
    assert not re.search(r"<[biu]>", text)

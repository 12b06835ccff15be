"""The Analyses tab: controls from the manifest, outputs as tables, plots and pictures."""

import json
import shutil
from pathlib import Path

import numpy as np
import panel_material_ui as pmui
import pytest
from audited_hunt import becomes, hunted
from plugged_in import plug_in

from engine.layer2.discovery import find_component
from engine.layer2.limits import Limits
from engine.layer2.manifest import FILE_NAME as MANIFEST_NAME
from engine.layer2.orchestrator import analyze
from engine.layer2.trust import trust
from irer_panel.analyses import Made, Table, _content
from irer_panel.analyses_html import numbers_of, output_html
from irer_panel.background import NoLoop
from irer_panel.choices import wanted_choices
from irer_panel.selection import Selection
from irer_panel.snapshot import Snapshot, look
from irer_panel.views.analyses_tab import AnalysesTab, _figure

LIMITS = Limits(seconds=60)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    engine = hunted(tmp_path_factory.mktemp("analyses"), num_generations=1, population_size=2)
    plug_in(engine.workspace, "profile")
    plug_in(engine.workspace, "stranger", trusted=False)
    (engine.workspace.root / "components" / "broken").mkdir()
    yield engine
    engine.close()


@pytest.fixture
def tab(engine):
    selection = Selection(run=engine.reader.runs()[0]["config_hash"])
    tab = AnalysesTab(engine, selection, NoLoop(), snapshot=look(engine, Snapshot()))
    becomes(lambda: "Profile" in tab.component.options)
    becomes(lambda: tab._asked)
    tab.component.value = "profile"
    assert len(tab.fields.fields) == 4
    yield tab
    tab.close()


def analyzed(tab):
    """Press the button, and wait until it is over."""
    before = tab._analyst.finished
    tab._take()
    becomes(lambda: tab._analyst.finished > before)
    tab._update()


def looks(tab, engine):
    """Show what there is now; a page has one loop, here threads may pass each other."""
    tab.snapshot = look(engine, tab.snapshot)
    becomes(lambda: not tab._offered._running and not tab._reads._running)
    tab._update()


def texts(tab):
    return [column[0].object for column in tab._outputs]


def test_controls_are_made_of_the_manifest(tab):
    assert {name: type(f).__name__ for name, f in tab.fields.fields.items()} == {
        "row": "TextInput", "scale": "TextInput", "mirror": "Checkbox", "word": "TextInput",
    }  # fmt: skip
    assert tab.fields.values() == {"row": 3, "scale": 0.5, "mirror": False, "word": "a"}
    assert not tab.run.disabled
    assert "A row of ρ &lt;b&gt;in numbers&lt;/b&gt;." in tab._words.object


def test_what_is_typed_wrong_is_said_at_its_field_and_runs_nothing(tab):
    tab.fields.fields["row"].value = "32"
    assert tab.fields.fields["row"].error_state
    assert "at most 31" in tab.fields.fields["row"].helper_text
    before = tab._analyst.finished
    tab._take()
    assert not tab._analyst.task.component
    assert tab._analyst.finished == before
    tab.fields.fields["row"].value = "31"
    assert not tab.fields.fields["row"].error_state


def test_outputs_are_shown_as_what_they_are_and_escaped(tab, engine):
    tab.fields.fields["row"].value = "5"
    tab.fields.fields["mirror"].value = True
    tab.fields.fields["word"].value = "<img src=x>"
    analyzed(tab)
    becomes(lambda: len(texts(tab)) == 3)
    figures, profile, picture = texts(tab)
    assert "<td>row</td><td>5</td>" in figures
    assert "<td>mirror</td><td>true</td>" in figures
    assert "<td>&lt;script&gt;</td><td>&lt;img src=x&gt;</td>" in figures
    assert "<td>deep.x</td><td>1, –</td>" in figures
    assert "<th>cell</th><th>rho</th><th>name</th>" in profile
    assert 'alt="picture" src="data:image/png;base64,' in picture
    [drawn_in] = tab._outputs[1][1].object.children
    drawn = drawn_in.renderers
    with engine_artifact(engine, tab.subject) as artifact:
        wanted = artifact.read("final_rho")[5].astype(float) * 0.5
    assert len(drawn) == 2, "dots, and a line through them, for the cells ascend"
    np.testing.assert_allclose(drawn[0].data_source.data["y"], wanted)
    assert "row = 5" in tab._report.object
    assert 'class="small"' in picture, "four pixels are shown larger"
    assert "Below: 3 outputs of " in tab._words.object
    assert 'data-analysis="ok"' in tab._report.object


def engine_artifact(engine, run):
    from engine.store.artifact import open_artifact

    return open_artifact(engine.workspace.artifact_path(run), run)


def test_a_failure_is_named_and_what_was_there_of_another_run_is_not_shown(tab, engine):
    tab.fields.fields["word"].value = "crash"
    analyzed(tab)
    becomes(lambda: 'data-analysis="failed"' in tab._report.object)
    assert "RuntimeError: &lt;i&gt;as asked" in tab._report.object
    assert 'data-analysis="problem"' in tab._words.object
    assert texts(tab) == []
    tab._selection.pick(engine.reader.runs()[1]["config_hash"])
    becomes(lambda: tab._analysis is not None and tab._analysis.subject == tab.subject)
    becomes(lambda: "data-analysis" not in tab._report.object)
    assert "data-analysis" not in tab._words.object


def test_the_untrusted_and_the_broken_are_named_and_not_run(tab):
    assert "broken/component_manifest.json: got No such file" in tab._broken.object
    tab.component.value = "stranger"
    assert tab.run.disabled
    assert "`irer components trust stranger --workspace /" in tab._words.object
    tab._take()
    assert not tab._analyst.task.component
    assert "hpc_core" not in tab.component.options.values()


def test_what_another_process_made_is_shown_and_nothing_is_drawn_twice(tab, engine):
    subject = tab.subject
    analyze(
        engine.workspace, find_component(engine.workspace, "profile"), subject, {"row": 9}, LIMITS
    )
    before = tab._analyst.finished
    tab.snapshot = look(engine, tab.snapshot)
    becomes(lambda: "<td>row</td><td>9</td>" in "".join(texts(tab)))
    assert tab._analyst.finished == before
    becomes(lambda: len(texts(tab)) == 3)
    shown = list(tab._outputs)
    (engine.workspace.root / "analysis_reports" / "another.json").write_text("{}")
    analyzed(tab)  # the values of its fields, for the first time
    becomes(lambda: "<td>row</td><td>3</td>" in "".join(texts(tab)))
    tab.fields.fields["row"].value = "9"
    analyzed(tab)
    becomes(lambda: "<td>row</td><td>9</td>" in "".join(texts(tab)))
    shown = list(tab._outputs)
    asked = tab._asked
    tab.snapshot = look(engine, tab.snapshot)
    becomes(lambda: tab._asked != asked and not tab._reads._running)
    assert list(tab._outputs) == shown


def test_a_component_that_comes_is_trusted_or_goes_is_seen_and_the_choice_stays(tab, engine):
    folder = engine.workspace.root / "components"
    tab.fields.fields["row"].value = "11"
    plug_in(engine.workspace, "guest", trusted=False)
    looks(tab, engine)
    becomes(lambda: "guest" in tab.component.options.values())
    assert tab.component.value == "profile"
    assert tab.fields.fields["row"].value == "11"
    tab.component.value = "guest"
    assert tab.run.disabled
    trust(engine.workspace, find_component(engine.workspace, "guest"))
    looks(tab, engine)
    becomes(lambda: not tab.run.disabled)
    analyzed(tab)
    becomes(lambda: "Below: 3 outputs" in tab._words.object)
    assert "by other code" not in tab._words.object
    manifest = json.loads((folder / "guest" / MANIFEST_NAME).read_bytes())
    manifest["tunable_variables"] = manifest["tunable_variables"][:1]
    (folder / "guest" / MANIFEST_NAME).write_text(json.dumps(manifest))
    looks(tab, engine)
    becomes(lambda: list(tab.fields.fields) == ["row"])
    becomes(lambda: "by other code than it has now" in tab._words.object or tab.run.disabled)
    trust(engine.workspace, find_component(engine.workspace, "guest"))
    looks(tab, engine)
    becomes(lambda: "by other code than it has now" in tab._words.object)
    shutil.rmtree(folder / "guest")
    looks(tab, engine)
    becomes(lambda: "guest" not in tab.component.options.values())
    assert "component: got &#x27;guest&#x27;, expected one of" in tab._broken.object


def test_the_link_carries_the_component(engine):
    choices = wanted_choices({"component": "profile"})[0]
    selection = Selection(run=engine.reader.runs()[0]["config_hash"])
    tab = AnalysesTab(engine, selection, NoLoop(), choices, snapshot=look(engine, Snapshot()))
    becomes(lambda: tab.component.value == "profile")
    becomes(lambda: len(tab.fields.fields) == 4)
    assert choices.words == {"component": "profile"}
    tab.component.value = next(iter(tab.component.options.values()))
    assert choices.words == {}
    tab.component.value = "profile"
    assert choices.words == {"component": "profile"}
    tab.close()


def test_a_link_to_a_component_that_is_not_there_says_so(engine):
    choices = wanted_choices({"component": "nobody"})[0]
    tab = AnalysesTab(engine, Selection(), NoLoop(), choices, snapshot=look(engine, Snapshot()))
    becomes(lambda: tab.component.value)
    assert "component: got &#x27;nobody&#x27;, expected one of defects, " in tab._broken.object
    tab.close()
    choices, refused = wanted_choices({"component": "<b>"})
    assert choices.words == {}
    assert refused == ("component: got '<b>', expected a component's name; it was left out.",)


def test_components_that_call_themselves_alike_are_told_apart(tab, engine):
    folder = engine.workspace.root / "components"
    shutil.copytree(folder / "profile", folder / "profile2")
    tab.snapshot = look(engine, tab.snapshot)
    becomes(lambda: "profile2" in tab.component.options.values())
    assert {"Profile (profile)", "Profile (profile2)"} <= set(tab.component.options)
    assert tab.component.value == "profile"
    shutil.rmtree(folder / "profile2")


def test_each_output_can_be_taken_home(tab, engine):
    tab.fields.fields["row"].value = "8"
    analyzed(tab)
    becomes(lambda: "<td>row</td><td>8</td>" in "".join(texts(tab)))
    [button] = tab._outputs[0].select(pmui.FileDownload)
    assert button.label == "Download figures.json"
    assert json.loads(button.callback().read())["row"] == 8


def test_a_failure_is_not_told_beside_a_newer_success(tab, engine):
    tab.fields.fields["row"].value = "6"
    tab.fields.fields["word"].value = "crash"
    analyzed(tab)
    becomes(lambda: 'data-analysis="problem"' in tab._words.object)
    component = find_component(engine.workspace, "profile")
    analyze(engine.workspace, component, tab.subject, {"row": 6}, LIMITS)
    tab.snapshot = look(engine, tab.snapshot)
    becomes(lambda: "<td>row</td><td>6</td>" in "".join(texts(tab)))
    becomes(lambda: 'data-analysis="problem"' not in tab._words.object)
    assert 'data-analysis="ok"' in tab._report.object


def shown(tmp_path, text, kind="csv"):
    path = tmp_path / f"a.{kind}"
    path.write_text(text)
    return Made("a", f"path:{kind}", path, _content(f"path:{kind}", path))


def test_a_long_table_says_how_much_of_it_is_shown(tmp_path):
    assert "of 201 rows are shown" in output_html(shown(tmp_path, "a\n" + "1\n" * 201))
    assert "are shown" not in output_html(shown(tmp_path, "a\n" + "1\n" * 200))
    assert "of 5,000 rows" in output_html(shown(tmp_path, "a\n" + "1\n" * 5000))
    assert "first 200 of more than 5,000 rows" in output_html(shown(tmp_path, "a\n" + "1\n" * 9000))


def test_an_output_says_what_its_manifest_says_of_it(tmp_path):
    found = output_html(shown(tmp_path, "a\n1\n"), "Where ρ < 1.")
    assert "<h4>a</h4><p>Where ρ &lt; 1.</p>" in found
    assert "<p></p>" not in output_html(shown(tmp_path, "a\n1\n"))


def test_a_wide_table_takes_no_more_than_its_beginning(tmp_path):
    made = shown(tmp_path, ("1," * 999 + "x" * 9999 + "\n") * 3)
    assert {len(row) for row in made.content.rows} == {40}
    assert "The first 40 of 1,000 columns are shown." in output_html(made)
    names = ",".join("abcdefghij")
    assert list(numbers_of(shown(tmp_path, f"{names}\n{'1,' * 9}1\n").content.rows)) == [*"abcdef"]
    long = shown(tmp_path, f"a\n{'y' * 9999}\n")
    assert long.content.rows[1] == ["y" * 200]


def test_figures_without_end_are_cut(tmp_path):
    many = shown(tmp_path, json.dumps({str(n): n for n in range(10**5)}), "json")
    assert output_html(many).count("<tr>") == 200
    assert "The first 200 values are shown." in output_html(many)
    deep = output_html(shown(tmp_path, '{"a":' * 200 + '{"b": 1}' + "}" * 200, "json"))
    assert deep.count("<tr>") == 1
    assert "… (1)" in deep
    long = output_html(shown(tmp_path, json.dumps({"k" * 9999: "v" * 9999}), "json"))
    assert len(long) < 1500
    half = output_html(shown(tmp_path, '{"\\ud800": "\\udfff"}', "json"))
    assert half.encode()


def test_columns_have_figures_of_their_own_over_a_common_axis():
    rows = [["k", "power", "modes", "word"], ["0", "1e-3", "4", "a"], ["1", "2e-3", "250", "b"]]
    figures = _figure(Made("s", "path:csv", Path("s.csv"), Table(rows, 4, True))).children
    assert [each.yaxis.axis_label for each in figures] == ["power", "modes"]
    assert figures[0].x_range is figures[1].x_range


def test_columns_of_words_are_not_drawn():
    rows = [["t", "a", "b", "c"], ["0", "1e3", "x", ""], ["1", "", "2", ""]]
    found = numbers_of(rows)
    assert list(found) == ["t", "a"]
    assert found["a"][0] == 1000.0
    assert np.isnan(found["a"][1])
    assert numbers_of([["t"]]) == {}


def test_what_is_not_shown_is_named_by_its_file(tmp_path):
    text = output_html(Made("field", "path:h5", tmp_path / "<b>.h5"))
    assert f"{tmp_path}/&lt;b&gt;.h5" in text

"""A manifest is taken as it should be, or refused with the field that is wrong."""

import json

import jsonschema_rs
import pytest
from component_samples import MANIFEST, write_component

from engine.errors import SettingsError
from engine.layer2.manifest import SCHEMA, read_manifest
from engine.layer2.tunables import Tunable, argument, values_of

TUNABLE = MANIFEST["tunable_variables"][0]


def test_the_schema_is_one():
    jsonschema_rs.meta.validate(SCHEMA)


def test_a_sound_manifest_is_read(tmp_path):
    manifest = read_manifest(write_component(tmp_path, "squares", on_commit=True))
    assert (manifest.name, manifest.version, manifest.subject) == ("Sum of squares", "1.0", "run")
    assert manifest.inputs == ("artifact",)
    assert manifest.on_commit
    assert [each.file for each in manifest.outputs] == ["figures.json"]
    assert values_of(manifest.tunables, {}) == {"power": 2}


@pytest.mark.parametrize(
    ("inputs", "subject"),
    [
        (["artifact", "provenance", "job_uuid"], "run"),
        (["provenance"], "run"),
        (["final_ledger"], "hunt"),
        (["job_uuid"], "job"),
    ],
)
def test_its_inputs_say_what_it_works_on(tmp_path, inputs, subject):
    kinds = {"artifact": "path:h5", "provenance": "path:json", "final_ledger": "path:csv"}
    named = [{"name": name, "type": kinds.get(name, "string:uuid")} for name in inputs]
    assert read_manifest(write_component(tmp_path, "x", inputs=named)).subject == subject


def output(**changes):
    return [{"name": "a", "type": "path:json", "file": "a.json", **changes}]


WRONG = {
    "no name": ("name", {"name": None}),
    "no script": ("script_to_run", {"script_to_run": None}),
    "no tunables": ("tunable_variables", {"tunable_variables": None}),
    "stranger": ("colour", {"colour": "red"}),
    "version": ("version", {"version": 1}),
    "no input": ("inputs", {"inputs": []}),
    "unknown input": ("inputs[0].name", {"inputs": [{"name": "x", "type": "path:h5"}]}),
    "input type": ("inputs[0].type", {"inputs": [{"name": "artifact", "type": "path:csv"}]}),
    "two subjects": (
        "inputs",
        {"inputs": [*MANIFEST["inputs"], {"name": "final_ledger", "type": "path:csv"}]},
    ),
    "same input": ("inputs[1].name", {"inputs": MANIFEST["inputs"] * 2}),
    "output type": ("outputs[0].type", {"outputs": output(type="path:exe")}),
    "output elsewhere": ("outputs[0].file", {"outputs": output(file="../a.json")}),
    "output hidden": ("outputs[0].file", {"outputs": output(file=".a.json")}),
    "output's file twice": ("outputs[1].file", {"outputs": output() + output(name="b")}),
    "output takes the report": ("outputs[0].file", {"outputs": output(file="report.json")}),
    "output without file": (
        "outputs[0].file",
        {"outputs": [{"name": "a", "type": "path:json"}]},
    ),
    "script outside": ("script_to_run", {"script_to_run": "../main.py"}),
    "script absolute": ("script_to_run", {"script_to_run": "/bin/sh"}),
    "script missing": ("script_to_run", {"script_to_run": "other.py"}),
    "dependency": ("dependencies[0]", {"dependencies": ["not a requirement!"]}),
    "tunable type": (
        "tunable_variables[0].type",
        {"tunable_variables": [{**TUNABLE, "type": "x"}]},
    ),
    "tunable default": (
        "tunable_variables[0].default",
        {"tunable_variables": [{**TUNABLE, "default": 9}]},
    ),
    "tunable default's type": (
        "tunable_variables[0].default",
        {"tunable_variables": [{**TUNABLE, "default": "2"}]},
    ),
    "tunable bounds": (
        "tunable_variables[0].minimum",
        {"tunable_variables": [{**TUNABLE, "type": "string", "default": "a"}]},
    ),
    "tunable takes an input": (
        "tunable_variables[0].name",
        {"tunable_variables": [{**TUNABLE, "name": "artifact"}]},
    ),
    "tunable takes the output": (
        "tunable_variables[0].name",
        {"tunable_variables": [{**TUNABLE, "name": "output_dir"}]},
    ),
    "half a character": ("description", {"description": "a\ud800"}),
    "half a character in a name": ("outputs[0].\ud800", {"outputs": output(**{"\ud800": "x"})}),
    "misspelt": ("tunables", {"tunable_variables": None, "tunables": []}),
    "every hunt": (
        "on_commit",
        {"inputs": [{"name": "final_ledger", "type": "path:csv"}], "on_commit": True},
    ),
}


@pytest.mark.parametrize(("field", "changes"), WRONG.values(), ids=WRONG)
def test_a_wrong_field_is_named(tmp_path, field, changes):
    (tmp_path / "main.py").write_text("")
    with pytest.raises(SettingsError) as caught:
        read_manifest(write_component(tmp_path, "x", **changes))
    assert caught.value.field == field
    assert f"x/component_manifest.json: {field}: got " in str(caught.value)
    assert "\n" not in str(caught.value)


def test_all_that_the_schema_finds_is_named_at_once(tmp_path):
    outputs = [{"name": "a b", "type": "path:json", "file": "a.json"}]
    folder = write_component(tmp_path, "x", version="", outputs=outputs, depend=[], inputs=None)
    with pytest.raises(SettingsError) as caught:
        read_manifest(folder)
    told = str(caught.value).split("; ")
    fields = [each.removeprefix("x/component_manifest.json: ").split(":")[0] for each in told]
    assert fields == ["depend", "inputs", "outputs[0].name", "version", "correct the manifest."]
    assert caught.value.field == "depend"


def test_of_very_many_faults_the_first_are_named(tmp_path):
    folder = write_component(tmp_path, "x", **{f"odd_{i}": 1 for i in range(20)})
    with pytest.raises(SettingsError, match=r"odd_7: got an unknown field.* \(and 12 more\); "):
        read_manifest(folder)


def test_a_script_that_a_link_leads_out_of_its_folder_is_refused(tmp_path):
    folder = write_component(tmp_path, "x")
    (tmp_path / "elsewhere.py").write_text("")
    (folder / "main.py").unlink()
    (folder / "main.py").symlink_to(tmp_path / "elsewhere.py")
    with pytest.raises(SettingsError, match="a script inside its folder"):
        read_manifest(folder)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"name": NaN}',
        "[" * 100_000,
        '{"a": ' + "[" * 900 + "]" * 900 + "}",
        "\xff",
        " " * (2**20 + 1),
    ],
)
def test_what_is_no_manifest_is_refused_on_one_line(tmp_path, text):
    folder = write_component(tmp_path, "x")
    (folder / "component_manifest.json").write_text(text, encoding="latin-1")
    with pytest.raises(SettingsError, match=r"x/component_manifest\.json: got ") as caught:
        read_manifest(folder)
    assert "\n" not in str(caught.value)


def test_a_folder_without_a_manifest_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="No such file"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("int", [3, 3.0, -1], [3.5, True, "3", float("inf"), 10**400, None]),
        ("float", [3, 0.5], [float("nan"), False, "x", [1.0]]),
        ("bool", [True, False], [0, 1, "true"]),
        ("string", ["", "a b", "--x"], [3, "\0", "x" * 1001]),
        ("string:uuid", ["12345678-1234-5678-1234-567812345678"], ["x", 3]),
    ],
)
def test_a_value_is_of_its_type_or_refused(kind, good, bad):
    tunable = Tunable("speed", "Speed", kind, good[0])
    for value in good:
        assert tunable.checked(value) == value
    for value in bad:
        with pytest.raises(SettingsError, match=r"^speed: got .*expected") as caught:
            tunable.checked(value)
        assert caught.value.field == "speed"


def test_bounds_and_names_are_held():
    tunables = (Tunable("speed", "Speed", "float", 1.0, minimum=0.5, maximum=2.0),)
    assert values_of(tunables, {"speed": 2}) == {"speed": 2.0}
    for bad in (0.4, 2.1):
        with pytest.raises(SettingsError, match=r"at least 0\.5, at most 2"):
            values_of(tunables, {"speed": bad})
    with pytest.raises(SettingsError, match="spede: got a value for it, expected one of speed"):
        values_of(tunables, {"spede": 1.0})


def test_values_become_arguments_that_read_back():
    assert [argument(value) for value in (True, False, 3, "a b")] == ["true", "false", "3", "a b"]
    assert float(argument(0.1 + 0.2)) == 0.1 + 0.2
    assert json.loads(argument(1e-300)) == 1e-300

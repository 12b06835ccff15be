"""One folder that is wrong, in whatever way, is named with its reason and hides no other."""

import os
import sys

import pytest
from component_samples import MANIFEST, write_component

from engine.errors import SettingsError
from engine.layer2 import tree
from engine.layer2.command import components
from engine.layer2.discovery import ENTRY_POINTS, find_component, find_components
from engine.layer2.on_commit import OnCommit
from engine.layer2.trust import MAX_DEPTH, checksum, trust
from engine.layer2.tunables import Tunable
from engine.store.workspace import Workspace
from irer_panel.analyses import read_offers

TUNABLE = MANIFEST["tunable_variables"][0]
WORD = {"name": "word", "label": "Word", "type": "string", "default": "a"}

WRONG = {
    "NUL in the script": ("script_to_run", {"script_to_run": "a\0b"}),
    "half a character in the script": ("script_to_run", {"script_to_run": "\ud800.py"}),
    "a byte in the script": ("script_to_run", {"script_to_run": "\udc80.py"}),
    "a link in a circle": ("script_to_run", {"script_to_run": "circle"}),
    "half a character in the name": ("name", {"name": "\ud800"}),
    "half a character in a default": (
        "tunable_variables[0].default", {"tunable_variables": [{**WORD, "default": "\ud800"}]},
    ),
    "an endless bound": (
        "tunable_variables[0].minimum", {"tunable_variables": [{**TUNABLE, "minimum": -(10**400)}]},
    ),
    "another": (
        "tunable_variables[0].maximum", {"tunable_variables": [{**TUNABLE, "maximum": 10**400}]},
    ),
    "an unknown field": ("\\ud800", {"\ud800": 1}),
}  # fmt: skip


@pytest.fixture
def workspace(tmp_path):
    return Workspace.open(tmp_path / "workspace")


@pytest.mark.parametrize(("field", "changes"), WRONG.values(), ids=WRONG)
def test_a_bad_manifest_hides_no_other(workspace, field, changes):
    root = workspace.root / "components"
    write_component(root, "squares")
    folder = write_component(root, "bad", **changes)
    (folder / "circle").symlink_to("circle")
    found = find_components(workspace)
    assert {"squares", "tda"} <= set(found.components)
    assert f"bad/component_manifest.json: {field}: got " in found.broken["bad"]
    assert found.broken["bad"].encode()  # can be shown
    with pytest.raises(SettingsError, match="component_manifest"):
        find_component(workspace, "bad")


def test_a_name_of_bytes_is_shown(workspace):
    root = workspace.root / "components"
    write_component(root, "squares")
    os.mkdir(os.fsencode(root) + b"/\xff")
    found = find_components(workspace)
    assert "squares" in found.components
    assert "\\udcff" in found.broken["\\udcff"]


@pytest.fixture
def announced(tmp_path, monkeypatch):
    """Announce components, each a name and the value of its entry point."""

    def announced_(distribution="planted", **points):
        root = tmp_path / "site"
        write_component(root / "planted_package", "waves")
        (root / "planted_module.py").write_text("raise SystemExit('imported')\n")
        info = root / f"{distribution}-2.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 2.0\n"
        )
        lines = "".join(f"{name} = {value}\n" for name, value in points.items())
        (info / "entry_points.txt").write_text(f"[{ENTRY_POINTS}]\n{lines}")
        monkeypatch.syspath_prepend(root)
        return root

    return announced_


@pytest.mark.parametrize(
    "value",
    ["__main__", "__main__.x", "nowhere_at_all.x", "planted_module", "planted_package./etc", ".x"],
)
def test_an_entry_point_that_names_no_package_is_told(
    workspace, announced, value, tmp_path, monkeypatch
):
    announced(waves="planted_package.waves", lost=value)
    write_component(tmp_path / "nowhere_at_all", "x")  # not a folder of here instead
    monkeypatch.chdir(tmp_path)
    found = find_components(workspace)
    assert "waves" in found.components
    assert "lost" not in found.components
    assert f"lost: got {value!r}, expected" in found.broken["lost"]
    assert "planted_module" not in sys.modules


@pytest.mark.parametrize("distribution", ["package", "workspace"])
def test_a_distribution_that_calls_itself_the_engine_is_not_trusted(
    workspace, announced, distribution
):
    announced(distribution, waves="planted_package.waves")
    component = find_component(workspace, "waves")
    assert not component.ships
    assert "waves" in read_offers(workspace).untrusted


def vanished(folder):
    (folder / "gone").symlink_to("nowhere")


def locked(folder):
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    (folder / "secret").write_text("x")
    (folder / "secret").chmod(0)


def deep(folder):
    here = os.open(folder, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)


@pytest.mark.parametrize("spoil", [vanished, locked, deep])
def test_a_folder_that_cannot_be_read_is_named_and_the_rest_is_offered(workspace, spoil, request):
    root = workspace.root / "components"
    write_component(root, "squares")
    folder = write_component(root, "spoiled", on_commit=True)
    trust(workspace, find_component(workspace, "spoiled"))
    trust(workspace, find_component(workspace, "squares"))
    spoil(folder)
    request.addfinalizer(lambda: tree.remove(folder))  # pytest could not
    with pytest.raises(SettingsError, match="spoiled"):
        checksum(folder)
    offers = read_offers(workspace)
    assert "squares" in {each.name for each in offers.components}
    assert any("spoiled" in each for each in offers.broken)
    listed = components("list", None, str(workspace.root))
    assert "squares" in listed["components"]
    assert "spoiled" in listed["broken"]
    follower = OnCommit(workspace)
    try:
        assert follower._wanted() == []
    finally:
        follower.close()


def test_a_file_that_goes_while_it_is_read_is_told(workspace, monkeypatch):
    """The one thing here that no real file does on demand."""
    folder = write_component(workspace.root / "components", "squares")
    real = type(folder).read_bytes
    monkeypatch.setattr(
        type(folder), "read_bytes", lambda path: real(path.with_name("gone-" + path.name))
    )
    with pytest.raises(SettingsError, match=r"squares/.*: got No such file .*expected"):
        checksum(folder)


def test_folders_may_lie_in_folders_up_to_a_depth(workspace):
    folder = write_component(workspace.root / "components", "squares")
    (folder / "/".join("d" * MAX_DEPTH)).mkdir(parents=True)
    assert checksum(folder)
    (folder / "/".join("d" * (MAX_DEPTH + 1))).mkdir(parents=True)
    with pytest.raises(SettingsError, match=f"folders deeper than {MAX_DEPTH}"):
        checksum(folder)


def test_a_text_that_no_process_can_be_given_is_refused():
    for bad in ("\ud800", "a\udc80", "\0"):
        with pytest.raises(SettingsError, match=r"^word: got .*expected text"):
            Tunable("word", "Word", "string", "a").checked(bad)

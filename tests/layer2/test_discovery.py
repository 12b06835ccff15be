"""Components are found in three places; nothing of theirs runs by being looked at."""

import shutil
import sys

import pytest
from component_samples import write_component

from engine.errors import SettingsError
from engine.layer2 import discovery
from engine.layer2.discovery import ENTRY_POINTS, find_component, find_components
from engine.store.workspace import Workspace


@pytest.fixture
def workspace(tmp_path):
    return Workspace.open(tmp_path / "workspace")


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """A folder whose packages can be imported, with one that announces a component."""
    root = tmp_path / "site"
    write_component(root / "planted_package", "waves")
    for name in ("planted_package", "planted_package/waves"):
        (root / name / "__init__.py").write_text("raise SystemExit('imported')\n")
    info = root / "planted_package-2.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: planted-package\nVersion: 2.0\n")
    (info / "entry_points.txt").write_text(
        f"[{ENTRY_POINTS}]\nwaves = planted_package.waves\nlost = nowhere_at_all.x\n"
    )
    monkeypatch.syspath_prepend(root)
    return root


def test_a_workspace_has_its_own_by_the_names_of_their_folders(workspace):
    write_component(workspace.root / "components", "squares")
    (workspace.root / "components" / "README.txt").write_text("no folder, no component")
    component = find_component(workspace, "squares")
    assert (component.name, component.origin, component.ships) == ("squares", "workspace", False)


def test_a_package_adds_one_and_is_not_imported(workspace, packages):
    found = find_components(workspace)
    component = found.components["waves"]
    assert component.origin == "planted-package"
    assert component.folder == packages / "planted_package" / "waves"
    assert "in a package that is installed" in found.broken["lost"]
    assert not {name for name in sys.modules if name.startswith("planted_package")}


def test_what_is_installed_or_removed_later_is_noticed(workspace, packages):
    assert find_component(workspace, "waves").origin == "planted-package"
    other = packages / "other_package-1.0.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: other-package\nVersion: 1.0\n")
    (other / "entry_points.txt").write_text(f"[{ENTRY_POINTS}]\nripples = planted_package.waves\n")
    assert find_component(workspace, "ripples").origin == "other-package"
    shutil.rmtree(other)
    with pytest.raises(SettingsError, match="got 'ripples', expected one of"):
        find_component(workspace, "ripples")


def test_a_broken_one_is_named_and_hides_no_other(workspace):
    root = workspace.root / "components"
    write_component(root, "squares")
    write_component(root, "bad", version=None)
    write_component(root, "significance")
    write_component(root, "job", inputs=[{"name": "job_uuid", "type": "string:uuid"}])
    found = find_components(workspace)
    assert "squares" in found.components
    assert "bad/component_manifest.json: version: got nothing" in found.broken["bad"]
    assert "none of hunt" in found.broken["significance"]
    assert "only what ships" in found.broken["job"]
    with pytest.raises(SettingsError, match="version: got nothing"):
        find_component(workspace, "bad")


def test_a_name_that_ships_is_not_taken_over(workspace, tmp_path, monkeypatch):
    shipped = write_component(tmp_path / "shipped", "squares").parent
    monkeypatch.setattr(discovery, "SHIPPED", shipped)
    write_component(workspace.root / "components", "squares", description="Other.")
    found = find_components(workspace)
    assert found.components["squares"].ships
    assert "rename it" in found.broken["squares (workspace)"]


def test_an_unknown_name_is_answered_with_all_names(workspace):
    write_component(workspace.root / "components", "squares")
    with pytest.raises(SettingsError, match=r"got 'cubes', expected one of .*squares; `irer comp"):
        find_component(workspace, "cubes")

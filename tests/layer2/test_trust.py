"""No code of others runs before somebody trusts it, nor after it has changed."""

import json

import pytest
from component_samples import write_component

from engine.errors import SettingsError, WorkspaceError
from engine.layer2.discovery import find_component
from engine.layer2.limits import Limits
from engine.layer2.orchestrator import analyze
from engine.layer2.trust import FILE_NAME, checksum, is_trusted, trust

LIMITS = Limits(seconds=60)


@pytest.fixture
def folder(place):
    folder = write_component(place.root / "components", "squares")
    (folder / "sub").mkdir()
    (folder / "sub" / "helper.py").write_text("x = 1\n")
    return folder


def change_script(folder):
    (folder / "main.py").write_text((folder / "main.py").read_text() + "\n")


def add_file(folder):
    (folder / "new.py").write_text("")


def change_helper(folder):
    (folder / "sub" / "helper.py").write_text("x = 2\n")


def rename_helper(folder):
    (folder / "sub" / "helper.py").rename(folder / "sub" / "other.py")


def change_manifest(folder):
    path = folder / "component_manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": "1.1"}))


def add_cache(folder):
    (folder / "sub" / "__pycache__").mkdir()
    (folder / "sub" / "__pycache__" / "helper.cpython-311.pyc").write_bytes(b"")


CHANGES = (change_script, add_file, change_helper, rename_helper, change_manifest, add_cache)


def test_nothing_runs_before_it_is_trusted(place, run_id, folder):
    component = find_component(place, "squares")
    assert not is_trusted(place, component)
    with pytest.raises(
        SettingsError, match=r"nobody trusted.*`irer components trust squares --workspace /"
    ):
        analyze(place, component, run_id, {}, LIMITS)
    assert not list((place.root / "analysis_reports").iterdir())
    trust(place, component)
    assert is_trusted(place, component)
    assert analyze(place, component, run_id, {}, LIMITS)[0]["status"] == "ok"


@pytest.mark.parametrize("change", CHANGES)
def test_what_has_changed_is_asked_about_again(place, run_id, folder, change):
    trust(place, find_component(place, "squares"))
    change(folder)
    component = find_component(place, "squares")
    assert not is_trusted(place, component)
    with pytest.raises(SettingsError, match="files changed since the trust"):
        analyze(place, component, run_id, {}, LIMITS)
    trust(place, component)
    assert is_trusted(place, component)


def test_trust_of_one_is_not_trust_of_another(place, folder):
    trust(place, find_component(place, "squares"))
    write_component(place.root / "components", "cubes")
    assert not is_trusted(place, find_component(place, "cubes"))


@pytest.mark.parametrize("target", ["/etc/passwd", "main.py", "sub"])
def test_a_link_in_it_is_refused(place, folder, target):
    (folder / "link").symlink_to(target)
    with pytest.raises(SettingsError, match="squares/link: got a link or a device"):
        trust(place, find_component(place, "squares"))
    assert not (place.root / FILE_NAME).exists()


def test_a_folder_that_is_no_code_is_refused(folder, monkeypatch):
    with (folder / "data.bin").open("wb") as stream:
        stream.truncate(65 * 2**20)
    with pytest.raises(SettingsError, match="keep data elsewhere"):
        checksum(folder)


def test_what_ships_is_trusted_with_the_engine(place, tmp_path, monkeypatch):
    from engine.layer2 import discovery

    shipped = write_component(tmp_path / "shipped", "squares").parent
    monkeypatch.setattr(discovery, "SHIPPED", shipped)
    component = find_component(place, "squares")
    assert is_trusted(place, component)
    trust(place, component)
    assert not (place.root / FILE_NAME).exists()


def test_a_list_of_the_trusted_that_cannot_be_read_trusts_nobody(place, folder):
    (place.root / FILE_NAME).write_text("{")
    with pytest.raises(WorkspaceError, match="expected the list of trusted components"):
        is_trusted(place, find_component(place, "squares"))

"""File systems that are full, several, without hard links, or with something in the way."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from crate_samples import made_hunt
from test_crate_killed import all_of, crate  # noqa: F401  (a fixture)

from engine.errors import SettingsError, WorkspaceError
from engine.hunt.crate_import import import_crate
from engine.store.workspace import Workspace

ROOT = Path(__file__).parents[2]


@pytest.fixture
def place(tmp_path):
    return Workspace.open(tmp_path / "new")


def irer(*arguments, before=()):
    """A command of ours in a process of its own."""
    command = [*before, sys.executable, "-m", "engine.cli", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_folder_on_another_disk_is_named_before_a_file_has_its_name(crate, place, make_disk):  # noqa: F811
    folder = place.root / "provenance_reports"
    folder.rmdir()
    folder.symlink_to(make_disk("1m"))
    before = all_of(place)
    with pytest.raises(WorkspaceError, match="on another disk than"):
        import_crate(crate, place)
    assert all_of(place) == before


def test_what_only_looks_like_an_import_that_was_killed_stays(crate, place):  # noqa: F811
    mine = place.root / ".import-x"
    mine.write_text("mine")
    folder = place.root / ".import-a_folder_of_mine"
    folder.mkdir()
    left = place.root / ".import-abcd1234"
    left.mkdir()
    assert import_crate(crate, place)["runs"] == 3
    assert (mine.read_text(), folder.is_dir(), left.exists()) == ("mine", True, False)


def test_a_disk_that_is_full_is_said_and_not_the_crate_s_fault(crate, place, tmp_path):  # noqa: F811
    """No file may be longer than 1 kB: as on a full disk, the write itself fails."""
    limited = ["bash", "-c", 'trap "" XFSZ; ulimit -f 1; exec "$@"', "limited"]
    before = all_of(place)
    done = irer("import", crate, "--workspace", place.root, before=limited)
    assert done.returncode != 0
    assert "free disk space" in done.stderr
    assert "ask for it again" not in done.stderr
    assert "Traceback" not in done.stderr
    assert all_of(place) == before


@pytest.mark.parametrize(
    ("name", "words"), [("nothing.zip", "No such file"), (".", "Is a directory")]
)
def test_a_crate_that_cannot_be_opened_is_said(name, words, place, tmp_path):
    with pytest.raises(SettingsError, match=f"{words}.*check its name and its permissions"):
        import_crate(tmp_path / name, place)


@pytest.mark.strace
def test_without_hard_links_a_hunt_goes_out_and_comes_in(tmp_path):
    if shutil.which("strace") is None:
        pytest.skip("to refuse hard links needs strace, which is not installed")
    refused = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=link,linkat:error=EPERM"]
    made, hunt_id = made_hunt(tmp_path / "made")
    path = tmp_path / "hunt.zip"
    export = ["export", hunt_id, "--to", "ro-crate", "--output", path, "--workspace", made.root]
    done = irer(*export, before=refused)
    assert done.returncode == 0, done.stderr
    done = irer("import", path, "--workspace", tmp_path / "new", before=refused)
    assert done.returncode == 0, done.stderr
    whole, here = Workspace.open(tmp_path / "whole"), Workspace(tmp_path / "new")
    import_crate(path, whole)
    assert all_of(here) == all_of(whole)
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []

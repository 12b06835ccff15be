import os
import signal
from pathlib import Path

import pytest

from engine.errors import WorkspaceError
from engine.store.workspace import (
    FOLDERS,
    Workspace,
    atomic_write,
    atomic_write_bytes,
)

ID = "0123456789abcdef0123456789abcdef01234567"


def files_below(folder):
    return sorted(path.name for path in Path(folder).rglob("*") if path.is_file())


def write_half(path, error):
    with atomic_write(path) as temporary:
        temporary.write_bytes(b"half of what")
        raise error


def test_opening_creates_the_folders_and_leaves_no_file(tmp_path):
    workspace = Workspace.open(tmp_path / "deep" / "workspace")
    assert sorted(p.name for p in workspace.root.iterdir()) == sorted(FOLDERS)
    assert files_below(workspace.root) == []


def test_opening_again_keeps_every_file(workspace):
    workspace.artifact_path(ID).write_bytes(b"a result")
    Workspace.open(workspace.root)
    assert workspace.artifact_path(ID).read_bytes() == b"a result"


def test_the_root_is_the_argument_then_the_variable_then_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("IRER_WORKSPACE", raising=False)
    assert Workspace.open(None).root == tmp_path / "irer_workspace"
    monkeypatch.setenv("IRER_WORKSPACE", str(tmp_path / "by-variable"))
    assert Workspace.open(None).root == tmp_path / "by-variable"
    assert Workspace.open("by-argument").root == tmp_path / "by-argument"


def test_a_file_in_the_way_is_named(tmp_path):
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(WorkspaceError, match=r"taken: File exists, expected .*--workspace"):
        Workspace.open(tmp_path / "taken")
    assert (tmp_path / "taken").read_text() == "mine"


def test_a_workspace_that_cannot_be_written_is_refused(tmp_path):
    if os.geteuid() == 0:  # root may write where the mode forbids it, but not here
        forbidden = Path("/proc/self/workspace")
    else:
        tmp_path.chmod(0o500)
        forbidden = tmp_path / "workspace"
    with pytest.raises(WorkspaceError, match=r"workspace: .*, expected a folder that can be"):
        Workspace.open(forbidden)
    tmp_path.chmod(0o700)


@pytest.mark.parametrize(
    "wrong", ["", "../../etc/passwd", ID[:-1], ID + "0", ID.upper(), ID + "\n", f"/{ID[1:]}", None]
)
def test_what_is_not_an_id_never_becomes_a_path(workspace, wrong):
    for path_of in (workspace.config_path, workspace.artifact_path, workspace.provenance_path):
        with pytest.raises(WorkspaceError, match="expected 40 hex digits"):
            path_of(wrong)
    with pytest.raises(WorkspaceError):
        workspace.analysis_path("tda", wrong)


@pytest.mark.parametrize("wrong", ["", "..", "a/b", "../x", "-x", "a b", "x" * 65])
def test_a_component_name_never_leaves_its_folder(workspace, wrong):
    with pytest.raises(WorkspaceError, match="component"):
        workspace.analysis_path(wrong, ID)
    assert workspace.analysis_path("gr_benchmark", ID).parent.name == "analysis_reports"


def test_file_names_are_those_of_the_design(workspace):
    below = {
        str(path.relative_to(workspace.root))
        for path in (
            workspace.config_path(ID),
            workspace.artifact_path(ID),
            workspace.provenance_path(ID),
            workspace.analysis_path("tda", ID),
            workspace.ledger_path,
            workspace.ledger_csv_path,
            workspace.status_path,
            workspace.hub_log_path,
            workspace.hunt_log_path,
        )
    }
    assert below == {
        f"input_configs/config_{ID}.json",
        f"simulation_data/rho_history_{ID}.h5",
        f"provenance_reports/provenance_{ID}.json",
        f"analysis_reports/tda_{ID}.json",
        "simulation_ledger.sqlite",
        "simulation_ledger.csv",
        "status.json",
        "logs/control_hub.log",
        "logs/core_engine_hunt.log",
    }


def test_too_little_space_is_said_before_the_work_begins(workspace):
    assert workspace.free_bytes() > 0
    workspace.require_free(1, "one byte")
    with pytest.raises(WorkspaceError, match=r"free, expected 1000000\.00 GB for 12 runs; free"):
        workspace.require_free(10**15, "12 runs")


def test_the_data_are_on_the_disk_before_the_name_and_the_name_before_the_return(
    tmp_path, monkeypatch
):
    steps = []
    fsync, replace = os.fsync, os.replace

    def seen_fsync(descriptor):
        target = os.readlink(f"/proc/self/fd/{descriptor}")
        steps.append("fsync directory" if os.path.isdir(target) else "fsync file")
        fsync(descriptor)

    def seen_replace(source, target, **keywords):
        steps.append("rename")
        replace(source, target, **keywords)

    monkeypatch.setattr(os, "fsync", seen_fsync)
    monkeypatch.setattr(os, "replace", seen_replace)
    atomic_write_bytes(tmp_path / "file", b"data")
    assert steps == ["fsync file", "rename", "fsync directory"]


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "file"
    atomic_write_bytes(path, b"long first contents")
    atomic_write_bytes(path, b"short")
    assert path.read_bytes() == b"short"
    assert files_below(tmp_path) == ["file"]


def test_an_error_while_writing_leaves_what_was_there(tmp_path):
    path = tmp_path / "file"
    atomic_write_bytes(path, b"before")
    with pytest.raises(ZeroDivisionError):
        write_half(path, ZeroDivisionError)
    assert path.read_bytes() == b"before"
    assert files_below(tmp_path) == ["file"]


def test_an_interrupt_while_writing_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        write_half(tmp_path / "file", KeyboardInterrupt)
    assert files_below(tmp_path) == []


def test_a_missing_folder_is_a_workspace_error(tmp_path):
    with pytest.raises(WorkspaceError, match="No such file or directory, expected a folder"):
        atomic_write_bytes(tmp_path / "gone" / "file", b"data")


def test_a_folder_under_the_final_name_stays(tmp_path):
    (tmp_path / "file" / "inner").mkdir(parents=True)
    with pytest.raises(WorkspaceError, match="move what is in the way"):
        atomic_write_bytes(tmp_path / "file", b"data")
    assert (tmp_path / "file" / "inner").is_dir()
    assert files_below(tmp_path) == []


HALF_WRITTEN = """
import sys
from pathlib import Path
from engine.store.workspace import atomic_write
with atomic_write(Path(sys.argv[1])) as temporary, temporary.open("r+b") as stream:
    stream.write(b"x" * 100_000)
    stream.flush()
    print("half", flush=True)
    sys.stdin.read()
"""


def test_a_killed_writer_leaves_no_torn_file_and_its_traces_can_be_swept(workspace, start_python):
    path = workspace.artifact_path(ID)
    path.write_bytes(b"what was there")
    writer = start_python(HALF_WRITTEN, path)
    assert writer.stdout.readline() == "half\n"
    assert workspace.sweep_temporaries() == [], "the writer is alive"
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    assert path.read_bytes() == b"what was there"
    assert len(files_below(workspace.root)) == 2
    assert len(workspace.sweep_temporaries()) == 1
    assert files_below(workspace.root) == [path.name]


def test_a_sweep_removes_nothing_that_is_not_a_temporary_file(workspace):
    kept = [workspace.artifact_path(ID), workspace.ledger_path, workspace.root / "notes.tmp"]
    kept += [workspace.root / ".hidden", workspace.root / "simulation_data" / ".x.tmp"]
    for path in kept:
        path.write_bytes(b"a result")
    outside = workspace.root.parent / "outside"
    outside.write_bytes(b"not ours")
    (workspace.root / ".link.0123abcd.tmp").symlink_to(outside)
    assert workspace.sweep_temporaries() == []
    assert all(path.read_bytes() == b"a result" for path in [*kept])
    assert outside.read_bytes() == b"not ours"


def test_a_full_disk_leaves_the_earlier_file_and_no_other(small_disk):
    path = small_disk / "file"
    atomic_write_bytes(path, b"before")
    with pytest.raises(WorkspaceError, match=r"No space left .*; free disk space or choose"):
        atomic_write_bytes(path, b"x" * 2_000_000)
    assert path.read_bytes() == b"before"
    assert files_below(small_disk) == ["file"]


def test_a_full_workspace_still_opens_and_says_how_much_is_free(small_disk):
    workspace = Workspace.open(small_disk / "workspace")
    (small_disk / "filler").write_bytes(b"x" * workspace.free_bytes())
    workspace = Workspace.open(small_disk / "workspace")
    with pytest.raises(WorkspaceError, match=r"0\.00 MB free, expected 0\.10 MB for a run"):
        workspace.require_free(100_000, "a run")

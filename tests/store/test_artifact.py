import dataclasses
import signal
import time

import h5py
import numpy as np
import pytest
from store_samples import SMALL, run_result

from engine.errors import ArtifactError, WorkspaceError
from engine.settings import RunConfig
from engine.store import artifact
from engine.store.artifact import open_artifact, read_field, sha256_file, write_artifact

WRITE = """
import sys
from store_samples import RunConfig, run_result
from engine.store.workspace import Workspace
from engine.store.artifact import write_artifact
config = RunConfig(N_grid=int(sys.argv[2]))
path = Workspace.open(sys.argv[1]).artifact_path(config.config_hash)
print(write_artifact(path, config, run_result(config)).sha256, flush=True)
"""


@pytest.fixture
def written(workspace):
    """Write a result; give the path of its artifact."""

    def write(config=SMALL, **changes):
        path = workspace.artifact_path(config.config_hash)
        write_artifact(path, config, run_result(config, **changes))
        return path

    return write


@pytest.mark.parametrize("n", [64, 300])
def test_the_same_run_gives_the_same_bytes_at_another_time_in_another_process(
    tmp_path, start_python, n
):
    digests = set()
    for index in range(2):
        # What HDF5 forgets to initialize would differ: the allocator fills memory differently.
        root = tmp_path / str(index)
        process = start_python(WRITE, root, n, MALLOC_PERTURB_=str(85 * (index + 1)))
        digest = process.communicate()[0].strip()
        [path] = (root / "simulation_data").iterdir()
        assert sha256_file(path) == digest
        digests.add(path.read_bytes())
        time.sleep(1.1)  # beyond the resolution of HDF5's own time stamps
    assert len(digests) == 1


def test_who_holds_a_handle_longer_changes_no_byte(workspace, monkeypatch):
    path, config, result = workspace.artifact_path(SMALL.config_hash), SMALL, run_result(SMALL)
    expected = write_artifact(path, config, result)
    create, held = artifact._create, []

    def holding(*args):
        dataset = create(*args)
        held.append(dataset if len(held) % 3 else None)
        return dataset

    monkeypatch.setattr(artifact, "_create", holding)
    assert write_artifact(path, config, result) == expected
    assert len(held) > 9


def test_the_record_is_the_digest_and_size_of_the_file(workspace):
    path = workspace.artifact_path(SMALL.config_hash)
    record = write_artifact(path, SMALL, run_result())
    assert record.sha256 == sha256_file(path)
    assert record.bytes == path.stat().st_size
    assert len(list(path.parent.iterdir())) == 1


def test_another_field_value_gives_another_digest(workspace):
    path = workspace.artifact_path(SMALL.config_hash)
    result = run_result()
    first = write_artifact(path, SMALL, result)
    changed = result.rho_s.copy()
    changed[3, 4] = np.nextafter(changed[3, 4], 2)
    second = write_artifact(path, SMALL, dataclasses.replace(result, rho_s=changed))
    assert first.sha256 != second.sha256
    assert read_field(path, "final_rho_s")[3, 4] == changed[3, 4]


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_every_array_comes_back_as_it_went_in(written, precision):
    config = dataclasses.replace(SMALL, precision=precision)
    result = run_result(config)
    stored = {
        "final_psi": result.psi,
        "final_rho_s": result.rho_s,
        "final_rho": result.final_rho,
        "final_g_tt": result.final_g_tt,
        "checkpoint/psi": result.checkpoint_psi,
        "checkpoint/rho_s": result.checkpoint_rho_s,
        "history/t": result.history_t,
        "history/rho": result.history_rho,
        "history/g_tt": result.history_g_tt,
        "diagnostics/t": result.diagnostics["t"],
        "diagnostics/q_coherence": result.diagnostics["q_coherence"],
    }
    with open_artifact(written(config), config.config_hash) as artifact:
        assert artifact.config == config
        assert artifact.checkpoint_t == 0.9
        assert artifact.t_end == 1.0
        assert artifact.diagnostics == ("q_coherence",)
        assert set(artifact.names) == {*stored, "x", "y"}
        for name, array in stored.items():
            back = artifact.read(name)
            np.testing.assert_array_equal(back, array, strict=True)


def test_a_field_may_be_longer_than_a_chunk(written):
    config = RunConfig(N_grid=300)
    np.testing.assert_array_equal(
        read_field(written(config), "history/rho"), run_result(config).history_rho, strict=True
    )


def test_what_is_not_finite_is_kept_as_it_is(written):
    psi = run_result().psi.copy()
    psi[0, 0], psi[0, 1] = np.nan, np.inf
    path = written(psi=psi)
    np.testing.assert_array_equal(read_field(path, "final_psi"), psi, strict=True)


def test_coordinates_are_the_cells_of_the_square(written):
    config = RunConfig(N_grid=16, domain_length=40.0)
    path = written(config)
    for axis in ("x", "y"):
        np.testing.assert_array_equal(read_field(path, axis), np.arange(16) * 40.0 / 16)


def test_no_frames_and_no_diagnostics_are_no_special_case(written):
    path = written(frames=0, diagnostics={})
    with open_artifact(path) as artifact:
        assert artifact.read("history/rho").shape == (0, 16, 16)
        assert artifact.read("history/t").shape == (0,)
        assert artifact.diagnostics == ()


def test_datasets_are_checksummed_and_chunked_and_carry_no_time(written):
    path = written(RunConfig(N_grid=300))
    seen = []

    def check(name, node):
        if isinstance(node, h5py.Dataset):
            assert node.fletcher32, name
            assert node.compression is None, name
            assert np.prod(node.chunks) <= 256**2, name
            seen.append(name)
        assert h5py.h5g.get_objinfo(node.id).mtime == 0, name

    with h5py.File(path, "r") as file:
        file.visititems(check)
        assert file["history/rho"].chunks == (1, 256, 256), "one frame is read without the others"
    assert len(seen) == 13


def test_a_flipped_bit_in_the_data_is_found(written):
    path = written()
    with h5py.File(path, "r") as file:
        place = file["final_rho"].id.get_chunk_info(0).byte_offset
    data = bytearray(path.read_bytes())
    data[place + 5] ^= 1
    path.write_bytes(data)
    with open_artifact(path) as artifact, pytest.raises(ArtifactError) as found:
        artifact.read("final_rho")
    assert found.value.failure == "artifact_unreadable"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"psi": np.zeros((8, 8), np.complex64)}, "final_psi"),
        ({"psi": np.zeros((16, 16), np.float32)}, "final_psi"),
        ({"rho_s": np.zeros((16, 16), np.complex64)}, "final_rho_s"),
        ({"rho_s": np.full((16, 16), None)}, "final_rho_s"),
        ({"history_t": np.zeros(2)}, "history/rho"),
        ({"diagnostics": {"t": np.zeros(3), "q_coherence": np.zeros(4)}}, "q_coherence"),
        ({"diagnostics": {"t": np.zeros(3), "../x": np.zeros(3)}}, r"\.\./x"),
    ],
)
def test_a_result_of_another_shape_is_refused_before_anything_is_written(workspace, changes, named):
    path = workspace.artifact_path(SMALL.config_hash)
    with pytest.raises(ArtifactError, match=named) as refused:
        write_artifact(path, SMALL, run_result(**changes))
    assert refused.value.failure == "worker_failed"
    assert list(path.parent.iterdir()) == []


def test_a_dataset_that_is_not_there_is_named_with_those_that_are(written):
    with (
        open_artifact(written()) as artifact,
        pytest.raises(ArtifactError, match=r"'final_phi', expected one of x, y, final_rho"),
    ):
        artifact.read("final_phi")


STALLED = """
import sys
import time
import h5py
from store_samples import SMALL, run_result
from engine.store import artifact
from engine.store.workspace import Workspace
flush = artifact.nexus.describe
def describe_and_wait(file, diagnostics):
    flush(file, diagnostics)
    file.flush()
    print("half", flush=True)
    sys.stdin.read()
artifact.nexus.describe = describe_and_wait
path = Workspace.open(sys.argv[1]).artifact_path(SMALL.config_hash)
artifact.write_artifact(path, SMALL, run_result())
"""


def test_a_writer_killed_in_the_middle_leaves_nothing_under_the_final_name(workspace, start_python):
    writer = start_python(STALLED, workspace.root)
    assert writer.stdout.readline() == "half\n"
    path = workspace.artifact_path(SMALL.config_hash)
    [temporary] = path.parent.iterdir()
    assert temporary.stat().st_size > 10_000
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    with pytest.raises(ArtifactError) as missing, open_artifact(path):
        pass
    assert missing.value.failure == "artifact_missing"
    assert workspace.sweep_temporaries() == [temporary]
    write_artifact(path, SMALL, run_result())
    assert len(list(path.parent.iterdir())) == 1


WRITE_TO_FULL_DISK = """
import os
import sys
from pathlib import Path
from store_samples import RunConfig, run_result
from engine.errors import WorkspaceError
from engine.store.artifact import write_artifact
disk = Path(sys.argv[1])
for n in (256, 300, 512, 256):
    config = RunConfig(N_grid=n)
    try:
        write_artifact(disk / f"rho_history_{config.config_hash}.h5", config, run_result(config))
    except WorkspaceError as error:
        assert "No space left" in str(error) and "free disk space" in str(error), error
    else:
        raise AssertionError("this does not fit")
    assert os.listdir(disk) == []
    status = os.statvfs(disk)
    assert status.f_bfree == status.f_blocks, "an unlinked file still takes space"
config = RunConfig(N_grid=16)
write_artifact(disk / f"rho_history_{config.config_hash}.h5", config, run_result(config))
print("done", flush=True)
"""


def test_a_full_disk_leaves_nothing_and_the_process_lives_on(small_disk, start_python):
    writer = start_python(WRITE_TO_FULL_DISK, small_disk)
    assert writer.communicate()[0] == "done\n"
    assert writer.returncode == 0, "HDF5 fell over at the end of the process"
    [path] = small_disk.iterdir()
    assert read_field(path, "final_rho").shape == (16, 16)


READ_AND_WAIT = """
import sys
import h5py
with h5py.File(sys.argv[1], "r") as file:
    print(file["final_rho"].shape, flush=True)
    sys.stdin.read()
"""


def test_others_may_read_while_it_is_read_and_while_it_is_replaced(written, start_python):
    path = written()
    readers = [start_python(READ_AND_WAIT, path) for _ in range(2)]
    assert [reader.stdout.readline() for reader in readers] == ["(16, 16)\n"] * 2
    with open_artifact(path) as artifact:
        before = artifact.read("final_rho")
        write_artifact(path, SMALL, run_result(final_rho=before + 1))
        np.testing.assert_array_equal(artifact.read("final_rho"), before)
    np.testing.assert_array_equal(read_field(path, "final_rho"), before + 1)


@pytest.mark.parametrize("locking", [None, True, False])
def test_it_can_be_read_while_the_same_process_has_it_open_in_another_way(written, locking):
    path = written()
    with h5py.File(path, "r", locking=locking):
        assert read_field(path, "final_rho").shape == (16, 16)


def test_a_folder_that_is_not_there_is_a_workspace_error(tmp_path):
    with pytest.raises(WorkspaceError):
        write_artifact(tmp_path / "gone" / "a.h5", SMALL, run_result())
    with pytest.raises(WorkspaceError):
        sha256_file(tmp_path / "gone")

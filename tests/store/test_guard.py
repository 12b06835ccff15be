"""Files that are not what they claim: each has its failure class, and none costs memory."""

import json
import os
import shutil
import struct

import h5py
import numpy as np
import pytest
from store_samples import SMALL, run_result

from engine.errors import ArtifactError
from engine.settings import RunConfig
from engine.store.artifact import open_artifact, write_artifact

OTHER = RunConfig(N_grid=16, T_steps=11)


@pytest.fixture
def path(workspace):
    path = workspace.artifact_path(SMALL.config_hash)
    write_artifact(path, SMALL, run_result())
    return path


def read_all(path, expected_hash=SMALL.config_hash):
    with open_artifact(path, expected_hash) as artifact:
        return {name: artifact.read(name) for name in artifact.names}


def failure_of(path, expected_hash=SMALL.config_hash):
    """The class and message of the error of reading everything in an artifact."""
    with pytest.raises(ArtifactError) as found:
        read_all(path, expected_hash)
    assert "\n" not in str(found.value)
    return found.value.failure, str(found.value)


def text(file, name, value):
    """Store a text as the engine does."""
    file.attrs[name] = np.array(value, h5py.string_dtype("utf-8", len(value)))


def changed_config(file, **changes):
    text(file, "config", json.dumps({**json.loads(file.attrs["config"]), **changes}))


def replaced(file, name, **keywords):
    del file[name]
    file.create_dataset(name, **keywords)


def linked(file, link):
    del file["final_rho"]
    file["final_rho"] = link


def virtual(file):
    layout = h5py.VirtualLayout((16, 16), "f4")
    layout[:] = h5py.VirtualSource("/etc/hostname", "x", (16, 16))
    del file["final_rho"]
    file.create_virtual_dataset("final_rho", layout)


def external(file):
    replaced(file, "final_rho", shape=(16, 16), dtype="f4", external=[("/etc/passwd", 0, 1024)])


def skipped_checksum(file):
    chunk = np.zeros((16, 16), "f4").tobytes()
    replaced(file, "final_rho", shape=(16, 16), dtype="f4", chunks=(16, 16), fletcher32=True)
    file["final_rho"].id.write_direct_chunk((0, 0), chunk, filter_mask=1)


def chunk_of_another_size(file):
    replaced(file, "final_rho", shape=(16, 16), dtype="f4", chunks=(16, 16), fletcher32=True)
    file["final_rho"].id.write_direct_chunk((0, 0), b"x" * 5000)


TAMPERED = {
    "a physics value": (lambda f: changed_config(f, epsilon=0.2), "config_mismatch"),
    "a precision": (lambda f: changed_config(f, precision="float64"), "config_mismatch"),
    "a value out of range": (lambda f: changed_config(f, T_steps=0), "config_mismatch"),
    "an unknown key": (lambda f: changed_config(f, colour="red"), "config_mismatch"),
    "a missing key": (lambda f: text(f, "config", "{}"), "config_mismatch"),
    "another run's config": (
        lambda f: text(f, "config", json.dumps(OTHER.to_dict())),
        "config_mismatch",
    ),
    "a hash": (lambda f: text(f, "config_hash", "0" * 40), "config_mismatch"),
    "config and hash": (
        lambda f: [changed_config(f, T_steps=11), text(f, "config_hash", OTHER.config_hash)],
        "config_mismatch",
    ),
    "config as garbage": (lambda f: text(f, "config", "{"), "config_mismatch"),
    "config as bytes": (lambda f: text(f, "config", b"\xff{}"), "artifact_unreadable"),
    "config with NaN": (lambda f: text(f, "config", '{"epsilon": NaN}'), "config_mismatch"),
    "config as a number": (lambda f: f.attrs.create("config", 7), "config_mismatch"),
    "config as many texts": (
        lambda f: f.attrs.create("config", [b"{}"] * 100),
        "config_mismatch",
    ),
    "config in a heap": (
        lambda f: f.attrs.create("config", json.dumps(OTHER.to_dict())),
        "config_mismatch",
    ),
    "config of 200 kB": (
        lambda f: f.attrs.create("config", "{}" + " " * 200_000),
        "config_mismatch",
    ),
    "no config": (lambda f: f.attrs.__delitem__("config"), "artifact_unreadable"),
    "no hash": (lambda f: f.attrs.__delitem__("config_hash"), "artifact_unreadable"),
    "a later schema": (lambda f: f.attrs.modify("schema_version", 2), "artifact_unreadable"),
    "no schema": (lambda f: f.attrs.__delitem__("schema_version"), "artifact_unreadable"),
    "NaN as time": (
        lambda f: f["checkpoint"].attrs.modify("t", float("nan")),
        "artifact_unreadable",
    ),
    "text as time": (lambda f: f["checkpoint"].attrs.create("t", "now"), "artifact_unreadable"),
    "no final_rho": (lambda f: f.__delitem__("final_rho"), "artifact_unreadable"),
    "no checkpoint": (lambda f: f.__delitem__("checkpoint"), "artifact_unreadable"),
    "no diagnostics": (lambda f: f.__delitem__("diagnostics"), "artifact_unreadable"),
    "a group for a dataset": (
        lambda f: [f.__delitem__("final_rho"), f.create_group("final_rho")],
        "artifact_unreadable",
    ),
    "a dataset for a group": (
        lambda f: replaced(f, "checkpoint", data=np.zeros(3)),
        "artifact_unreadable",
    ),
    "objects": (
        lambda f: replaced(f, "final_rho", shape=(16, 16), dtype=h5py.string_dtype()),
        "artifact_unreadable",
    ),
    "pickles": (
        lambda f: replaced(f, "final_rho", shape=(16, 16), dtype=h5py.vlen_dtype(np.uint8)),
        "artifact_unreadable",
    ),
    "references": (
        lambda f: replaced(f, "final_rho", shape=(16, 16), dtype=h5py.ref_dtype),
        "artifact_unreadable",
    ),
    "float64 for float32": (
        lambda f: replaced(f, "final_rho", data=np.zeros((16, 16))),
        "artifact_unreadable",
    ),
    "integers": (
        lambda f: replaced(f, "final_rho", data=np.zeros((16, 16), "i4")),
        "artifact_unreadable",
    ),
    "another byte order": (
        lambda f: replaced(f, "final_rho", data=np.zeros((16, 16), ">f4")),
        "artifact_unreadable",
    ),
    "another shape": (
        lambda f: replaced(f, "final_rho", data=np.zeros((8, 32), "f4")),
        "artifact_unreadable",
    ),
    "one axis more": (
        lambda f: replaced(f, "final_rho", data=np.zeros((16, 16, 1), "f4")),
        "artifact_unreadable",
    ),
    "no shape at all": (
        lambda f: replaced(f, "final_rho", data=h5py.Empty("f4")),
        "artifact_unreadable",
    ),
    "frames without times": (
        lambda f: replaced(f, "history/t", data=np.zeros(2)),
        "artifact_unreadable",
    ),
    "an external link": (
        lambda f: linked(f, h5py.ExternalLink("/etc/hostname", "/x")),
        "artifact_unreadable",
    ),
    "a soft link": (lambda f: linked(f, h5py.SoftLink("/final_g_tt")), "artifact_unreadable"),
    "a dangling link": (lambda f: linked(f, h5py.SoftLink("/nowhere")), "artifact_unreadable"),
    "a virtual dataset": (virtual, "artifact_unreadable"),
    "data in another file": (external, "artifact_unreadable"),
    "compression": (
        lambda f: replaced(f, "final_rho", data=np.zeros((16, 16), "f4"), compression="gzip"),
        "artifact_unreadable",
    ),
    "a hole": (
        lambda f: replaced(f, "final_rho", shape=(16, 16), dtype="f4", chunks=(8, 8)),
        "artifact_unreadable",
    ),
    "a hole without chunks": (
        lambda f: replaced(f, "final_rho", shape=(16, 16), dtype="f4"),
        "artifact_unreadable",
    ),
    "a skipped checksum": (skipped_checksum, "artifact_unreadable"),
    "a chunk of another size": (chunk_of_another_size, "artifact_unreadable"),
    "a million diagnostics": (
        lambda f: [f["diagnostics"].create_group(f"d{i}") for i in range(1001)],
        "artifact_unreadable",
    ),
    "a group among the diagnostics": (
        lambda f: f["diagnostics"].create_group("inner"),
        "artifact_unreadable",
    ),
}


@pytest.mark.parametrize(("tamper", "failure"), TAMPERED.values(), ids=TAMPERED)
def test_a_tampered_artifact_has_its_failure_class(path, tamper, failure):
    with h5py.File(path, "r+") as file:
        tamper(file)
    assert failure_of(path)[0] == failure


def test_an_untouched_artifact_passes(path):
    assert read_all(path)["final_rho"].shape == (16, 16)


def test_a_whole_number_for_a_float_is_the_same_config(path):
    with h5py.File(path, "r+") as file:
        changed_config(file, domain_length=64)
    with open_artifact(path, SMALL.config_hash) as artifact:
        assert artifact.config == SMALL


def test_another_run_than_the_caller_expects_is_a_mismatch(path):
    failure, message = failure_of(path, OTHER.config_hash)
    assert failure == "config_mismatch"
    assert SMALL.config_hash in message
    assert OTHER.config_hash in message


def test_an_artifact_under_another_run_s_name_is_a_mismatch(path, workspace):
    moved = path.rename(workspace.artifact_path(OTHER.config_hash))
    assert failure_of(moved, None)[0] == "config_mismatch"


def test_an_artifact_under_a_name_of_its_own_is_its_config_s(path):
    moved = path.rename(path.with_name("mine.h5"))
    with open_artifact(moved) as artifact:
        assert artifact.config_hash == SMALL.config_hash


def test_nothing_there_is_missing_and_not_unreadable(path):
    path.unlink()
    failure, message = failure_of(path)
    assert failure == "artifact_missing"
    assert "irer run" in message


def directory(path):
    path.mkdir()


def pipe(path):
    os.mkfifo(path)


def device(path):
    path.symlink_to("/dev/zero")


def empty(path):
    path.touch()


def prose(path):
    path.write_text("not HDF5\n" * 1000)


@pytest.mark.parametrize("make", [directory, pipe, device, empty, prose])
def test_what_is_not_hdf5_is_unreadable(path, make):
    path.unlink()
    make(path)
    assert failure_of(path)[0] == "artifact_unreadable"


@pytest.mark.parametrize("share", [0.999, 0.9, 0.5, 0.1, 0.01])
def test_a_truncated_file_is_unreadable(path, share):
    os.truncate(path, int(path.stat().st_size * share))
    assert failure_of(path)[0] == "artifact_unreadable"


def chunk_places(path):
    """Where in the file the raw data of each dataset lie."""
    places = []
    with h5py.File(path, "r") as file, open_artifact(path) as artifact:
        for name in artifact.names:
            file[name].id.chunk_iter(lambda info: places.append((info.byte_offset, info.size)))
    return places


def test_any_flipped_bit_in_the_data_is_found(path):
    whole = path.read_bytes()
    random = np.random.default_rng(0)
    for start, size in chunk_places(path):
        data = bytearray(whole)
        data[start + int(random.integers(size))] ^= 1 << int(random.integers(8))
        path.write_bytes(data)
        assert failure_of(path)[0] == "artifact_unreadable"


def test_damage_anywhere_raises_an_artifact_error_or_nothing(path):
    """No crash, no other exception, no endless loop (the headers carry no checksum)."""
    whole = path.read_bytes()
    random = np.random.default_rng(1)
    refused = 0
    for place in random.integers(0, len(whole), 300):
        data = bytearray(whole)
        data[place] = int(random.choice([0, 127, 255, data[place] ^ 1]))
        path.write_bytes(data)
        try:
            read_all(path)
        except ArtifactError:
            refused += 1
    assert 0 < refused < 300


def test_a_damaged_heap_does_not_trap_the_reader(path, start_python):
    """HDF5's heap of texts, of which a damaged one keeps HDF5 busy for ever, is not touched."""
    data = bytearray(path.read_bytes())
    heap = data.find(b"GCOL")
    assert heap > 0
    data[heap + 16 : heap + 512] = bytes(496)
    path.write_bytes(data)
    reader = start_python(MEASURE, path)
    reader.communicate(timeout=30)
    assert reader.returncode == 0


MEASURE = """
import resource
import sys
from engine.errors import ArtifactError
from engine.store.artifact import open_artifact
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    with open_artifact(sys.argv[1]) as artifact:
        for name in artifact.names:
            artifact.read(name)
except ArtifactError as error:
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(error.failure, (after - before) // 1024)
"""


def claims_17_gigabytes(file):
    n = 65_536
    config = RunConfig(N_grid=n)
    for name in ("x", "y"):
        replaced(file, name, data=np.zeros(n), chunks=(n,), fletcher32=True)
    for name, dtype in (("final_rho", "f4"), ("final_g_tt", "f4"), ("final_psi", "c8")):
        replaced(file, name, shape=(n, n), dtype=dtype, chunks=(256, 256), fletcher32=True)
    text(file, "config", json.dumps(config.to_dict()))
    text(file, "config_hash", config.config_hash)


def claims_a_million_frames(file):
    m = 1_000_000
    replaced(file, "history/t", shape=(m,), dtype="f8", chunks=(65_536,), fletcher32=True)
    for name in ("history/rho", "history/g_tt"):
        replaced(file, name, shape=(m, 16, 16), dtype="f4", chunks=(1, 16, 16), fletcher32=True)


def one_huge_chunk(file):
    replaced(file, "diagnostics/t", shape=(5,), dtype="f8", maxshape=(None,), chunks=(2**26,))


def bomb(file):
    zeros = np.zeros(50_000_000)
    replaced(file, "diagnostics/t", data=zeros, chunks=(65_536,), compression="gzip")


@pytest.mark.parametrize(
    "claim", [claims_17_gigabytes, claims_a_million_frames, one_huge_chunk, bomb]
)
def test_a_small_file_that_claims_much_costs_little_memory(path, start_python, claim):
    copy = path.with_name("claim.h5")
    shutil.copy(path, copy)
    with h5py.File(copy, "r+") as file:
        claim(file)
    assert copy.stat().st_size < 3_000_000
    failure, megabytes = start_python(MEASURE, copy).communicate()[0].split()
    assert failure == "artifact_unreadable"
    assert int(megabytes) < 50


@pytest.mark.parametrize("place", [10**9, 2**63 + 8], ids=["far", "no offset of a file"])
def test_a_chunk_beyond_the_end_of_the_file_is_refused(path, place):
    with h5py.File(path) as file:
        address = file["final_rho"].id.get_chunk_info(0).byte_offset
    data = path.read_bytes()
    assert data.count(struct.pack("<Q", address)) == 1
    path.write_bytes(data.replace(struct.pack("<Q", address), struct.pack("<Q", place)))
    with open_artifact(path) as artifact, pytest.raises(ArtifactError) as found:
        artifact.window("final_rho", slice(0, 2), slice(0, 2))
    assert "1 chunks stored" in str(found.value)

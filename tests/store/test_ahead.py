"""What a window is about to read is asked of the kernel at once: those chunks, and no others."""

import os
import time

import h5py
import numpy as np
import pytest
from store_samples import run_result

from engine.settings import RunConfig
from engine.store import ahead
from engine.store.ahead import Chunks
from engine.store.artifact import open_artifact, write_artifact
from engine.store.workspace import Workspace

BIG = RunConfig(N_grid=2048, T_steps=10)
PAGE = os.sysconf("SC_PAGE_SIZE")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = Workspace.open(tmp_path_factory.mktemp("ahead")).artifact_path(BIG.config_hash)
    write_artifact(path, BIG, run_result(BIG, frames=0, samples=1))
    yield path
    path.unlink()


@pytest.fixture
def asked(monkeypatch):
    """Every range that the kernel was told of, as first byte and count of bytes."""
    found = []
    tell = os.posix_fadvise
    monkeypatch.setattr(os, "posix_fadvise", lambda *said: (found.append(said[1:]), tell(*said))[1])
    return found


def test_neighbours_in_the_file_are_one_range():
    places = np.array([[100, 110, 120], [50, 60, 300], [130, 140, 150]])
    chunks = Chunks(places, side=(4, 8), size=10)
    assert chunks.ranges(slice(0, 4), slice(0, 24)) == [(100, 30)]
    assert chunks.ranges(slice(0, 12), slice(0, 24)) == [(50, 20), (100, 60), (300, 10)]
    assert chunks.ranges(slice(5, 6), slice(15, 17)) == [(60, 10), (300, 10)]
    assert chunks.ranges(slice(8, 9), slice(7, 8)) == [(130, 10)]


def test_a_window_asks_for_its_own_chunks(path, asked):
    rows, columns = slice(300, 700), slice(1000, 1030)
    with open_artifact(path) as artifact:
        assert artifact.window("final_rho", rows, columns).shape == (400, 30)
        assert artifact.window("pyramid/final_rho/2/max", slice(0, 1), slice(0, 1)).size == 1
    with h5py.File(path) as file:
        own = [(256, 768), (256, 1024), (512, 768), (512, 1024)]
        info = [file["final_rho"].id.get_chunk_info_by_coord(at) for at in own]
        level = file["pyramid/final_rho/2/max"].id.get_chunk_info_by_coord((0, 0))
    wanted = {at for each in info for at in range(each.byte_offset, each.byte_offset + each.size)}
    *ranges, (place, count, advice) = asked
    assert {at for first, size, _ in ranges for at in range(first, first + size)} == wanted
    assert (place, count, advice) == (level.byte_offset, level.size, os.POSIX_FADV_WILLNEED)


def test_the_kernel_reads_what_it_is_told_of(path):
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        with h5py.File(path) as artifact:
            info = artifact["final_rho"].id.get_chunk_info_by_coord((1024, 1024))
        if in_memory(file, info.byte_offset, info.size):
            pytest.skip("files of this folder are always in memory, as on tmpfs")
        chunks = Chunks(np.array([[info.byte_offset]]), side=(256, 256), size=info.size)
        chunks.ask_for(file.fileno(), slice(0, 256), slice(0, 256))
        until = time.monotonic() + 20
        while not in_memory(file, info.byte_offset, info.size) and time.monotonic() < until:
            time.sleep(0.01)
        assert in_memory(file, info.byte_offset, info.size)


def test_without_such_advice_a_window_is_read_as_before(path, monkeypatch):
    monkeypatch.delattr(ahead.os, "posix_fadvise")
    with open_artifact(path) as artifact:
        part = artifact.window("final_rho", slice(0, 9), slice(0, 9))
        assert np.array_equal(part, artifact.read("final_rho")[:9, :9])


def test_advice_that_is_refused_is_no_error():
    Chunks(np.array([[0]]), side=(1, 1), size=1).ask_for(-1, slice(0, 1), slice(0, 1))


def in_memory(file, place, count):
    """Whether every page of a part of a file can be had without a disk."""
    page = bytearray(1)
    try:
        for at in range(place, place + count, PAGE):
            os.preadv(file.fileno(), [page], at, os.RWF_NOWAIT)
    except BlockingIOError:
        return False
    return True

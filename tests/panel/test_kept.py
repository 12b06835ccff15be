"""Windows are cut from what is at hand, and only chunks that are not are read."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from engine.store.layout import MAX_CHUNK
from irer_panel import kept
from irer_panel.kept import KeptParts

SIDE = 1200  # four whole chunks and a part of one
PLANE = np.arange(SIDE**2, dtype=np.float32).reshape(SIDE, SIDE)


@pytest.fixture
def reads():
    return []


@pytest.fixture
def cut(reads):
    parts = KeptParts()

    def read(rows, columns):
        reads.append((rows, columns))
        return PLANE[rows, columns].copy()

    def cut_(rows, columns, name="rho"):
        found, count = parts.read(name, slice(*rows), slice(*columns), SIDE, read)
        np.testing.assert_array_equal(found, PLANE[slice(*rows), slice(*columns)])
        assert not found.flags.writeable
        return count

    return cut_


def test_a_window_within_the_chunks_at_hand_reads_nothing(cut, reads):
    assert cut((300, 500), (10, 600)) == MAX_CHUNK * 3 * MAX_CHUNK
    assert cut((260, 512), (0, 700)) == 0
    assert len(reads) == 1


def test_a_dragged_window_reads_the_chunks_that_come_into_sight(cut):
    cut((0, 512), (0, 512))
    assert cut((100, 600), (100, 600)) == 5 * MAX_CHUNK**2
    assert cut((1100, 1200), (1100, 1200)) == (SIDE - 4 * MAX_CHUNK) ** 2  # none in common
    assert cut((700, 1200), (1000, 1200)) > 0


def test_random_windows_are_the_dataset_s_own(cut):
    random = np.random.default_rng(0)
    for _ in range(200):
        spans = np.sort(random.integers(0, SIDE, (2, 2)), axis=1)
        cut(*((int(low), int(high) + 1) for low, high in spans))


def test_the_dataset_that_was_not_used_for_longest_goes_first(cut, monkeypatch):
    monkeypatch.setattr(kept, "MOST_BYTES", 2 * MAX_CHUNK**2 * 4)
    one = (0, 10), (0, 10)
    for name in ("rho", "g_tt", "rho", "rho_s"):
        cut(*one, name=name)
    assert cut(*one, name="rho") == 0
    assert cut(*one, name="g_tt") == MAX_CHUNK**2
    cut((0, 900), (0, 900))  # more than may be kept: it is, alone
    assert cut((0, 900), (0, 900)) == 0
    assert cut(*one, name="g_tt") == MAX_CHUNK**2


def test_who_asks_for_the_same_at_the_same_time_waits_for_it():
    kept, gate, asked = KeptParts(), threading.Event(), []

    def read(rows, columns):
        asked.append((rows, columns))
        gate.wait(10)
        return np.zeros((rows.stop - rows.start, columns.stop - columns.start))

    window = (slice(0, 10), slice(0, 10), 1024, read)
    with ThreadPoolExecutor(3) as threads:
        found = [threads.submit(kept.read, "rho", *window) for _ in range(2)]
        other = threads.submit(kept.read, "g_tt", *window)
        while len(asked) < 2:  # of the same and of another: that one waits for nobody
            time.sleep(0.001)
        time.sleep(0.05)
        gate.set()
        counts = sorted(each.result()[1] for each in found)
    assert (counts, other.result()[1]) == ([0, 256**2], 256**2)
    assert len(asked) == 2

"""Drawn values are the array's own: its cells where they fit, their aggregate where not."""

import os
import subprocess
import sys

import numpy as np
import pytest

from irer_panel.viewport import Window, cell_at, cell_span, full_window, rasterize

L = 10.0


def random_field(n, seed=0):
    return np.random.default_rng(seed).normal(size=(n, n)).astype(np.float32)


def shares(cells, bins):
    """The share of each cell in each bin, (bins, cells), of a line cut into equal bins."""
    edges = np.linspace(0, cells, bins + 1)
    cell = np.arange(cells)
    covered = np.minimum(cell + 1, edges[1:, None]) - np.maximum(cell, edges[:-1, None])
    return np.clip(covered, 0, None)


@pytest.mark.parametrize("pixels", [64, 65, 400])
def test_the_whole_of_a_small_field_is_its_cells(pixels):
    field = random_field(64)
    frame = rasterize(field, L, full_window(64, L, pixels))
    assert frame.exact
    np.testing.assert_array_equal(frame.values, field)
    half = L / 128
    assert frame.bounds == pytest.approx((-half, -half, L - half, L - half))


def test_deep_zoom_is_the_cells_under_it_on_their_edges():
    field, size = random_field(500), L / 500
    # a window inside cells 99 … 102 along x and 250 … 251 along y
    window = Window((99.4 * size, 101.6 * size), (249.9 * size, 250.6 * size), 400, 300)
    frame = rasterize(field, L, window)
    np.testing.assert_array_equal(frame.values, field[250:252, 99:103])
    assert frame.bounds == pytest.approx((98.5 * size, 249.5 * size, 102.5 * size, 251.5 * size))


@pytest.mark.parametrize("seed", range(6))
def test_random_windows_are_the_weighted_mean_of_their_cells(seed):
    random = np.random.default_rng(seed)
    n = int(random.integers(100, 400))
    field, size = random_field(n, seed), L / n
    (left, right), (low, high) = np.sort(random.uniform(0, L, (2, 2)), axis=1)
    width, height = (int(pixels) for pixels in random.integers(20, 120, 2))
    frame = rasterize(field, L, Window((left, right), (low, high), width, height))
    rows, columns = frame.cells
    part = field[rows, columns].astype(float)
    assert frame.values.shape == (min(height, part.shape[0]), min(width, part.shape[1]))
    down, across = (
        shares(cells, bins) for cells, bins in zip(part.shape, frame.values.shape, strict=True)
    )
    weights = down.sum(axis=1)[:, None] * across.sum(axis=1)
    np.testing.assert_allclose(frame.values, down @ part @ across.T / weights, atol=1e-6)
    assert frame.bounds[0] == pytest.approx(size * (columns.start - 0.5))
    assert frame.bounds[3] == pytest.approx(size * (rows.stop - 0.5))


@pytest.mark.parametrize(("aggregation", "extreme"), [("min", np.min), ("max", np.max)])
def test_min_and_max_of_whole_blocks(aggregation, extreme):
    field = random_field(96)
    frame = rasterize(field, L, full_window(96, L, 24), aggregation)
    np.testing.assert_array_equal(
        frame.values, extreme(field.reshape(24, 4, 24, 4), axis=(1, 3)), strict=True
    )


def test_a_single_spike_stands_in_the_maximum_at_full_zoom_out():
    field = np.zeros((1000, 1000), np.float32)
    field[617, 41] = 1
    frame = rasterize(field, L, full_window(1000, L, 300), "max")
    assert frame.values.max() == 1


def test_row_0_is_at_the_bottom_and_column_0_at_the_left():
    field = np.zeros((40, 40), np.float32)
    field[0, 0] = 1
    frame = rasterize(field, L, Window((-1, L / 2), (-1, L / 2), 10, 10))
    assert np.unravel_index(frame.values.argmax(), frame.values.shape) == (0, 0)


@pytest.mark.parametrize("window", [(50.0, 60.0), (-9.0, -8.0)])
def test_a_window_beside_the_field_shows_its_nearest_cell(window):
    frame = rasterize(random_field(16), L, Window(window, window, 100, 100))
    assert frame.values.shape == (1, 1)


@pytest.mark.parametrize("precision", [np.float32, np.float64])
def test_values_keep_their_precision(precision):
    field = random_field(32).astype(precision)
    frame = rasterize(field, L, full_window(32, L, 16))
    assert frame.values.dtype == precision


def test_an_edge_missed_by_rounding_alone_takes_no_further_cell():
    size = 0.1
    assert cell_span(0.05 + 1e-12, 0.35 - 1e-12, 100, 10.0) == slice(1, 4)
    assert cell_span(0.05 - 1e-12, 0.35 + 1e-12, 100, 10.0) == slice(1, 4)
    assert cell_span(0.05 - 0.1 * size, 0.35, 100, 10.0) == slice(0, 4)


def test_the_cell_under_the_cursor_is_the_nearest_sample():
    assert cell_at(0.0, 0.0, 20, L) == (0, 0)
    assert cell_at(1.26, 0.24, 20, L) == (0, 3)
    assert cell_at(-0.26, 0, 20, L) is None
    assert cell_at(0, 9.76, 20, L) is None


TWO_THREADS = """
import threading
import numpy as np
from numba import threading_layer
from irer_panel.viewport import full_window, rasterize

window = full_window(600, 1.0, 400)
def draw():
    for _ in range(50):
        rasterize(np.ones((600, 600), np.float32), 1.0, window)

draw()
threads = [threading.Thread(target=draw) for _ in range(2)]
for each in threads:
    each.start()
for each in threads:
    each.join()
print(threading_layer())
"""


def test_two_threads_rasterize_at_once_even_where_numba_allows_one():
    command = [sys.executable, "-c", TWO_THREADS]
    alone = {**os.environ, "NUMBA_THREADING_LAYER": "workqueue"}
    done = subprocess.run(command, capture_output=True, text=True, env=alone, timeout=300)
    assert (done.returncode, done.stdout) == (0, "workqueue\n"), done.stderr

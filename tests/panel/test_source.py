"""A window's pixels are the plane's own aggregation, from whatever level they come."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from panel_samples import write_run
from planes import LENGTH, aggregate, pixel_edges, write_planes

from benchmarks import big_field
from engine.errors import ArtifactError
from engine.store.artifact import open_artifact
from engine.store.levels_file import first_difference
from engine.store.pyramid import bands_of
from engine.store.workspace import Workspace
from irer_panel import mosaic, source
from irer_panel.mosaic import MOST_VALUES, mosaic_of
from irer_panel.source import open_source, reach_of
from irer_panel.viewport import AGGREGATIONS, Window, full_window, rasterize

N, L = 2602, LENGTH  # no multiple of 4: the last cells of level 4 are smaller
SIZE = L / N
SPIKE, HOLE = (1234, 77), (2601, 2000)
CHUNK = 256**2 * 4


@pytest.fixture(scope="module")
def planes():
    random = np.random.default_rng(3)
    rho = random.normal(size=(N, N)).astype(np.float32)
    rho[:90, 300:430], rho[HOLE], rho[7, 7] = np.nan, np.nan, -np.inf
    rho[SPIKE] = 50
    g_tt = random.normal(size=(N, N)).astype(np.float32)
    return {"final_rho": rho, "final_g_tt": g_tt}


@pytest.fixture(scope="module")
def big(planes, tmp_path_factory):
    path, run = write_planes(tmp_path_factory.mktemp("big"), *planes.values())
    yield path, run
    path.unlink()  # 300 MB, which pytest would keep for three sessions


@pytest.fixture
def opened(big):
    found = open_source(*big)
    yield found
    found.close()


@pytest.fixture
def budget(monkeypatch):
    """Let windows come from another level than they would."""

    def set_(values):
        monkeypatch.setattr(mosaic, "MOST_CELLS", 0)
        monkeypatch.setattr(mosaic, "MOST_VALUES", values)

    return set_


def windows(count, seed=0):
    """The whole, then random windows of random size, half of them beyond an edge of the field."""
    random = np.random.default_rng(seed)
    yield full_window(N, L, 333)
    for _ in range(count):
        side = L * random.uniform(0.3, 1)
        x, y = random.uniform(-0.2 * L, L - 0.8 * side, 2)
        width, height = (int(each) for each in random.integers(150, 400, 2))
        yield Window((x, x + side), (y, y + 0.8 * side), width, height)


@pytest.mark.parametrize("name", ["final_rho", "final_g_tt"])
@pytest.mark.parametrize("values", [MOST_VALUES, 1_000_000, 100_000], ids=["1", "2", "4"])
def test_random_windows_show_the_aggregate_of_the_cells_under_each_pixel(
    opened, planes, budget, values, name
):
    budget(values)
    levels = set()
    for window in windows(8):
        found = mosaic_of(window, N, L, (2, 4))
        assert found is not None
        levels.add(found.factor)
        for aggregation in AGGREGATIONS:
            frame = opened.frame(name, window, aggregation)
            want = aggregate(planes[name], frame, aggregation, SIZE)
            np.testing.assert_allclose(frame.values, want, rtol=1e-6, atol=1e-6)
            assert frame.values.dtype == np.float32
            if aggregation != "mean":
                np.testing.assert_array_equal(frame.values, want)
        mask = opened.mask(name, window)
        np.testing.assert_allclose(
            mask.values, aggregate(planes[name], mask, "share", SIZE), atol=1e-6
        )
        assert (mask.bounds, mask.cells) == (frame.bounds, frame.cells)
    assert levels >= {{MOST_VALUES: 1, 1_000_000: 2, 100_000: 4}[values]}


@pytest.mark.parametrize("values", [MOST_VALUES, 1_000_000, 100_000])
def test_pixels_cover_the_window_and_are_never_narrower_than_the_screen_s(opened, budget, values):
    budget(values)
    for window in windows(8, seed=1):
        frame = opened.frame("final_g_tt", window, "max")
        left, bottom, right, top = frame.bounds
        low, high = opened.extent
        assert left <= max(window.x_range[0], low) + 1e-9
        assert right >= min(window.x_range[1], high) - 1e-9
        assert bottom <= max(window.y_range[0], low) + 1e-9
        assert top >= min(window.y_range[1], high) - 1e-9
        shown = min(window.x_range[1], high) - max(window.x_range[0], low)
        rows, columns = frame.values.shape
        assert rows <= window.height + 1
        assert columns <= window.width + 1
        assert (right - left) / columns >= shown / window.width - SIZE


def test_a_smaller_window_of_a_large_plane_is_rasterized_from_its_cells(opened, planes):
    window = Window((3.0, 9.0), (4.0, 9.5), 300, 250)
    for aggregation in AGGREGATIONS:
        frame = opened.frame("final_g_tt", window, aggregation)
        want = rasterize(planes["final_g_tt"], L, window, aggregation)
        np.testing.assert_array_equal(frame.values, want.values)
        assert (frame.bounds, frame.cells) == (want.bounds, want.cells)


def test_deep_zoom_is_the_cells(opened, planes):
    window = Window((2.0, 3.1), (1.0, 1.9), 400, 300)
    frame = opened.frame("final_rho", window)
    assert frame.exact
    np.testing.assert_array_equal(frame.values, planes["final_rho"][frame.cells])


def test_a_screen_with_a_pixel_for_each_cell_shows_the_cells_however_many(opened, planes):
    frame = opened.frame("final_g_tt", full_window(N, L, 3000))
    assert frame.exact
    np.testing.assert_array_equal(frame.values, planes["final_g_tt"])


def pixel_of(frame, cell):
    return tuple(
        int(np.searchsorted(edges, index, side="right")) - 1
        for edges, index in zip(pixel_edges(frame, SIZE), cell, strict=True)
    )


@pytest.mark.parametrize("pixels", [100, 333, 700])
def test_one_spike_and_one_hole_are_seen_at_full_zoom_out(opened, pixels):
    frame = opened.frame("final_rho", full_window(N, L, pixels), "max")
    assert frame.values[pixel_of(frame, SPIKE)] == 50
    mask = opened.mask("final_rho", full_window(N, L, pixels))
    assert mask.values[pixel_of(mask, HOLE)] > 0
    clean = opened.mask("final_g_tt", full_window(N, L, pixels))
    assert clean.values.shape == mask.values.shape
    assert not clean.values.any()


def cells_of_the_coarsest(plane):
    """The finite cells under each cell of level 4, NaN where there is none."""
    sound = np.where(np.isfinite(plane), plane, np.nan)
    sound = np.pad(sound, (0, -N % 4), constant_values=np.nan)
    return sound.reshape(-(-N // 4), 4, -1, 4).swapaxes(1, 2).reshape(-1, 16)


def test_the_reach_comes_from_the_coarsest_level_and_leaves_out_what_is_not_finite(opened, planes):
    rho = planes["final_rho"]
    finite = rho[np.isfinite(rho)]
    reach = opened.reach("final_rho")
    assert reach[:2] == (finite.min(), finite.max())
    assert reach.missing == rho.size - finite.size
    lows = np.fmin.reduce(cells_of_the_coarsest(rho), axis=1)
    assert reach.positive == lows[lows > 0].min()
    assert opened.bytes_read < rho.nbytes / 2


def test_the_extremes_are_found_from_the_coarsest_level_and_one_block_of_cells(opened, planes):
    rho = planes["final_rho"]
    sound = np.where(np.isfinite(rho), rho, np.nan)
    assert opened.where("final_rho", "max") == SPIKE
    low = opened.where("final_rho", "min")
    assert rho[low] == np.nanmin(sound)
    assert opened.bytes_read < rho.nbytes


def test_true_cells_for_readout_and_profiles(opened, planes):
    rho = planes["final_rho"]
    assert opened.value("final_rho", *SPIKE) == 50
    np.testing.assert_array_equal(opened.row("final_rho", 9, slice(5, 900)), rho[9, 5:900])
    np.testing.assert_array_equal(opened.column("final_rho", 9, slice(5, 900)), rho[5:900, 9])


def test_only_the_chunks_under_a_window_are_read(opened):
    size = 100 * SIZE
    opened.frame("final_rho", Window((0, size), (0, size), 300, 300))
    assert opened.bytes_read == CHUNK
    opened.value("final_rho", 300, 300)
    assert opened.bytes_read == 2 * CHUNK
    opened.row("final_rho", 255, slice(255, 257))
    assert opened.bytes_read == 4 * CHUNK


def test_a_level_costs_a_fraction_of_its_plane(opened, planes, budget):
    budget(1_000_000)
    opened.reach("final_g_tt")
    before = opened.bytes_read
    opened.frame("final_g_tt", full_window(N, L, 300))
    assert opened.bytes_read - before <= 9 * CHUNK  # 651 cells a side at level 4


@pytest.mark.parametrize("cells", [4096, 10_000, 32_768, 65_536])
def test_pixels_are_at_most_half_as_wide_again_and_reads_are_bounded(cells):
    random = np.random.default_rng(cells)
    factors = tuple(f for f in (2**i for i in range(1, 9)) if cells / f >= 512)
    for _ in range(300):
        share = np.exp(random.uniform(np.log(0.03), 0))
        width, height = share * cells, 0.8 * share * cells
        x, y = random.uniform(0, cells - width), random.uniform(0, cells - height)
        window = Window((x, x + width), (y, y + height), 1000, 800)
        found = mosaic_of(window, cells, float(cells), factors)
        if found is None:
            assert width * height < 1_610_000
            continue
        rows, columns = found.level
        assert (rows.stop - rows.start) * (columns.stop - columns.start) < 6_100_000
        for side in found.sides:
            assert width / 1000 <= side + 1e-9
            assert side <= 1.52 * (width + 2) / 1000, f"{share=} {found}"


def test_a_small_grid_is_read_once_and_drawn_as_it_was(tmp_path):
    workspace = Workspace.open(tmp_path)
    run, rho, g_tt = write_run(workspace)
    opened = open_source(workspace.artifact_path(run), run)
    assert (opened.config.config_hash, opened.cells, opened.length) == (run, 32, 16.0)
    assert opened.extent == (-0.25, 15.75)
    assert opened.names == ("final_rho", "final_g_tt", "final_rho_s")
    window = Window((1.0, 9.0), (-3.0, 12.2), 9, 14)
    for name, plane in (("final_rho", rho), ("final_g_tt", g_tt)):
        for aggregation in AGGREGATIONS:
            want = rasterize(plane, 16.0, window, aggregation)
            found = opened.frame(name, window, aggregation)
            np.testing.assert_array_equal(found.values, want.values)
            assert found.bounds == want.bounds
        assert opened.reach(name) == reach_of(plane)
        assert opened.reach(name)[:2] == (plane.min(), plane.max())
        assert not opened.mask(name, window).values.any()
        assert opened.value(name, 3, 4) == plane[3, 4]
        np.testing.assert_array_equal(opened.row(name, 3, slice(2, 30)), plane[3, 2:30])
        np.testing.assert_array_equal(opened.column(name, 3, slice(2, 30)), plane[2:30, 3])
    assert opened.bytes_read == 2 * rho.nbytes
    opened.close()


def test_a_small_grid_shows_its_holes(tmp_path):
    rho = np.ones((64, 64), np.float32)
    rho[9, 11], rho[40, 50] = np.nan, np.inf
    opened = open_source(*write_planes(tmp_path, rho, np.full((64, 64), np.nan, np.float32)))
    mask = opened.mask("final_rho", full_window(64, L, 10))
    assert np.count_nonzero(mask.values) == 2
    assert mask.values.sum() * 6.4**2 == pytest.approx(2, rel=1e-4)
    assert opened.reach("final_rho") == (1, 1, 1, 2)
    assert opened.reach("final_g_tt") == (np.inf, -np.inf, np.inf, 64**2)
    with pytest.raises(ValueError, match="All-NaN"):
        opened.where("final_g_tt", "max")
    assert (opened.mask("final_g_tt", full_window(64, L, 10)).values == 1).all()
    assert np.isnan(opened.frame("final_g_tt", full_window(64, L, 10), "max").values).all()
    opened.close()


def test_drawing_changes_no_cell_that_is_kept(tmp_path, budget):
    rho = np.ones((64, 64), np.float32)
    rho[3, 3], rho[9, 11] = -np.inf, np.nan
    budget(MOST_VALUES)
    opened = open_source(*write_planes(tmp_path, rho, rho))
    for aggregation in AGGREGATIONS:
        frame = opened.frame("final_rho", full_window(64, L, 10), aggregation)
        np.testing.assert_array_equal(frame.values, np.ones((10, 10)))
    assert opened.value("final_rho", 3, 3) == -np.inf
    opened.close()


def test_what_is_no_field_or_aggregation_is_refused_in_words(opened):
    window = full_window(N, L)
    with pytest.raises(ArtifactError, match="'final_psi', expected one of final_rho"):
        opened.frame("final_psi", Window((1, 2), (1, 2), 100, 100))
    with pytest.raises(ArtifactError, match="final_psi"):
        opened.mask("final_psi", window)
    with pytest.raises(ArtifactError, match="final_psi"):
        opened.value("final_psi", 1, 1)
    with pytest.raises(ValueError, match="'median', expected one of"):
        opened.frame("final_rho", window, "median")


def test_a_closed_source_reads_no_more(big):
    opened = open_source(*big)
    opened.close()
    with pytest.raises(ArtifactError):
        opened.frame("final_rho", full_window(N, L))


def test_another_run_s_artifact_is_refused(big):
    with pytest.raises(ArtifactError) as found:
        open_source(big[0], "0" * 40)
    assert found.value.failure == "config_mismatch"


def test_a_large_grid_without_levels_is_refused_before_it_fills_the_memory(tmp_path, monkeypatch):
    path, run = write_planes(tmp_path, *[np.zeros((64, 64), np.float32)] * 2)
    open_source(path, run).close()
    monkeypatch.setattr(source, "MOST_WHOLE", 32)
    with pytest.raises(ArtifactError, match="64 cells a side without levels"):
        open_source(path, run)


def test_several_threads_may_draw_at_once(opened, planes):
    drawn = list(windows(6, seed=5))
    alone = [opened.frame("final_rho", window, "max").values for window in drawn]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda w: opened.frame("final_rho", w, "max").values, drawn * 3))
    for found, want in zip(together, alone * 3, strict=True):
        np.testing.assert_array_equal(found, want)


def test_the_bench_s_field_is_an_artifact_with_true_levels(tmp_path):
    path = big_field.write(tmp_path, 2048)
    run = path.stem.removeprefix("rho_history_")
    with open_artifact(path, run) as artifact:
        for name in big_field.DRAWN:
            rows = [big_field.plane(name, band, 2048) for band in bands_of(2048)]
            np.testing.assert_array_equal(artifact.read(name), np.concatenate(rows))
            assert first_difference(artifact.read, artifact.window, name, 2048, 64.0) == ""
    opened = open_source(path, run)
    assert opened.reach("final_rho").high == 50
    assert np.count_nonzero(opened.mask("final_rho", full_window(2048, 64.0)).values) == 1
    with pytest.raises(ArtifactError, match="0 chunks stored"):
        opened.reach("final_rho_s")
    opened.close()
    path.unlink()

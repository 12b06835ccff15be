"""Planes that are stored and planes that are made are drawn alike, by window, from true cells."""

import numpy as np
import pytest
from planes import LENGTH, aggregate, write_planes

from engine.settings import RunConfig
from engine.store.workspace import Workspace
from irer_panel import mosaic
from irer_panel.fields import FIELDS, difference, read_run
from irer_panel.plane import Plane
from irer_panel.viewport import AGGREGATIONS, Window, full_window
from irer_panel.views.field_paint import Asked, paint
from irer_panel.views.field_profiles import curves
from irer_panel.views.field_state import FieldView, Pane

N = 2060  # levels 2 and 4 of which the last cells are whole, and no power of two
SIZE = LENGTH / N
CHUNK = 256**2 * 4


@pytest.fixture(scope="module")
def cells():
    random = np.random.default_rng(5)
    rho = random.normal(size=(N, N)).astype(np.float32)
    rho[1500, 1800] = np.nan
    turn = random.uniform(0, 0.4, (N, N)) + np.linspace(0, 12, N)
    psi = np.exp(1j * turn).astype(np.complex64)
    psi[40, 50] = complex(np.nan, np.nan)
    return rho, psi


@pytest.fixture(scope="module")
def big(cells, tmp_path_factory):
    folder = tmp_path_factory.mktemp("planes")
    rho, psi = cells
    path, run = write_planes(folder, rho, -np.ones((N, N), np.float32), psi)
    yield path, run
    path.unlink()


@pytest.fixture
def coarse(monkeypatch):
    """Let every window come from a level."""
    monkeypatch.setattr(mosaic, "MOST_CELLS", 0)
    monkeypatch.setattr(mosaic, "MOST_VALUES", 300_000)


WINDOWS = (
    full_window(N, LENGTH, 300),
    Window((1.3, 14.2), (4.0, 19.0), 310, 280),
    Window((-3.0, 9.9), (0.1, 12.0), 350, 250),
)


def test_a_made_plane_shows_the_aggregates_of_its_own_cells(cells, coarse):
    rho, _ = cells
    plane = Plane.made(rho, RunConfig(N_grid=N, domain_length=LENGTH))
    assert plane.missing == 1
    for window in (*WINDOWS, *WINDOWS):  # drawing changes nothing that is kept
        for aggregation in AGGREGATIONS:
            frame = plane.frame(window, aggregation)
            want = aggregate(rho, frame, aggregation, SIZE)
            np.testing.assert_allclose(frame.values, want, rtol=1e-6, atol=1e-6)
            assert not frame.exact
        mask = plane.mask(window)
        np.testing.assert_allclose(mask.values, aggregate(rho, mask, "share", SIZE), atol=1e-6)
    np.testing.assert_array_equal(plane.whole(), rho)
    np.testing.assert_array_equal(plane.row(9, slice(3, 99)), rho[9, 3:99])
    np.testing.assert_array_equal(plane.column(9, slice(3, 99)), rho[3:99, 9])
    assert plane.value(7, 8) == rho[7, 8]


def test_the_mean_of_angles_is_that_of_their_directions_at_every_level(big, cells, coarse):
    plane = read_run(*big, ["phase"]).planes["phase"]
    psi = cells[1]
    assert plane.missing == 1
    for window in WINDOWS:
        frame = plane.frame(window)
        east, north = (aggregate(each, frame, "mean", SIZE) for each in (psi.real, psi.imag))
        apart = np.angle(np.exp(1j * (frame.values - np.arctan2(north, east))))
        np.testing.assert_allclose(apart, 0, atol=1e-5)
    assert np.count_nonzero(plane.mask(WINDOWS[0]).values) == 1
    close = Window((2.0, 3.1), (1.0, 1.9), 400, 300)
    exact = plane.frame(close)
    assert exact.exact
    np.testing.assert_allclose(exact.values, np.angle(psi[exact.cells]), atol=1e-6)


def test_a_difference_of_large_grids_is_drawn_from_its_own_levels(big, cells, coarse):
    one = read_run(*big, ["rho"])
    delta = difference(one, one, FIELDS["rho"])
    assert (delta.reach.low, delta.reach.high, delta.missing) == (0, 0, 1)
    frame = delta.frame(WINDOWS[0], "max")
    np.testing.assert_array_equal(frame.values, np.zeros(frame.values.shape))


def test_what_would_take_the_memory_to_make_is_refused_in_words(big, monkeypatch):
    monkeypatch.setattr("irer_panel.fields.MADE_LIMIT", 2048)
    fields = read_run(*big, ["phase", "rho", "residual"])
    assert (
        "got a grid of 2,060 cells a side, expected at most 2,048" in fields.planes["phase"].problem
    )
    assert "expected at most 2,047" in fields.planes["residual"].problem
    assert difference(fields, fields, FIELDS["rho"]).problem.startswith("Δ final_rho: got a grid")


def test_zooming_a_large_run_reads_the_chunks_under_the_window_and_no_more(
    big, workspace_of, coarse
):
    place, asked = workspace_of(big), Asked(big[1], "", FieldView((Pane("rho"), Pane("rho"))))
    painted = paint(asked, place)
    source = painted.fields.source
    known = source.bytes_read
    assert known < N * N * 4  # levels, not the plane

    def look(column):
        """Look at 100 cells from a column on, in both panes."""
        nonlocal painted
        x = (column + 0.5) * SIZE
        window = Window((x, x + 99 * SIZE), (0, 99 * SIZE), 300, 300)
        painted = paint(asked, place, before=painted, window=window, extent=source.extent)
        assert [picture.frame.exact for picture in painted.pictures] == [True, True]
        assert painted.fields.source is source
        return source.bytes_read - known

    assert look(0) == CHUNK
    assert look(100) == CHUNK
    assert look(200) == 2 * CHUNK
    assert look(400) == 2 * CHUNK
    assert look(1000) == 4 * CHUNK


def test_a_profile_of_very_many_cells_keeps_every_extreme(big, workspace_of, cells, monkeypatch):
    monkeypatch.setattr("irer_panel.views.field_profiles.MOST_STEPS", 100)
    shown = paint(Asked(big[1], "", FieldView()), workspace_of(big)).pictures[0]
    row, column = curves(shown, (1500, 3), shown.extent, shown.extent)
    assert len(row.values) == len(row.places) <= 200
    assert (row.values.min(), row.values.max()) == (
        np.nanmin(cells[0][1500]),
        np.nanmax(cells[0][1500]),
    )
    assert (row.places[0], row.places[-1]) == pytest.approx(shown.extent)
    assert column.values.max() == cells[0][:, 3].max()
    monkeypatch.undo()
    row, _ = curves(shown, (1500, 3), shown.extent, shown.extent)
    np.testing.assert_array_equal(row.values, np.repeat(cells[0][1500], 2))


@pytest.fixture
def workspace_of():
    """The workspace that an artifact lies in."""
    return lambda big: Workspace.open(big[0].parents[1])

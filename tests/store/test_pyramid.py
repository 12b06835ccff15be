"""The levels of a plane are its own aggregation, whatever its size, and cannot lie unnoticed."""

import shutil

import h5py
import numpy as np
import pytest
import xarray
from store_samples import SMALL, run_result

from engine.audit.command import validate
from engine.errors import ArtifactError
from engine.hunt.runs import artifact_bytes
from engine.settings import RunConfig
from engine.store.artifact import open_artifact, write_artifact
from engine.store.pyramid import (
    FIELDS,
    STATISTICS,
    bands_of,
    centres_of,
    factors_of,
    headers_of,
    levels_of,
    name_of,
)
from engine.store.workspace import Workspace

BIG = RunConfig(N_grid=2048)


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    """The artifact of a run with levels, its ρ, and how large it is."""
    result = run_result(BIG, frames=0, samples=1)
    result.final_rho[700, 33], result.final_rho[5, 5] = np.nan, 77
    path = Workspace.open(tmp_path_factory.mktemp("big")).artifact_path(BIG.config_hash)
    yield path, write_artifact(path, BIG, result), result.final_rho
    path.unlink()  # 190 MB, which pytest would keep for three sessions


@pytest.fixture
def copy(big, tmp_path):
    path = shutil.copy(big[0], tmp_path / big[0].name)
    yield path
    path.unlink()


def levels(plane):
    """Every level of a plane, as one array a statistic."""
    n = len(plane)
    parts = {}
    for factor, row, level in levels_of((plane[rows] for rows in bands_of(n)), n):
        done = parts.setdefault(factor, [])
        assert row == sum(len(each[0]) for each in done)
        done.append(level)
    return {
        factor: [np.concatenate(each) for each in zip(*done, strict=True)]
        for factor, done in parts.items()
    }


def expected(plane, factor):
    """The same by the definition: every block by itself."""
    starts = np.arange(0, len(plane), factor)
    finite = np.isfinite(plane)

    def each(combine, values):
        return combine.reduceat(combine.reduceat(values, starts, axis=0), starts, axis=1)

    count = each(np.add, finite.astype(int))
    size = each(np.add, np.ones(plane.shape, int))
    with np.errstate(invalid="ignore"):
        mean = each(np.add, np.where(finite, plane, 0).astype(float)) / count
    low = each(np.fmin, np.where(finite, plane, np.nan))
    high = each(np.fmax, np.where(finite, plane, np.nan))
    return mean, low, high, size - count


@pytest.mark.parametrize("n", [2048, 2050, 2602, 4098])
def test_levels_are_the_aggregation_of_their_cells(n):
    plane = np.random.default_rng(n).normal(size=(n, n)).astype(np.float32)
    plane[:140, 300:430] = np.nan
    plane[-1, -1], plane[-1, 7], plane[9, -1] = np.inf, -np.inf, np.nan
    found = levels(plane)
    assert tuple(found) == factors_of(n)
    for factor, level in found.items():
        for name, got, want in zip(STATISTICS, level, expected(plane, factor), strict=True):
            assert got.shape == (-(-n // factor),) * 2
            np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-7, err_msg=f"{factor} {name}")
            if name != "mean":
                np.testing.assert_array_equal(got, want)


def test_one_spike_and_one_hole_reach_the_coarsest_level():
    plane = np.zeros((4096, 4096), np.float32)
    plane[1234, 3210], plane[4095, 0] = 1e6, np.nan
    mean, low, high, nonfinite = levels(plane)[8]
    assert high[1234 // 8, 3210 // 8] == 1e6
    assert mean[1234 // 8, 3210 // 8] == 1e6 / 64
    assert low.max() == 0
    assert nonfinite[511, 0] == nonfinite.sum() == 1


def test_levels_go_down_to_about_512_cells_a_side():
    assert factors_of(2046) == ()
    assert factors_of(2048) == (2, 4)
    assert factors_of(3000) == (2, 4)
    assert factors_of(32_768) == (2, 4, 8, 16, 32, 64)
    assert factors_of(65_536)[-1] == 128


def test_a_block_without_a_finite_cell_is_no_number():
    plane = np.ones((2048, 2048))
    plane[:4, :4] = np.inf
    mean, low, high, nonfinite = levels(plane)[4]
    assert np.isnan([mean[0, 0], low[0, 0], high[0, 0]]).all()
    assert nonfinite[0, 0] == 16
    assert mean.dtype == low.dtype == np.float64
    assert mean[0, 1] == 1


def test_the_middle_of_a_last_block_is_that_of_its_own_cells():
    centres = centres_of(2050, 4, 2050.0)
    assert centres[0] == 1.5
    assert centres[-1] == 2048.5  # cells 2048 and 2049 alone


def test_an_artifact_from_2048_cells_on_holds_the_levels_of_its_real_fields(big):
    path, record, rho = big
    with open_artifact(path) as artifact:
        assert artifact.levels == (2, 4)
        assert set(headers_of(2048, np.dtype("f4"))) < set(artifact.names)
        for factor, level in levels(rho).items():
            for name, want in zip(STATISTICS, level, strict=True):
                np.testing.assert_array_equal(
                    artifact.read(name_of("final_rho", factor, name)), want, strict=True
                )
        part = artifact.window("final_rho", slice(690, 710), slice(30, 40))
        np.testing.assert_array_equal(part, rho[690:710, 30:40], strict=True)
        artifact.verify()
    assert 0 < record.bytes - artifact_bytes(BIG, 0) < 100_000


def test_a_small_grid_has_no_levels(tmp_path):
    path = Workspace.open(tmp_path).artifact_path(SMALL.config_hash)
    write_artifact(path, SMALL, run_result())
    with open_artifact(path) as artifact:
        assert artifact.levels == ()
    with h5py.File(path, "r+") as file:
        file.create_dataset("pyramid/final_rho/2/mean", data=np.zeros((8, 8), "f4"))
    with pytest.raises(ArtifactError, match="pyramid"), open_artifact(path):
        pass


def test_levels_are_chunked_checksummed_and_without_times(big):
    def check(name, node):
        assert h5py.h5g.get_objinfo(node.id).mtime == 0, name
        if isinstance(node, h5py.Dataset):
            assert node.fletcher32, name
            assert node.compression is None, name
            assert max(node.chunks) <= 256 or node.ndim == 1, name

    with h5py.File(big[0], "r") as file:
        file["pyramid"].visititems(check)


def test_the_same_run_gives_the_same_bytes(big, tmp_path):
    result = run_result(BIG, frames=0, samples=1)
    result.final_rho[700, 33], result.final_rho[5, 5] = np.nan, 77
    path = Workspace.open(tmp_path).artifact_path(BIG.config_hash)
    assert write_artifact(path, BIG, result) == big[1]
    path.unlink()


def test_xarray_opens_a_level_as_a_picture_with_its_places(big):
    with xarray.open_datatree(big[0], engine="h5netcdf") as tree:
        level = tree["pyramid/final_rho/4"]
        assert level["max"].dims == ("y4", "x4")
        assert float(level["max"].max()) == 77
        np.testing.assert_array_equal(level["x4"], centres_of(2048, 4, BIG.domain_length))
    with h5py.File(big[0], "r") as file:
        assert file["pyramid/final_rho/4/y4"].attrs["NAME"] == b"y4"


def changed(name, value):
    def change(file):
        dataset = file[name]
        dataset[(3,) * dataset.ndim] = value

    return change


LIES = {f"{field} {leaf}": name_of(field, 4, leaf) for field in FIELDS for leaf in STATISTICS}
LIES |= {"places": name_of("final_g_tt", 2, "y2")}


@pytest.mark.parametrize("name", LIES.values(), ids=LIES)
def test_a_level_that_lies_about_its_plane_is_named_by_a_check(copy, name):
    with h5py.File(copy, "r+") as file:
        changed(name, 9)(file)
    with open_artifact(copy) as artifact, pytest.raises(ArtifactError) as found:
        artifact.verify()
    assert f"{name}: got other values" in str(found.value)
    assert found.value.failure == "artifact_unreadable"


def test_an_audit_says_no_to_a_level_that_lies(copy):
    with h5py.File(copy, "r+") as file:
        changed(name_of("final_rho", 2, "max"), 9)(file)
    report = validate(str(copy), None)
    assert report["status"] == "artifact_unreadable"
    assert "pyramid/final_rho/2/max" in report["error"]


def test_a_plane_that_changed_under_its_levels_is_found(copy):
    with h5py.File(copy, "r+") as file:
        file["final_rho"][2047, 2047] += 1
    with open_artifact(copy) as artifact, pytest.raises(ArtifactError, match="other values"):
        artifact.verify()


FORGED = {
    "a level is missing": lambda f: f["pyramid/final_rho"].pop("4"),
    "a statistic is missing": lambda f: f["pyramid/final_rho/2"].pop("nonfinite"),
    "a field is missing": lambda f: f["pyramid"].pop("final_g_tt"),
    "a level too many": lambda f: f.create_group("pyramid/final_rho/8"),
    "a stranger in a level": lambda f: f.create_dataset("pyramid/final_rho/2/median", data=1),
    "a stranger among the fields": lambda f: f.create_group("pyramid/final_psi"),
    "a link out": lambda f: f["pyramid"].__setitem__("x", h5py.ExternalLink("/etc/passwd", "/")),
    "no group": lambda f: [f.pop("pyramid"), f.create_dataset("pyramid", data=1)],
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_a_pyramid_is_whole_and_nothing_else(copy, forge):
    with h5py.File(copy, "r+") as file:
        forge(file)
    with pytest.raises(ArtifactError) as found, open_artifact(copy):
        pass
    assert found.value.failure == "artifact_unreadable"
    assert "pyramid" in str(found.value)


def test_an_artifact_of_before_there_were_pyramids_is_read_as_it_is(copy):
    with h5py.File(copy, "r+") as file:
        del file["pyramid"]
    with open_artifact(copy) as artifact:
        assert artifact.levels == ()
        artifact.verify()


def test_a_level_with_a_hole_or_without_checksums_is_refused(copy):
    name = "pyramid/final_rho/2/max"
    with h5py.File(copy, "r+") as file:
        del file[name]
        file.create_dataset(name, (1024, 1024), "f4", chunks=(256, 256), fletcher32=True)
    with open_artifact(copy) as artifact, pytest.raises(ArtifactError, match="chunks stored"):
        artifact.window(name, slice(0, 4), slice(0, 4))
    with h5py.File(copy, "r+") as file:
        del file[name]
        file.create_dataset(name, data=np.zeros((1024, 1024), "f4"), chunks=(256, 256))
    with pytest.raises(ArtifactError, match="no checksums"), open_artifact(copy):
        pass

"""What xarray and NeXus readers find in an artifact."""

import warnings

import h5py
import numpy as np
import pytest
import xarray as xr
from store_samples import SMALL, run_result

from engine.store.artifact import write_artifact


@pytest.fixture
def path(workspace):
    path = workspace.artifact_path(SMALL.config_hash)
    final_rho = run_result().final_rho.copy()
    final_rho[0] = 0
    write_artifact(path, SMALL, run_result(final_rho=final_rho))
    return path


def opened(path, group=None):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with xr.open_dataset(path, engine="h5netcdf", group=group) as dataset:
            return dataset.load()


def test_xarray_reads_the_final_fields_with_their_coordinates(path):
    dataset = opened(path)
    expected = run_result()
    assert set(dataset.data_vars) == {"final_rho", "final_g_tt", "final_psi", "final_rho_s"}
    assert dataset.final_psi.dims == ("y", "x")
    np.testing.assert_array_equal(dataset.final_psi, expected.psi, strict=False)
    assert dataset.final_psi.dtype == np.complex64
    np.testing.assert_array_equal(dataset.x, np.arange(16) * 4.0)
    assert dataset.final_rho.sel(x=8.0, y=4.0) == expected.final_rho[1, 2]
    assert dataset.attrs["config_hash"] == SMALL.config_hash


def test_xarray_takes_a_zero_for_a_zero(path):
    assert (opened(path).final_rho[0] == 0).all()


def test_xarray_reads_history_and_diagnostics_over_their_own_times(path):
    expected = run_result()
    history = opened(path, "history")
    assert history.rho.dims == ("t", "y", "x")
    np.testing.assert_array_equal(history.rho, expected.history_rho)
    np.testing.assert_array_equal(history.t, expected.history_t)
    diagnostics = opened(path, "diagnostics")
    assert diagnostics.q_coherence.dims == ("t",)
    np.testing.assert_array_equal(diagnostics.t, expected.diagnostics["t"])


def test_xarray_reads_the_whole_tree(path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with xr.open_datatree(path, engine="h5netcdf") as tree:
            assert tree["checkpoint"]["psi"].shape == (16, 16)
            assert tree["history"]["rho"].coords["x"].size == 16, "inherited from the root"


def test_xarray_reads_an_artifact_without_history(workspace):
    path = workspace.artifact_path(SMALL.config_hash)
    write_artifact(path, SMALL, run_result(frames=0, diagnostics={}))
    assert opened(path, "history").rho.shape == (0, 16, 16)
    assert opened(path).final_rho.shape == (16, 16)


def test_a_nexus_reader_arrives_at_the_density_by_following_the_defaults(path):
    with h5py.File(path, "r") as file:
        assert file.attrs["NX_class"] == "NXroot"
        entry = file[file.attrs["default"]]
        assert entry.attrs["NX_class"] == "NXentry"
        data = entry[entry.attrs["default"]]
        assert data.attrs["NX_class"] == "NXdata"
        assert data.attrs["interpretation"] == "image"
        assert data[data.attrs["signal"]] == file["final_rho"]


def test_every_nxdata_group_describes_what_is_there(path):
    with h5py.File(path, "r") as file:
        groups = dict(file["entry"].items())
        assert set(groups) == {"final", "psi", "history", "diagnostics"}
        for data in groups.values():
            signal = data[data.attrs["signal"]]
            axes = list(data.attrs["axes"])
            assert [data[axis].size for axis in axes] == list(signal.shape)
            for other in data.attrs.get("auxiliary_signals", ()):
                assert data[other].shape == signal.shape
            assert data.attrs["interpretation"] == ("image" if len(axes) > 1 else "spectrum")


def test_an_artifact_without_history_describes_none(workspace):
    path = workspace.artifact_path(SMALL.config_hash)
    write_artifact(path, SMALL, run_result(frames=0, diagnostics={}))
    with h5py.File(path, "r") as file:
        assert set(file["entry"]) == {"final", "psi"}

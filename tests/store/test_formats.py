"""A run's fields in other formats, read back by those formats' own libraries, bit for bit."""

import json
import os
import warnings

import h5py
import numpy as np
import pytest
import xarray as xr
from store_samples import SMALL, run_result
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkIOXML import vtkXMLImageDataReader

from engine.errors import ArtifactError, SettingsError, WorkspaceError
from engine.store.artifact import write_artifact
from engine.store.formats import FORMATS, export_run
from engine.store.provenance import write_provenance

RUN = SMALL.config_hash
PROVENANCE = {"config_hash": RUN, "status": "ok", "log_prime_sse": 0.1}


@pytest.fixture
def place(workspace):
    rho = run_result().final_rho.copy()
    rho[0, :4] = (np.nan, np.inf, -0.0, 1e-45)
    write_artifact(workspace.artifact_path(RUN), SMALL, run_result(final_rho=rho))
    write_provenance(workspace.provenance_path(RUN), PROVENANCE)
    return workspace


@pytest.fixture
def stored(place):
    """Every array of the artifact by its path, as h5py reads it."""
    with h5py.File(place.artifact_path(RUN)) as file:
        found = {}
        file.visititems(
            lambda name, each: found.update({name: each[()]} if hasattr(each, "shape") else {})
        )
    return found


def same(found, expected):
    assert found.dtype == expected.dtype
    assert found.tobytes() == expected.tobytes()


def told(attributes):
    assert attributes["config_hash"] == RUN
    assert json.loads(attributes["config"]) == SMALL.to_dict()
    assert json.loads(attributes["provenance"]) == PROVENANCE
    assert float(attributes["t_end"]) == 1.0


def tree_of(path, engine):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with xr.open_datatree(path, engine=engine) as tree:
            return tree.load()


@pytest.mark.parametrize(("to", "engine"), [("zarr", "zarr"), ("netcdf", "h5netcdf")])
def test_xarray_reads_the_same_tree(place, stored, tmp_path, to, engine):
    path = tmp_path / f"run.{to}"
    report = export_run(place, RUN, to, str(path))
    assert report == {"datasets": len(stored), "output": str(path)}
    tree = tree_of(path, engine)
    told(tree.attrs)
    for name, expected in stored.items():
        same(tree[name].values, expected)
    assert tree["final_psi"].dims == ("y", "x")
    assert tree["history/rho"].dims == ("t", "y", "x")
    same(tree["history/rho"].coords["x"].values, stored["x"])
    same(tree["history/rho"].coords["t"].values, stored["history/t"])
    assert tree["final_g_tt"].attrs["long_name"] == "g_tt at the end"


def test_what_xarray_reads_of_an_artifact_it_writes_again_unchanged(place, stored, tmp_path):
    with xr.open_dataset(place.artifact_path(RUN), engine="h5netcdf") as opened:
        opened.to_netcdf(tmp_path / "again.nc", engine="h5netcdf")
        with xr.open_dataset(tmp_path / "again.nc", engine="h5netcdf") as again:
            assert again.sizes == opened.sizes
            for name in opened.variables:
                same(again[name].values, stored[name])


def test_numpy_reads_the_same_arrays(place, stored, tmp_path):
    export_run(place, RUN, "npz", str(tmp_path / "run.npz"))
    with np.load(tmp_path / "run.npz") as file:
        told(json.loads(str(file["attributes"])))
        assert set(file.files) == {*stored, "attributes"}
        for name, expected in stored.items():
            same(file[name], expected)


def test_vtk_reads_the_same_planes_over_the_same_points(place, stored, tmp_path):
    path = tmp_path / "run.vti"
    export_run(place, RUN, "vtk", str(path))
    reader = vtkXMLImageDataReader()
    reader.SetFileName(str(path))
    reader.Update()
    image = reader.GetOutput()
    assert image.GetDimensions() == (16, 16, 1)
    assert image.GetPoint(16 + 2)[:2] == (stored["x"][2], stored["y"][1])
    arrays, texts = image.GetPointData(), image.GetFieldData()
    told({each: texts.GetAbstractArray(each).GetValue(0) for each in names_of(texts)})
    planes = {name for name, each in stored.items() if each.ndim == 2}
    assert set(names_of(arrays)) == planes
    for name in planes:
        found = np.ascontiguousarray(vtk_to_numpy(arrays.GetArray(name)))
        same(found.view(stored[name].dtype).reshape(16, 16), stored[name])
    assert arrays.GetScalars().GetName() == "final_rho"


def names_of(data):
    return [data.GetArrayName(index) for index in range(data.GetNumberOfArrays())]


@pytest.mark.parametrize("to", FORMATS)
def test_nothing_is_overwritten(place, tmp_path, to):
    for name in ("file", "folder", "empty", "link"):
        path = tmp_path / name
        if name == "file":
            path.write_text("kept")
        elif name == "link":
            path.symlink_to(tmp_path / "nowhere")
        else:
            path.mkdir()
        if name == "folder":
            (path / "kept").touch()
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(SettingsError, match="is there already"):
            export_run(place, RUN, to, str(path))
        assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "file").read_text() == "kept"


@pytest.mark.parametrize("to", FORMATS)
def test_a_damaged_artifact_is_not_exported(place, tmp_path, to):
    path = place.artifact_path(RUN)
    data = bytearray(path.read_bytes())
    data[data.find(run_result().final_rho[1:].tobytes())] ^= 1
    path.write_bytes(data)
    with pytest.raises(ArtifactError):
        export_run(place, RUN, to, str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("to", FORMATS)
def test_a_full_disk_leaves_nothing(place, make_disk, to):
    disk = make_disk("8k")
    with pytest.raises(WorkspaceError, match="No space"):
        export_run(place, RUN, to, str(disk / "out"))
    assert os.listdir(disk) == []

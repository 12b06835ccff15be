"""A run's fields in the formats of other tools, bit for bit, with config and provenance.

`zarr` and `netcdf` hold the artifact's groups under the same names, as xarray's trees; `npz` the
arrays under their paths. `vtk` holds what has two dimensions: ParaView reads a frame a file.
"""

import importlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine import __version__
from engine.errors import SettingsError
from engine.store.artifact import Artifact, open_artifact
from engine.store.eviction import check_not_evicted
from engine.store.layout import DIAGNOSTIC, LAYOUT, dtype_of
from engine.store.new_file import new_path
from engine.store.provenance import read_provenance
from engine.store.vtk_image import write_image
from engine.store.workspace import Workspace
from engine.store.write_stream import WriteStream

if TYPE_CHECKING:
    import xarray

_SCALES = ("x", "y", "t")


def export_run(place: Workspace, run: str, to: str, output: str | None = None) -> dict[str, Any]:
    """Write the fields of a run in another format.

    Args:
        place: the workspace.
        run: its id.
        to: a key of `FORMATS`.
        output: a name that nothing has; None for `<run>.<suffix>` in the working directory.

    Returns:
        How many datasets were written, and the output.

    Raises:
        ArtifactError: there is no artifact, or it cannot be trusted.
        SettingsError: the output is there already, or a library is not installed.
        WorkspaceError: it cannot be written.
    """
    suffix, write = FORMATS[to]
    path = Path(output or f"{run}{suffix}")
    check_not_evicted(place, run)
    with open_artifact(place.artifact_path(run), run) as artifact:
        artifact.verify()
        names = [name for name in artifact.names if not name.startswith("pyramid/")]
        with new_path(path) as temporary:
            count = write(temporary, artifact, names, _attributes(place, artifact))
    return {"datasets": count, "output": str(path)}


def _attributes(place: Workspace, artifact: Artifact) -> dict[str, Any]:
    """What the file says of itself: plain texts and numbers, which every format can hold."""
    found = {
        "config_hash": artifact.config_hash,
        "config": json.dumps(artifact.config.to_dict(), sort_keys=True),
        "device_kind": artifact.device_kind,
        "t_end": artifact.t_end,
        "checkpoint_t": artifact.checkpoint_t,
        "software": f"irer {__version__}",
    }
    path = place.provenance_path(artifact.config_hash)
    if path.exists():
        found["provenance"] = json.dumps(read_provenance(path), sort_keys=True)
    return found


def _npz(path: Path, artifact: Artifact, names: list[str], attributes: dict[str, Any]) -> int:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:  # one at a time, which `np.savez` does not do
            with archive.open(f"{name}.npy", "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, artifact.read(name))
        with archive.open("attributes.npy", "w") as stream:
            np.lib.format.write_array(stream, np.array(json.dumps(attributes)))
    return len(names)


def _tree(artifact: Artifact, names: list[str], attributes: dict[str, Any]) -> "xarray.DataTree":
    import xarray

    groups: dict[str, xarray.Dataset] = {"/": xarray.Dataset(attrs=attributes)}
    for name in names:
        folder, _, leaf = name.rpartition("/")
        entry = LAYOUT.get(name, DIAGNOSTIC)
        group = groups.setdefault(f"/{folder}", xarray.Dataset())
        about = {"long_name": entry.long_name} if entry.long_name else {}
        array = xarray.DataArray(artifact.read(name), dims=entry.axes, attrs=about)
        array.encoding["_FillValue"] = None  # every value is one
        if leaf in _SCALES:
            groups[f"/{folder}"] = group.assign_coords({leaf: array.variable})
        else:
            group[leaf] = array
    return xarray.DataTree.from_dict(groups)


def _zarr(path: Path, artifact: Artifact, names: list[str], attributes: dict[str, Any]) -> int:
    _require("zarr")
    _tree(artifact, names, attributes).to_zarr(path, mode="w-", zarr_format=2)
    return len(names)


def _netcdf(path: Path, artifact: Artifact, names: list[str], attributes: dict[str, Any]) -> int:
    _require("h5netcdf")
    tree = _tree(artifact, names, attributes)
    path.touch()
    with WriteStream(path) as stream:  # on a full disk HDF5 itself would crash
        tree.to_netcdf(stream, mode="w", engine="h5netcdf")
    return len(names)


def _vtk(path: Path, artifact: Artifact, names: list[str], attributes: dict[str, Any]) -> int:
    planes = [name for name in names if LAYOUT.get(name, DIAGNOSTIC).axes == ("y", "x")]
    n = artifact.config.N_grid
    with path.open("wb") as stream:
        write_image(
            stream,
            {name: dtype_of(LAYOUT[name], artifact.config.precision) for name in planes},
            artifact.read,
            n,
            artifact.config.domain_length / n,
            attributes,
        )
    return len(planes)


def _require(name: str) -> None:
    """Say how to install a library that is not there."""
    try:
        importlib.import_module(name)
    except ImportError as error:
        raise SettingsError(
            f"export: {name} is not installed, expected it for this format; `pip install "
            "'irer[formats]'` brings it.",
            field="to",
        ) from error


FORMATS: dict[str, tuple[str, Callable[[Path, Artifact, list[str], dict[str, Any]], int]]] = {
    "zarr": (".zarr", _zarr),
    "netcdf": (".nc", _netcdf),
    "npz": (".npz", _npz),
    "vtk": (".vti", _vtk),
}
"""By name: the suffix of what is written, and what writes it and counts its datasets."""

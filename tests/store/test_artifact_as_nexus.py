"""Nothing is wrong with an artifact as NeXus: silx's reader judges it, and the manual's own rules.

silx validates NXdata and is maintained by those who made H5Web; punx, the validator of the NeXus
project, needs Qt and fetches definitions from the network, pynxtools judges application
definitions, of which an artifact has none. So what silx does not look at, the rules of the manual
(NXroot, NXentry, NXdata; "Rules for Storing Data") are checked here one by one.
"""

import re

import h5py
import numpy as np
import pytest
import silx.io
from silx.io.nxdata import NXdata, get_default, is_valid_nxdata
from store_samples import SMALL, run_result

from engine.store.artifact import write_artifact

NAME = re.compile(r"[a-zA-Z0-9_]([a-zA-Z0-9_.]*[a-zA-Z0-9_])?")
INTERPRETATIONS = {"scalar", "spectrum", "image", "rgb-image", "rgba-image", "vertex"}


@pytest.fixture
def path(workspace):
    path = workspace.artifact_path(SMALL.config_hash)
    write_artifact(path, SMALL, run_result())
    return path


def findings(file):
    """What the manual's rules find wrong."""
    found = []

    def text(owner, name, required=False):
        value = owner.attrs.get(name)
        if value is None and not required:
            return None
        if not isinstance(value, str):
            found.append(f"{owner.name}@{name}: {value!r} is no text")
        return value

    def visit(group):
        kind = text(group, "NX_class")
        if "default" in group.attrs and text(group, "default") not in group:
            found.append(f"{group.name}@default names nothing in it")
        if kind == "NXroot" and not any(
            file[each].attrs.get("NX_class") == "NXentry" for each in group
        ):
            found.append("NXroot without NXentry")
        if kind == "NXdata":
            judge(group)
        for name, child in group.items():
            if not NAME.fullmatch(name):
                found.append(f"{group.name}/{name}: no NeXus name")
            if isinstance(child, h5py.Group):
                visit(child)

    def judge(group):
        signal, axes = text(group, "signal", required=True), list(group.attrs.get("axes", ()))
        if not isinstance(group.get(signal), h5py.Dataset):
            found.append(f"{group.name}@signal: {signal!r} is no dataset of it")
            return
        shape = group[signal].shape
        if len(axes) != len(shape):
            found.append(f"{group.name}@axes: {axes} for {len(shape)} dimensions")
        for index, axis in enumerate(axes):
            if axis != "." and (axis not in group or group[axis].shape != (shape[index],)):
                found.append(f"{group.name}: axis {axis!r} is not as long as its dimension")
        for each in group.attrs.get("auxiliary_signals", ()):
            if each == signal or each not in group or group[each].shape != shape:
                found.append(f"{group.name}@auxiliary_signals: {each!r} is not like the signal")
        if group.attrs.get("interpretation", "scalar") not in INTERPRETATIONS:
            found.append(f"{group.name}@interpretation: unknown")

    visit(file)
    return found


def test_nothing_is_wrong_by_the_manuals_rules(path):
    with h5py.File(path) as file:
        assert findings(file) == []


SPOILED = {
    "a default that leads nowhere": lambda file: file.attrs.update(default="nothing"),
    "a signal that is not there": lambda file: file["entry/final"].attrs.update(signal="rho"),
    "an axis too few": lambda file: file["entry/psi"].attrs.update(axes=["y"]),
    "an axis of another length": lambda file: file["entry/history"].attrs.update(
        axes=["x", "y", "t"]
    ),
    "an auxiliary signal of another shape": lambda file: file["entry/final"].attrs.update(
        auxiliary_signals=["x"]
    ),
    "an unknown interpretation": lambda file: file["entry/psi"].attrs.update(interpretation="map"),
    "a name with a space": lambda file: file.create_group("entry/a b"),
}


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
def test_the_rules_find_what_is_wrong(path, spoil):
    with h5py.File(path, "r+") as file:
        spoil(file)
        assert findings(file)


def test_silx_finds_the_density_over_its_axes(path):
    expected = run_result()
    with silx.io.open(str(path)) as file:
        shown = get_default(file)
        assert (shown.signal_dataset_name, shown.axes_dataset_names) == ("final_rho", ["y", "x"])
        assert shown.auxiliary_signals_dataset_names == ["final_g_tt", "final_rho_s"]
        assert shown.is_image
        np.testing.assert_array_equal(shown.signal[()], expected.final_rho)
        np.testing.assert_array_equal(shown.axes[1][()], np.arange(16) * 4.0)


def test_silx_finds_nothing_wrong_with_any_group(path):
    with h5py.File(path) as file:
        groups = list(file["entry"].values())
        assert len(groups) == 4
        for group in groups:
            assert is_valid_nxdata(group)
            assert NXdata(group).issues == []


def test_silx_would_find_something(path):
    with h5py.File(path, "r+") as file:
        file["entry/final"].attrs["axes"] = ["y", "t"]
        assert NXdata(file["entry/final"]).issues

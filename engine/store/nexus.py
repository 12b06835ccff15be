"""The NeXus description of an artifact, so that H5Web and kin plot it at the first click.

Nothing is stored twice: an NXdata group holds soft links to the datasets and says how they belong
together. Source: NeXus manual, NXroot, NXentry and NXdata (2014 and later).
"""

import h5py

ENTRY = "entry"


def describe(file: h5py.File, diagnostics: list[str]) -> None:
    """Add the NeXus entry to a file that holds the datasets of `engine.store.layout`.

    Args:
        file: an open artifact.
        diagnostics: names under `diagnostics/`, without `t`.
    """
    file.attrs["NX_class"] = "NXroot"
    file.attrs["default"] = ENTRY
    entry = _group(file, ENTRY, "NXentry")
    entry.attrs["default"] = "final"
    plane = {"y": "/y", "x": "/x"}
    _data(
        entry,
        "final",
        plane,
        {name: f"/{name}" for name in ("final_rho", "final_g_tt", "final_rho_s")},
    )
    _data(entry, "psi", plane, {"final_psi": "/final_psi"})
    if file["history/t"].shape[0]:
        frames = {"t": "/history/t", **plane}
        _data(entry, "history", frames, {name: f"/history/{name}" for name in ("rho", "g_tt")})
    if diagnostics:
        _data(
            entry,
            "diagnostics",
            {"t": "/diagnostics/t"},
            {name: f"/diagnostics/{name}" for name in diagnostics},
        )


def _data(entry: h5py.Group, name: str, axes: dict[str, str], signals: dict[str, str]) -> None:
    """One NXdata group: the first signal is shown, the others can be chosen."""
    group = _group(entry, name, "NXdata")
    first, *others = signals
    group.attrs["signal"] = first
    if others:
        group.attrs["auxiliary_signals"] = others
    group.attrs["axes"] = list(axes)
    group.attrs["interpretation"] = "spectrum" if len(axes) == 1 else "image"
    for member, target in {**axes, **signals}.items():
        group[member] = h5py.SoftLink(target)


def _group(parent: h5py.Group, name: str, nx_class: str) -> h5py.Group:
    group = parent.create_group(name, track_order=False)
    group.attrs["NX_class"] = nx_class
    return group

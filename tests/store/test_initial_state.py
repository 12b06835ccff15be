"""Files to start from: what is read of them, and what is refused by name."""

import h5py
import numpy as np
import pytest

from engine.errors import SettingsError
from engine.store.initial_state import InitialState, read_initial_state, write_initial_state

N = 16


def fields(dtype=complex):
    random = np.random.default_rng(5)
    psi = (random.normal(size=(N, N)) + 1j * random.normal(size=(N, N))).astype(dtype)
    return psi, 1 + random.random((N, N))


def write(path, **datasets):
    with h5py.File(path, "w") as file:
        for name, data in datasets.items():
            file[name] = data
    return path


def test_what_is_written_is_read_back(tmp_path):
    psi, rho_s = fields()
    state = InitialState(psi, rho_s)
    write_initial_state(tmp_path / "a.h5", state)
    found = read_initial_state(tmp_path / "a.h5", N, carries_rho_s=True)
    np.testing.assert_array_equal(found.psi, psi)
    np.testing.assert_array_equal(found.rho_s, rho_s)
    assert found.sha256 == state.sha256


def test_the_checksum_is_of_the_contents_and_not_of_the_file(tmp_path):
    psi, rho_s = fields(np.complex64)
    plain = write(tmp_path / "a.h5", psi=psi)
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file.attrs["note"] = "another file"
        file.create_dataset("psi", data=psi.astype(complex), chunks=(8, 8))
    one, two = (
        read_initial_state(p, N, carries_rho_s=True).sha256 for p in (plain, tmp_path / "b.h5")
    )
    assert one == two
    others = {
        InitialState(psi.astype(complex), rho_s).sha256,
        InitialState(psi.T.astype(complex), None).sha256,
        InitialState(-psi.astype(complex), None).sha256,
    }
    assert len(others | {one}) == 4


def test_without_a_density_there_is_none(tmp_path):
    psi, _ = fields()
    assert read_initial_state(
        write(tmp_path / "a.h5", psi=psi), N, carries_rho_s=True
    ).rho_s is None  # fmt: skip


def test_the_checkpoint_of_an_artifact_is_a_start_with_or_without_its_density(tmp_path):
    psi, rho_s = fields()
    path = write(tmp_path / "a.h5", **{"checkpoint/psi": psi, "checkpoint/rho_s": rho_s})
    np.testing.assert_array_equal(read_initial_state(path, N, carries_rho_s=True).rho_s, rho_s)
    slaved = read_initial_state(path, N, carries_rho_s=False)
    np.testing.assert_array_equal(slaved.psi, psi)
    assert slaved.rho_s is None


PSI, RHO_S = fields()
HOLED, SUNKEN = PSI.copy(), RHO_S.copy()
HOLED[3, 4], SUNKEN[0, 0] = np.nan, 0.0
BAD = {
    "no psi": ({"rho_s": RHO_S}, "psi: got nothing"),
    "wrong shape": ({"psi": PSI[:8]}, r"psi: got shape \(8, 16\), expected 16 × 16"),
    "real psi": ({"psi": PSI.real}, "psi: got another data type, expected complex"),
    "whole psi": ({"psi": np.ones((N, N), int)}, "psi: got another data type"),
    "NaN in psi": ({"psi": HOLED}, "psi: got 1 values that are not finite"),
    "psi is a group": ({"psi/x": PSI}, "psi: got something else"),
    "complex rho_s": ({"psi": PSI, "rho_s": PSI}, "rho_s: got another data type, expected float"),
    "infinite rho_s": ({"psi": PSI, "rho_s": np.full((N, N), np.inf)}, "rho_s: got 256 values"),
    "rho_s not positive": ({"psi": PSI, "rho_s": SUNKEN}, "rho_s: got 0, expected values above 0"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_contents_are_refused_by_name(tmp_path, case):
    datasets, message = BAD[case]
    path = write(tmp_path / "bad.h5", **datasets)
    with pytest.raises(SettingsError, match=message):
        read_initial_state(path, N, carries_rho_s=True)


def test_a_density_for_a_run_whose_constraint_sets_it_is_refused(tmp_path):
    path = write(tmp_path / "a.h5", psi=PSI, rho_s=RHO_S)
    with pytest.raises(SettingsError, match="rho_s: got a density, expected none, for sdg_tau is"):
        read_initial_state(path, N, carries_rho_s=False)


def _virtual(path):
    other = write(path.with_name("other.h5"), psi=PSI)
    layout = h5py.VirtualLayout((N, N), complex)
    layout[...] = h5py.VirtualSource(other, "psi", (N, N))
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("psi", layout)


def _linked(path):
    other = write(path.with_name("other.h5"), psi=PSI)
    with h5py.File(path, "w") as file:
        file["psi"] = h5py.ExternalLink(str(other), "psi")


def _outside(path):
    path.with_name("raw").write_bytes(PSI.tobytes())
    with h5py.File(path, "w") as file:
        raw = [(str(path.with_name("raw")), 0, PSI.nbytes)]
        file.create_dataset("psi", (N, N), complex, external=raw)


def _claim(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("psi", (N, N), complex, chunks=(N, N))  # nothing is stored


TRAPS = {
    "missing": lambda path: None,
    "no HDF5": lambda path: path.write_bytes(b"psi"),
    "a folder": lambda path: path.mkdir(),
    "virtual": _virtual,
    "a link to another file": _linked,
    "data in another file": _outside,
    "a hollow claim": _claim,
    "compressed": lambda path: h5py.File(path, "w").create_dataset("psi", data=PSI, compression=9),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_a_file_that_is_none_or_points_elsewhere_is_refused(tmp_path, trap):
    path = tmp_path / "bad.h5"
    TRAPS[trap](path)
    with pytest.raises(SettingsError, match=r"bad\.h5.*; (write it with h5py|check the path)"):
        read_initial_state(path, N, carries_rho_s=True)


def test_a_claim_of_more_than_the_file_holds_is_refused_before_memory_is_taken(tmp_path):
    path = tmp_path / "bad.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("psi", (60_000, 60_000), complex, chunks=(256, 256))
    with pytest.raises(SettingsError, match="claim of 57600000000 bytes"):
        read_initial_state(path, 60_000, carries_rho_s=True)

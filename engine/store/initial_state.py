"""A run's start from a file: read with care, identified by its contents, kept in the workspace.

The file has at its root the datasets `psi`, N × N complex, and optionally `rho_s`, N × N real and
positive. An artifact of ours does too: its checkpoint is the start.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from engine.errors import ArtifactError, SettingsError
from engine.settings import RunConfig
from engine.store import guard
from engine.store.workspace import Workspace, atomic_write
from engine.store.write_stream import WriteStream

_COMPLEX = (np.dtype("<c16"), np.dtype("<c8"))
_REAL = (np.dtype("<f8"), np.dtype("<f4"))


@dataclass(frozen=True, eq=False)
class InitialState:
    """Fields to start from, (y, x).

    Attributes:
        psi: ψ, complex128.
        rho_s: ρ_s, float64; None is the vacuum or, for τ = 0, what the constraint says.
    """

    psi: np.ndarray
    rho_s: np.ndarray | None

    @property
    def sha256(self) -> str:
        """SHA-256 of names, shapes and values, whatever file they lie in and however."""
        digest = hashlib.sha256()
        for name, array in (("psi", self.psi), ("rho_s", self.rho_s)):
            if array is not None:
                canonical = np.ascontiguousarray(array, _COMPLEX[0] if name == "psi" else _REAL[0])
                digest.update(f"{name} {canonical.shape[0]}x{canonical.shape[1]}\n".encode())
                digest.update(canonical.data)
        return digest.hexdigest()


def read_initial_state(path: Path, n: int, *, carries_rho_s: bool) -> InitialState:
    """Read and check a file.

    Args:
        path: the file.
        n: cells along a side that the run has.
        carries_rho_s: whether the run has a ρ_s of its own, `sdg_tau` > 0. Where it has none, that
            of a checkpoint is left out, and one at the root is refused.

    Raises:
        SettingsError: the file cannot be such a start; the message names the dataset.
    """
    try:
        with guard.open_readonly(path) as file:
            folder = "" if "psi" in file or "checkpoint" not in file else "checkpoint/"
            psi = _read(file, f"{folder}psi", _COMPLEX, n)
            rho_s = None
            if f"{folder}rho_s" in file and (carries_rho_s or not folder):
                rho_s = _read(file, f"{folder}rho_s", _REAL, n)
    except ArtifactError as error:
        if error.failure == "artifact_missing":
            text = f"{path}: got no such file, expected an initial state"
            raise _refused(text, "check the path") from error
        what = str(error).partition(";")[0]
        where = "" if what.startswith((path.name, str(path))) else f"{path.name}: "
        raise _refused(f"{where}{what}", "write it with h5py: f['psi'] = psi") from error
    if rho_s is not None and not carries_rho_s:
        raise _refused(
            f"{path.name}:rho_s: got a density, expected none, for sdg_tau is 0 and its "
            "constraint sets it",
            "leave the dataset out",
        )
    if rho_s is not None and rho_s.min() <= 0:
        raise _refused(
            f"{path.name}:rho_s: got {rho_s.min():.4g}, expected values above 0", "correct them"
        )
    return InitialState(psi, rho_s)


def write_initial_state(path: Path, state: InitialState) -> None:
    """Write a file that `read_initial_state` reads, whole or not at all.

    Raises:
        WorkspaceError: it cannot be written.
    """
    with (
        atomic_write(path) as temporary,
        WriteStream(temporary) as stream,
        h5py.File(stream, "w") as file,
    ):
        file.create_dataset("psi", data=state.psi, track_times=False)
        if state.rho_s is not None:
            file.create_dataset("rho_s", data=state.rho_s, track_times=False)


def initial_state_of(config: RunConfig, workspace: Workspace) -> InitialState | None:
    """What a run starts from: the workspace's copy of the file that it names; None for its seed.

    Raises:
        SettingsError: the copy is not there, is damaged, or is of something else.
    """
    checksum = config.initial_state_sha256
    if not checksum:
        return None
    path = workspace.initial_state_path(checksum)
    found = read_initial_state(path, config.N_grid, carries_rho_s=config.sdg_tau > 0)
    if found.sha256 != checksum:
        raise _refused(
            f"{path.name}: got contents with the checksum {found.sha256}, expected those of its "
            "name",
            "put the right file there",
        )
    return found


def _read(file: h5py.File, name: str, types: tuple[np.dtype, np.dtype], n: int) -> np.ndarray:
    """A finite n × n dataset of one of two types, in the wider one."""
    header = guard.header(
        file, name, guard.type_among(file, name, types), (n, n), file.id.get_filesize()
    )
    found = guard.read(name, header).astype(types[0])
    if not np.isfinite(found).all():
        count = int(np.count_nonzero(~np.isfinite(found)))
        raise guard.refused(name, f"{count} values that are not finite", "finite numbers")
    return found


def _refused(text: str, advice: str) -> SettingsError:
    return SettingsError(f"{text}; {advice}.", field="initial_state_sha256")

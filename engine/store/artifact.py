"""The artifact of one run: written once, whole, the same bytes for the same run; read with care.

Layout: `engine.store.layout`. Nothing in the file says when or where it was made, except for the
kind of device: on another kind the same run ends in other last digits.
"""

import contextlib
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from engine.errors import ArtifactError, WorkspaceError
from engine.settings import RunConfig
from engine.store import guard, nexus, pyramid, strict_json
from engine.store.ahead import Chunks
from engine.store.layout import DIAGNOSTIC, LAYOUT, SCHEMA_VERSION, Entry, chunks_of, dtype_of
from engine.store.levels_file import create_levels, first_difference, write_levels
from engine.store.run_result import RunResult
from engine.store.workspace import atomic_write
from engine.store.write_stream import WriteStream

_NAME = re.compile(r"rho_history_([0-9a-f]{40})\.h5")
_DIAGNOSTIC_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True)
class ArtifactRecord:
    """What identifies an artifact's contents: SHA-256 and size of the file."""

    sha256: str
    bytes: int


def write_artifact(path: Path, config: RunConfig, result: RunResult) -> ArtifactRecord:
    """Write the artifact of a run, whole or not at all.

    The same config and arrays give the same bytes.

    Raises:
        ArtifactError: the result's arrays do not have the shapes that `config` gives.
        WorkspaceError: the disk is full or cannot be written.
    """
    datasets = _datasets(config, result)
    with atomic_write(path) as temporary:
        with (
            WriteStream(temporary) as stream,
            h5py.File(stream, "w", libver=("earliest", "v110"), track_order=False) as file,
        ):
            _fill(file, config, result, datasets)
        return ArtifactRecord(sha256_file(temporary), temporary.stat().st_size)


class Artifact:
    """A validated artifact, open for reading; made by `open_artifact`.

    Attributes:
        config: the run's complete configuration.
        config_hash: its id, which the file, the name and the caller agree on.
        checkpoint_t: time of the checkpoint.
        t_end: time of the final fields.
        diagnostics: names of the series under `diagnostics/`, without `t`.
        diverged_step: the step at which the solver says that the run diverged, or None.
        device_kind: what computed it, empty where the file does not say.
        levels: factors of the pyramids' levels, finest first; none for a small grid.
    """

    def __init__(self, path: Path, file: h5py.File, expected_hash: str | None) -> None:
        self._name = path.name
        self._bytes = file.id.get_filesize()
        version = guard.number_attribute(file, "schema_version")
        if version != SCHEMA_VERSION:
            raise ArtifactError(
                f"{path.name}: schema version {version:g}, this engine reads {SCHEMA_VERSION}; "
                "re-create it with `irer run`."
            )
        self.config, self.config_hash = _identity(path, file, expected_hash)
        self.checkpoint_t = guard.number_attribute(guard.group(file, "checkpoint"), "t")
        self.t_end = guard.number_attribute(file, "t_end")
        self.diverged_step = None
        if "diverged_step" in file.attrs:
            self.diverged_step = int(guard.number_attribute(file, "diverged_step"))
        self.device_kind = ""
        if "device_kind" in file.attrs:
            self.device_kind = guard.text_attribute(file, "device_kind")
        self.levels: tuple[int, ...] = ()
        if pyramid.GROUP in guard.members(file):
            self.levels = pyramid.factors_of(self.config.N_grid)
        self._headers = self._check_headers(file)
        self._chunks: dict[str, Chunks | None] = {}
        self._check_nothing_else(file)
        guard.compact(self._name, file, self._headers.values())
        names = (name.partition("/") for name in self._headers)
        self.diagnostics = tuple(
            n for folder, _, n in names if folder == "diagnostics" and n != "t"
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Every dataset that `read` knows."""
        return tuple(self._headers)

    def read(self, name: str) -> np.ndarray:
        """A whole dataset, such as `final_rho` or `checkpoint/psi`.

        Raises:
            ArtifactError: there is none of that name, or its data are damaged.
        """
        return guard.read(f"{self._name}:{name}", self._known(name))

    def window(self, name: str, rows: slice, columns: slice) -> np.ndarray:
        """A part of a plane or of one of its levels; `rows` and `columns` lie within it.

        Raises:
            ArtifactError: there is none of that name, or its data are damaged.
        """
        self.require_whole(name)
        checked, chunks = self._known(name), self._chunks[name]
        return guard.window(f"{self._name}:{name}", checked, chunks, rows, columns)

    def require_whole(self, name: str) -> None:
        """Refuse a dataset with holes, which HDF5 would fill with zeros and say nothing.

        Raises:
            ArtifactError: there is none of that name, or parts of it are not stored.
        """
        checked = self._known(name)
        if name not in self._chunks:
            self._chunks[name] = guard.allocated(f"{self._name}:{name}", checked)

    def verify(self) -> None:
        """Test the checksums of every dataset, in little memory, and what follows from others.

        That is: the axes are the grid's, and each level of a pyramid is its plane's, bit for bit.

        Raises:
            ArtifactError: data are damaged, or not what they say they are.
        """
        for name, checked in self._headers.items():
            guard.verify(f"{self._name}:{name}", checked)
        for name in ("x", "y"):
            if not np.array_equal(self.read(name), _axis(self.config)):
                raise guard.refused(
                    f"{self._name}:{name}", "other places", "those of the cells, i·L/N"
                )
        for field in pyramid.FIELDS if self.levels else ():
            n, length = self.config.N_grid, self.config.domain_length
            if wrong := first_difference(self.read, self.window, field, n, length):
                raise guard.refused(
                    f"{self._name}:{wrong}", "other values", f"those of the cells of {field}"
                )

    def _known(self, name: str) -> guard.Header:
        if name not in self._headers:
            raise guard.refused(
                self._name, f"a request for {name!r}", f"one of {', '.join(self._headers)}"
            )
        return self._headers[name]

    def _check_nothing_else(self, file: h5py.File) -> None:
        """Whoever opens the file sees the run and nothing else: no links out, no strangers."""
        folders: dict[str, set[str]] = {"": {nexus.ENTRY}}
        for name in self._headers:
            while name:
                folder, _, leaf = name.rpartition("/")
                folders.setdefault(folder, set()).add(leaf)
                name = folder
        for folder, expected in folders.items():
            guard.nothing_else(guard.group(file, folder) if folder else file, expected)
        targets = {f"/{name}" for name in self._headers}
        for name in guard.members(guard.group(file, nexus.ENTRY)):
            guard.links_within(guard.group(file, f"{nexus.ENTRY}/{name}"), targets)

    def _check_headers(self, file: h5py.File) -> dict[str, guard.Header]:
        headers: dict[str, guard.Header] = {}
        lengths: dict[str, int | None] = {"y": self.config.N_grid, "x": self.config.N_grid}
        wanted = dict(LAYOUT)
        for name in guard.members(guard.group(file, "diagnostics")):
            wanted.setdefault(f"diagnostics/{name}", DIAGNOSTIC)
        for name, entry in wanted.items():
            folder = name.rpartition("/")[0]
            # The first dataset of a folder is its `t`, which sets the length of the others.
            shape = tuple(lengths.get(a if a != "t" else f"{folder}/t") for a in entry.axes)
            dtype = dtype_of(entry, self.config.precision)
            headers[name] = guard.header(file, name, dtype, shape, self._bytes)
            if headers[name].nbytes:
                guard.checksummed(name, headers[name])
            lengths.setdefault(name, headers[name].shape[0])
        # Artifacts of before there were pyramids have none; one that is there is there as a whole.
        if self.levels:
            real = np.dtype(self.config.precision)
            for name, (dtype, shape) in pyramid.headers_of(self.config.N_grid, real).items():
                headers[name] = guard.header(file, name, dtype, shape, self._bytes)
                guard.checksummed(name, headers[name])
        return headers


@contextlib.contextmanager
def open_artifact(path: str | Path, expected_hash: str | None = None) -> Iterator[Artifact]:
    """Open an artifact whose identity and headers have been checked.

    Args:
        path: the file; a name `rho_history_<id>.h5` must tell the truth.
        expected_hash: the run that it must be, where the caller knows.

    Raises:
        ArtifactError: `failure` is `artifact_missing`, `artifact_unreadable` or
            `config_mismatch`.
    """
    path = Path(path)
    with guard.open_readonly(path) as file:
        yield Artifact(path, file, expected_hash)


def read_field(path: str | Path, name: str) -> np.ndarray:
    """One whole dataset of an artifact, for a view.

    Raises:
        ArtifactError: as `open_artifact` and `Artifact.read`.
    """
    with open_artifact(path) as artifact:
        return artifact.read(name)


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's contents, in hex.

    Raises:
        WorkspaceError: it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise WorkspaceError(
            f"{path}: {error.strerror or error}, expected a readable file; check the path and "
            "the disk."
        ) from error


def _identity(path: Path, file: h5py.File, expected_hash: str | None) -> tuple[RunConfig, str]:
    """The stored config and its id, on which all who name it agree."""
    stored = guard.text_attribute(file, "config_hash")
    text = guard.text_attribute(file, "config")
    try:
        config = RunConfig.from_mapping(strict_json.loads(text), complete=True)
    except ValueError as error:  # SettingsError is one
        raise guard.refused(
            f"{path.name}@config", str(error).rstrip("."), "a complete config", "config_mismatch"
        ) from error
    named = _NAME.fullmatch(path.name)
    claims = {"its attribute": stored, "its name": named and named[1], "the caller": expected_hash}
    for who, claim in claims.items():
        if claim not in (None, config.config_hash):
            raise guard.refused(
                path.name,
                f"the config of run {config.config_hash}",
                f"run {str(claim)[:80]}, as {who} says",
                "config_mismatch",
            )
    return config, config.config_hash


def _datasets(config: RunConfig, result: RunResult) -> dict[str, tuple[Entry, np.ndarray]]:
    """Every dataset of the artifact, in its stored type, checked against the layout."""
    axis = _axis(config)
    arrays: dict[str, np.ndarray] = {
        "x": axis,
        "y": axis,
        "final_rho": result.final_rho,
        "final_g_tt": result.final_g_tt,
        "final_psi": result.psi,
        "final_rho_s": result.rho_s,
        "checkpoint/psi": result.checkpoint_psi,
        "checkpoint/rho_s": result.checkpoint_rho_s,
        "history/t": result.history_t,
        "history/rho": result.history_rho,
        "history/g_tt": result.history_g_tt,
        "diagnostics/t": result.diagnostics.get("t", np.zeros(0)),
    }
    for name in sorted(set(result.diagnostics) - {"t"}):
        if not _DIAGNOSTIC_NAME.fullmatch(name):
            raise _wrong_result(f"diagnostics[{name!r}]", "this name", "lower case and '_'")
        arrays[f"diagnostics/{name}"] = result.diagnostics[name]
    lengths = {
        "x": config.N_grid,
        "y": config.N_grid,
        "history/t": np.size(result.history_t),
        "diagnostics/t": np.size(arrays["diagnostics/t"]),
    }
    datasets = {}
    for name, array in arrays.items():
        entry = LAYOUT.get(name, DIAGNOSTIC)
        folder = name.rpartition("/")[0]
        shape = tuple(lengths[a if a != "t" else f"{folder}/t"] for a in entry.axes)
        found = np.asarray(array)
        if found.shape != shape:
            raise _wrong_result(name, f"shape {found.shape}", str(shape))
        if np.iscomplexobj(found) != entry.complex or found.dtype.kind not in "fciu":
            raise _wrong_result(name, str(found.dtype), str(dtype_of(entry, config.precision)))
        datasets[name] = entry, np.ascontiguousarray(found, dtype_of(entry, config.precision))
    return datasets


def _axis(config: RunConfig) -> np.ndarray:
    """Where the cells are along a side."""
    return np.arange(config.N_grid) * config.domain_length / config.N_grid


def _wrong_result(name: str, got: str, expected: str) -> ArtifactError:
    return ArtifactError(
        f"result {name}: got {got}, expected {expected}; nothing was written, report this.",
        failure="worker_failed",
    )


def _fill(
    file: h5py.File,
    config: RunConfig,
    result: RunResult,
    datasets: Mapping[str, tuple[Entry, np.ndarray]],
) -> None:
    for name, text in (
        ("config", strict_json.dumps(config.to_dict())),
        ("config_hash", config.config_hash),
        ("device_kind", result.device_kind),
    ):
        # Of fixed length, so that it can be read back without trust (guard.text_attribute).
        file.attrs[name] = np.array(text, h5py.string_dtype("utf-8", len(text.encode())))
    file.attrs["schema_version"] = SCHEMA_VERSION
    file.attrs["t_end"] = float(result.t_end)
    if result.diverged_step is not None:
        file.attrs["diverged_step"] = result.diverged_step
    for folder in ("checkpoint", "history", "diagnostics"):
        file.create_group(folder, track_order=False)
    file["checkpoint"].attrs["t"] = float(result.checkpoint_t)
    for name, (entry, array) in datasets.items():
        dataset = _create(file, name, array)
        if entry.long_name:
            dataset.attrs["long_name"] = entry.long_name
    for name, (entry, _) in datasets.items():
        folder, _, leaf = name.rpartition("/")
        if leaf in entry.axes:
            file[name].make_scale(leaf)
    for name, (entry, _) in datasets.items():
        folder, _, leaf = name.rpartition("/")
        if leaf not in entry.axes:
            for index, axis in enumerate(entry.axes):
                file[name].dims[index].attach_scale(file[f"{folder}/t" if axis == "t" else axis])
    for field in pyramid.FIELDS:
        plane, n = datasets[field][1], config.N_grid
        create_levels(file, field, plane.dtype, n, config.domain_length)
        write_levels(file, field, (plane[rows] for rows in pyramid.bands_of(n)), n)
    series = [name.removeprefix("diagnostics/") for name in datasets if name.startswith("diag")]
    nexus.describe(file, [name for name in series if name != "t"])


def _create(file: h5py.File, name: str, array: np.ndarray) -> h5py.Dataset:
    if not array.size:  # HDF5 has no chunks for nothing
        return file.create_dataset(name, data=array, track_times=False)
    dataset = file.create_dataset(
        name,
        data=array,
        chunks=chunks_of(array.shape),
        fletcher32=True,
        fill_time="alloc",  # what lies beyond the edge in a last chunk is then the same always
        track_times=False,
    )
    # Now, and not when the handle is let go: whoever holds it longer, such as a sampling profiler,
    # would change the order of the chunks in the file.
    dataset.flush()
    return dataset

"""Write an artifact of a large grid in bounded memory: `python -m benchmarks.big_field PATH --n N`.

ρ and g_tt are waves of every length down to a few cells, with one spike and one hole in ρ, and
their pyramids. What is not drawn by the benches (ψ, ρ_s, the checkpoint) is declared and left
unwritten: the file takes 4 planes and not 12. PATH is a folder, the name in it is the run's.
"""

import argparse
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from engine.settings import RunConfig
from engine.store import nexus, strict_json
from engine.store.layout import LAYOUT, SCHEMA_VERSION, chunks_of, dtype_of
from engine.store.levels_file import create_levels, write_levels
from engine.store.pyramid import FIELDS, bands_of
from engine.store.workspace import atomic_write
from engine.store.write_stream import WriteStream

DRAWN = ("final_rho", "final_g_tt")
SPIKE, HOLE = (0.37, 0.61), (0.73, 0.21)
"""Where in ρ, in shares of the side along y and x."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--n", type=int, default=32_768)
    asked = parser.parse_args(arguments)
    began = time.perf_counter()
    path = write(asked.folder, asked.n)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{path}: {path.stat().st_size / 1e9:.1f} GB in {time.perf_counter() - began:.0f} s, "
        f"{peak:.0f} MB of memory"
    )
    return 0


def write(folder: Path, n: int) -> Path:
    """Write the artifact of an n × n grid into a folder, unless it is there."""
    config = RunConfig(N_grid=n)
    path = folder / f"rho_history_{config.config_hash}.h5"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    with (
        atomic_write(path) as temporary,
        WriteStream(temporary) as stream,
        h5py.File(stream, "w", libver=("earliest", "v110")) as file,
    ):
        _describe(file, config)
        for name in DRAWN:
            write_levels(file, name, _stored(file[name], name), n)
    return path


def plane(name: str, rows: slice, n: int) -> np.ndarray:
    """Rows of one of the drawn fields, float32."""
    y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] / n
    x = np.arange(n, dtype=np.float32) / n
    rho = np.zeros((rows.stop - rows.start, n), np.float32)
    for octave in range(2, 14, 2):
        waves = 2 * np.pi * 2**octave
        along = np.float32(0.7**octave) * np.sin(waves * (y + 0.1 * octave))
        rho += along * np.cos(waves * (x + 0.2 * y.mean()))
    if name == "final_g_tt":
        return -1 - 0.1 * rho
    rho += 1
    for (y_share, x_share), value in ((SPIKE, 50), (HOLE, np.nan)):
        row, column = int(y_share * n), int(x_share * n)
        if rows.start <= row < rows.stop:
            rho[row - rows.start, column] = value
    return rho


def _stored(dataset: h5py.Dataset, name: str) -> Iterator[np.ndarray]:
    """The bands of a field, each written before it goes on to the levels."""
    n = dataset.shape[0]
    for rows in bands_of(n):
        band = plane(name, rows, n)
        dataset[rows] = band
        yield band


def _describe(file: h5py.File, config: RunConfig) -> None:
    """All of an artifact but the values: identity, axes and the headers of every dataset."""
    n = config.N_grid
    for name, text in (
        ("config", strict_json.dumps(config.to_dict())),
        ("config_hash", config.config_hash),
    ):
        file.attrs[name] = np.array(text, h5py.string_dtype("utf-8", len(text.encode())))
    file.attrs["schema_version"], file.attrs["t_end"] = SCHEMA_VERSION, 1.0
    for name, entry in LAYOUT.items():
        lengths = {"t": 0, "y": n, "x": n}
        shape = tuple(lengths[axis] for axis in entry.axes)
        kept = {"chunks": chunks_of(shape), "fletcher32": True} if all(shape) else {}
        dataset = file.create_dataset(name, shape, dtype_of(entry, config.precision), **kept)
        if name in ("x", "y"):
            dataset[...] = np.arange(n) * config.domain_length / n
    file["checkpoint"].attrs["t"] = 0.5
    nexus.describe(file, [])
    for field in FIELDS:
        create_levels(file, field, np.dtype(np.float32), n, config.domain_length)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

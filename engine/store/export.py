"""The ledger as CSV, in the columns that scripts of the old contract read."""

import itertools
from pathlib import Path
from typing import Any

import orjson

from engine.store.reader import LedgerReader
from engine.store.workspace import atomic_write

COLUMNS = (
    "generation",
    "config_hash",
    "param_kappa",
    "param_sigma_k",
    "param_alpha",
    "log_prime_sse",
    "sse_null_phase_scramble",
    "sse_null_target_shuffle",
    "sdg_h_norm_l2",
    "pcs_score",
    "fitness",
    "status",
)
_BATCH = 1000


def export_csv(reader: LedgerReader, path: Path, hunt_id: str | None = None) -> int:
    """Write the ledger, or one hunt of it, as CSV: one row for each place of a run in a hunt.

    A value that is undefined is an empty cell; numbers read back exactly. The file replaces
    an earlier export whole or not at all.

    Returns:
        How many rows were written.

    Raises:
        LedgerError: the ledger cannot be read.
        WorkspaceError: the file cannot be written.
    """
    count = 0
    with (
        reader.places(COLUMNS, hunt_id) as places,
        atomic_write(Path(path)) as temporary,
        temporary.open("wb") as stream,
    ):
        stream.write(",".join(COLUMNS).encode() + b"\n")
        while batch := list(itertools.islice(places, _BATCH)):
            stream.write(_lines(batch))
            count += len(batch)
    return count


def _lines(rows: list[tuple[Any, ...]]) -> bytes:
    """As the csv module writes them, ten times as fast: no cell of these columns needs quotes."""
    table = orjson.dumps(rows).removeprefix(b"[[").removesuffix(b"]]") + b"\n"
    return table.replace(b"],[", b"\n").replace(b"null", b"").replace(b'"', b"")

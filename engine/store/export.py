"""The ledger as CSV, in the columns that scripts of the old contract read."""

import csv
from pathlib import Path

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


def export_csv(reader: LedgerReader, path: Path) -> int:
    """Write the ledger as CSV: one row for each place that a run has in a hunt.

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
        reader.places() as places,
        atomic_write(Path(path)) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as stream,
    ):
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        for place in places:
            writer.writerow([place[name] for name in COLUMNS])
            count += 1
    return count

"""The runs that an exported ledger lists, and where their artifacts lie."""

import csv
import math
from dataclasses import dataclass
from pathlib import Path

from engine.errors import LedgerError
from engine.settings import STATUS_OK
from engine.store.workspace import Workspace

_NEEDED = ("config_hash", "status", "log_prime_sse", "sdg_h_norm_l2")


@dataclass(frozen=True)
class HuntRun:
    """A run with a score.

    Attributes:
        config_hash: its id.
        log_prime_sse: its fidelity; small is good.
        sdg_h_norm_l2: its stability by the auditor; small is good, NaN where undefined.
    """

    config_hash: str
    log_prime_sse: float
    sdg_h_norm_l2: float


def read_runs(path: Path) -> list[HuntRun]:
    """The scored runs of an export, each once, in its order.

    Raises:
        LedgerError: it cannot be read, or is no export.
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            table = csv.DictReader(stream)
            missing = [name for name in _NEEDED if name not in (table.fieldnames or ())]
            if missing:
                raise LedgerError(
                    f"{path.name}: got no column {missing[0]}, expected those of `irer export`; "
                    "export the ledger again."
                )
            rows = list(table)
        for number, row in enumerate(rows, 1):
            if None in row or None in row.values():
                raise ValueError(f"row {number} has another number of cells than the header")
        runs = [
            HuntRun(
                row["config_hash"],
                float(row["log_prime_sse"]),
                float(row["sdg_h_norm_l2"] or math.nan),
            )
            for row in rows
            if row["status"] == STATUS_OK and row["log_prime_sse"]
        ]
    except (OSError, ValueError, csv.Error, TypeError) as error:
        raise LedgerError(
            f"{path.name}: {error}, expected a table as `irer export` writes it; export it again."
        ) from error
    return list({run.config_hash: run for run in runs}.values())


def workspace_of(ledger: Path) -> Workspace:
    """The workspace in which an exported ledger lies, at any depth.

    Raises:
        LedgerError: it lies in none.
    """
    for folder in ledger.resolve().parents:
        if (folder / "simulation_data").is_dir():
            return Workspace(folder)
    raise LedgerError(
        f"{ledger}: got a table outside every workspace, expected one beside the artifacts that it "
        "lists; move it into the workspace."
    )

"""What `irer export` does."""

from typing import Any

from engine.errors import SettingsError
from engine.hunt.optuna_export import export_optuna
from engine.store.export import export_csv
from engine.store.ledger import bring_up_to_date
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace

OPTUNA_NAME = "simulation_optuna.sqlite"


def export(workspace: str | None, to: str, output: str | None = None) -> dict[str, Any]:
    """Write the ledger in another form.

    Args:
        workspace: its folder; None for the default.
        to: `csv`, which rewrites simulation_ledger.csv, or `optuna`.
        output: of `optuna`, a new file or the URL of a database; None for `OPTUNA_NAME` in the
            workspace, which must not be there yet.

    Returns:
        How many rows were written, and the output.

    Raises:
        SettingsError: an output for csv, or one that holds studies already.
    """
    place = Workspace.open(workspace)
    bring_up_to_date(place)
    reader = LedgerReader(place.ledger_path)
    if to == "csv":
        if output is not None:
            raise SettingsError(
                f"--output: got {output!r}, expected none for csv, which is written to "
                f"{place.ledger_csv_path}; leave it out."
            )
        rows = export_csv(reader, place.ledger_csv_path)
        return {"rows": rows, "output": str(place.ledger_csv_path)}
    target = output or str(place.root / OPTUNA_NAME)
    studies = export_optuna(reader, target)
    return {"rows": sum(studies.values()), "studies": studies, "output": target}

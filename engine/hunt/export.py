"""What `irer export` does."""

from typing import Any

from engine.errors import SettingsError
from engine.hunt.crate import export_crate
from engine.hunt.optuna_export import export_optuna
from engine.store.export import export_csv
from engine.store.formats import FORMATS, export_run
from engine.store.ledger import bring_up_to_date
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace

OPTUNA_NAME = "simulation_optuna.sqlite"


LEDGER, RUN, HUNT = ("csv", "optuna"), tuple(FORMATS), ("ro-crate",)
"""What the whole ledger, a run and a hunt are exported to."""


def export(
    workspace: str | None, to: str, output: str | None = None, target: str | None = None
) -> dict[str, Any]:
    """Write the ledger, a hunt or a run in another form.

    Args:
        workspace: its folder; None for the default.
        to: `csv`, which rewrites simulation_ledger.csv, `optuna`, or one of `RUN` and `HUNT`.
        output: a new file; of `optuna` also the URL of a database. None for a name that says what
            is in it: of `optuna` `OPTUNA_NAME` in the workspace, else in the working directory.
        target: the run or the hunt, where `to` is of one.

    Returns:
        How many rows, datasets or files were written, and the output.

    Raises:
        SettingsError: an output for csv, one that is there already, or a target too many or few.
    """
    _check_target(to, target)
    place = Workspace.open(workspace)
    if target is not None and to in HUNT:
        bring_up_to_date(place)
        return export_crate(place, target, output)
    if target is not None:
        return export_run(place, target, to, output)
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
    written = output or str(place.root / OPTUNA_NAME)
    studies = export_optuna(reader, written)
    return {"rows": sum(studies.values()), "studies": studies, "output": written}


def _check_target(to: str, target: str | None) -> None:
    if to in LEDGER and target is not None:
        raise SettingsError(
            f"export: got {target[:40]!r}, expected no id: {to} is of the whole ledger; leave it "
            f"out, or choose --to {', '.join((*RUN, *HUNT))}.",
            field="target",
        )
    if to not in LEDGER and target is None:
        raise SettingsError(
            f"export: got no id, expected that of a {'hunt' if to in HUNT else 'run'} to write as "
            f"{to}; add it.",
            field="target",
        )

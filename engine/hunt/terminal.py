"""`irer export` and `irer import` on the command line.

What costs time to import is imported inside its command.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

TO = ("csv", "optuna", "zarr", "netcdf", "npz", "vtk", "ro-crate")
"""What there is to export to; named here, as `--help` must not load what writes them."""


def add_commands(add: Callable[[str, Callable[[argparse.Namespace], int], str], Any]) -> None:
    """Add the commands to a command line.

    Args:
        add: makes a command from its name, its function and what it does.
    """
    export = add("export", _export, "Write the ledger, a hunt or a run's fields in another format.")
    export.add_argument(
        "target",
        nargs="?",
        metavar="ID",
        help="the run, or the hunt of an ro-crate; none for csv and optuna",
    )
    export.add_argument("--to", choices=TO, default="csv")
    export.add_argument(
        "--output",
        metavar="FILE|URL",
        help="a new file; of optuna, a database too (csv rewrites simulation_ledger.csv)",
    )
    crate = add("import", _import, "Check a hunt's RO-Crate and enter it into the workspace.")
    crate.add_argument("crate", metavar="FILE.zip", type=Path)


def _export(options: argparse.Namespace) -> int:
    from engine.hunt.export import export

    report = export(options.workspace, options.to, options.output, options.target)
    if options.json:
        print(json.dumps(report))
    else:
        [counted] = {"rows", "datasets", "files"} & set(report)
        print(f"{report[counted]} {counted}, {report['output']}")
    return 0


def _import(options: argparse.Namespace) -> int:
    from engine.hunt.crate_import import import_crate
    from engine.store.workspace import Workspace

    report = import_crate(options.crate, Workspace.open(options.workspace))
    if options.json:
        print(json.dumps(report))
    else:
        print(f"{report['hunt_id']}: {report['runs']} runs, {report['files']} new files")
        if not report["places"]:
            print(f"`irer hunt --resume {report['hunt_id']}` first: it finds the hunt's places")
        print("`irer restore ID` makes an artifact that did not come")
    return 0

"""What a component's script writes: figures, tables and pictures, each whole or not at all."""

import csv
import io
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from engine.errors import EngineError
from engine.store import strict_json
from engine.store.workspace import atomic_write_bytes


def exit_code_of(work: Callable[[], None]) -> int:
    """Do a script's work: 0, or 1 with one line to stderr where the engine refuses."""
    try:
        work()
    except EngineError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def write_figures(path: Path, figures: Mapping[str, Any]) -> None:
    """Write strict JSON.

    Raises:
        ValueError: a number is not finite.
        WorkspaceError: the file cannot be written.
    """
    atomic_write_bytes(path, strict_json.dumps(figures, indent=1).encode() + b"\n")


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write CSV with a header; numbers read back exactly, None is an empty cell.

    Raises:
        WorkspaceError: the file cannot be written.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(columns)
    table.writerows(rows)
    atomic_write_bytes(path, text.getvalue().encode())


def write_picture(path: Path, figure: Figure) -> None:
    """Write a figure as PNG.

    Raises:
        WorkspaceError: the file cannot be written.
    """
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=120)
    atomic_write_bytes(path, picture.getvalue())

"""Reports of components in words and tables; all that a component wrote is escaped."""

import html
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from irer_panel.analyses import Analysis, Made
from irer_panel.wording import counted

MOST_LINES = 200
"""Rows of a table that are shown."""


def report_html(analysis: Analysis) -> str:
    """How the newest report came about."""
    report = analysis.report
    if report is None:
        return ""
    tunables = ", ".join(f"{name} = {value}" for name, value in report["tunables"].items())
    facts = [
        f"Version {report['version']}",
        tunables,
        f"{report['duration_s']:.1f} s",
        f"started {report['started'][:19].replace('T', ' ')} UTC",
        f"contained by {report['contained']}",
    ]
    said = f"<pre>{html.escape(report['said'])}</pre>" if report["said"] else ""
    if report["status"] != "ok":
        return (
            f'<section data-analysis="failed"><b class="no">✗</b> {html.escape(report["error"])}'
            f"{said}</section>"
        )
    line = html.escape(" · ".join(fact for fact in facts if fact))
    return f'<p class="quiet" data-analysis="ok">{line}</p>{said}'


def output_html(made: Made) -> str:
    """One output: figures and tables as tables, a picture as a picture, any other by its path."""
    head = f"<h4>{html.escape(made.name)}</h4>"
    where = f'<p class="quiet"><code>{html.escape(str(made.path))}</code></p>'
    if made.content is None:
        return f"{head}{where}"
    if made.type == "path:json":
        return f"{head}{_figures(made.content)}{where}"
    if made.type == "path:csv":
        return f"{head}{_table(made.content)}{where}"
    name = html.escape(made.name, quote=True)
    return f'{head}<img alt="{name}" src="data:image/png;base64,{made.content}">{where}'


def _figures(content: Any) -> str:
    lines = list(_leaves(content))
    rows = "".join(
        f"<tr><td>{html.escape(name)}</td><td>{html.escape(_word(value))}</td></tr>"
        for name, value in lines[:MOST_LINES]
    )
    return f"<table>{rows}</table>{_more(len(lines))}"


def _leaves(content: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """Every value with its path; short lists of plain values stay together."""
    if isinstance(content, Mapping) and content:
        for name, each in content.items():
            yield from _leaves(each, f"{where}.{name}" if where else str(name))
    elif isinstance(content, list) and any(isinstance(each, list | dict) for each in content):
        for index, each in enumerate(content):
            yield from _leaves(each, f"{where}[{index}]")
    else:
        yield where or "value", content


def _word(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        shown = ", ".join(_word(each) for each in value[:12])
        return shown + (f" … ({len(value)})" if len(value) > 12 else "")
    return str(value)


def _table(rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{html.escape(name)}</th>" for name in rows[0])
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(_rounded(cell))}</td>" for cell in row) + "</tr>"
        for row in rows[1 : MOST_LINES + 1]
    )
    table = f'<div class="table" tabindex="0"><table><tr>{head}</tr>{body}</table></div>'
    return table + _more(len(rows) - 1)


def _rounded(cell: str) -> str:
    """A number with a point in six digits; the file has them all."""
    try:
        return f"{float(cell):.6g}" if "." in cell else cell
    except ValueError:
        return cell


def _more(lines: int) -> str:
    if lines <= MOST_LINES:
        return ""
    return f'<p class="quiet">The first {MOST_LINES} of {counted(lines, "row")} are shown.</p>'


def numbers_of(rows: Sequence[Sequence[str]]) -> dict[str, list[float]]:
    """The columns of a CSV that hold numbers alone, an empty cell being NaN; rows as they are."""
    columns = {}
    for name, cells in zip(
        rows[0], zip(*(row for row in rows[1:] if row), strict=False), strict=False
    ):
        try:
            values = [float(cell) if cell else math.nan for cell in cells]
        except ValueError:
            continue
        if not all(math.isnan(value) for value in values):
            columns[name] = values
    return columns

"""Reports of components in words and tables; all that a component wrote is escaped."""

import base64
import html
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from irer_panel.analyses import Analysis, Made, Table
from irer_panel.wording import bare_exponents, counted

MOST_LINES = 200
"""Rows of a table that are shown."""

MOST_DEPTH = 12
"""Levels of JSON that are looked into."""

MOST_TEXT = 300
"""Characters of a value, or of its name."""

SMALL = 256
"""Pixels of width below which a picture is shown larger, its pixels as squares."""

MOST_DRAWN = 6
"""Columns of numbers that a plot takes, with that of its axis."""


def report_html(analysis: Analysis) -> str:
    """How the newest report came about."""
    report = analysis.report
    if report is None:
        return ""
    tunables = ", ".join(
        f"{name} = {_word(value) or 'empty'}" for name, value in report["tunables"].items()
    )
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


def output_html(made: Made, about: str = "") -> str:
    """One output: figures and tables as tables, a picture as a picture, any other by its path.

    Args:
        made: the output.
        about: what its manifest says of it.
    """
    return _whole(_output_html(made, about))


def _output_html(made: Made, about: str) -> str:
    said = f"<p>{html.escape(about)}</p>" if about else ""
    head = f"<h4>{html.escape(made.name)}</h4>{said}"
    where = f'<p class="quiet"><code>{html.escape(str(made.path))}</code></p>'
    if made.content is None:
        return f"{head}{where}"
    if made.type == "path:json":
        return f"{head}{_figures(made.content)}{where}"
    if made.type == "path:csv":
        return f"{head}{_table(made.content)}{where}"
    name = html.escape(made.name, quote=True)
    small = ' class="small"' if _width(made.content) < SMALL else ""
    return f'{head}<img{small} alt="{name}" src="data:image/png;base64,{made.content}">{where}'


def _width(picture: str) -> int:
    """Of a PNG in base64, in pixels: the header's first number."""
    return int.from_bytes(base64.b64decode(picture[:32])[16:20], "big")


def _figures(content: Any) -> str:
    lines = list(itertools.islice(_leaves(content), MOST_LINES + 1))
    rows = "".join(
        f"<tr><td>{html.escape(_short(name))}</td><td>{html.escape(_word(value))}</td></tr>"
        for name, value in lines[:MOST_LINES]
    )
    more = _note(f"The first {MOST_LINES} values are shown.") if len(lines) > MOST_LINES else ""
    return f"<table>{rows}</table>{more}"


def _leaves(content: Any, where: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Every value with its path; lists of plain values stay together, and so does what is deep."""
    if isinstance(content, Mapping) and content and depth < MOST_DEPTH:
        for name, each in content.items():
            path = f"{where}.{_short(name)}" if where else _short(name)
            yield from _leaves(each, path, depth + 1)
    elif _is_deep(content) and depth < MOST_DEPTH:
        for index, each in enumerate(content):
            yield from _leaves(each, f"{where}[{index}]", depth + 1)
    else:
        yield where or "value", content


def _word(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return bare_exponents(f"{value:.6g}")
    if isinstance(value, Mapping) or _is_deep(value):
        return f"… ({len(value)})" if value else "{}"
    if isinstance(value, list):
        shown = ", ".join(_word(each) for each in value[:12])
        return shown + (f" … ({len(value)})" if len(value) > 12 else "")
    return _short(str(value))


def _is_deep(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(each, list | dict) for each in value)


def _short(text: str) -> str:
    return text if len(text) <= MOST_TEXT else text[:MOST_TEXT] + "…"


def _whole(text: str) -> str:
    """Text without halves of characters, which JSON may hold and no browser is sent."""
    return text.encode(errors="replace").decode()


def _table(content: Table) -> str:
    rows = content.rows
    head = "".join(f"<th>{html.escape(name)}</th>" for name in rows[0])
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(_rounded(cell))}</td>" for cell in row) + "</tr>"
        for row in rows[1 : MOST_LINES + 1]
    )
    table = f'<div class="table" tabindex="0"><table><tr>{head}</tr>{body}</table></div>'
    count, most = len(rows) - 1, ""
    if count > MOST_LINES:
        than = "" if content.is_whole else "more than "
        most = _note(f"The first {MOST_LINES} of {than}{counted(count, 'row')} are shown.")
    if content.columns > len(rows[0]):
        columns = counted(content.columns, "column")
        most += _note(f"The first {len(rows[0])} of {columns} are shown.")
    return table + most


def _rounded(cell: str) -> str:
    """A number with a point in six digits; the file has them all."""
    try:
        return bare_exponents(f"{float(cell):.6g}") if "." in cell else cell
    except ValueError:
        return cell


def _note(words: str) -> str:
    return f'<p class="quiet">{words}</p>'


def numbers_of(rows: Sequence[Sequence[str]]) -> dict[str, list[float]]:
    """The first columns of a CSV that hold numbers alone, an empty cell being NaN."""
    columns: dict[str, list[float]] = {}
    filled = [row for row in rows[1:] if row]
    for index, name in enumerate(rows[0]):
        if len(columns) == MOST_DRAWN or not filled:
            break
        try:
            values = [float(row[index]) if row[index] else math.nan for row in filled]
        except (ValueError, IndexError):
            continue
        if not all(math.isnan(value) for value in values):
            columns[name] = values
    return columns

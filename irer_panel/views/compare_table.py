"""The settings and figures of compared runs as a table: a row each, a column a run."""

import html
from collections.abc import Sequence

from irer_panel.compare import BEST, Facts, Line, metrics, settings
from irer_panel.wording import counted, short_id

CSS = """
:host { width: 100%; }
.scroll { margin-top: 14px; overflow-x: auto; font-size: 13px; line-height: 20px;
  color: var(--mui-palette-text-primary); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 4px 14px 4px 0; text-align: left; vertical-align: top; font-weight: 400;
  border-top: 1px solid var(--mui-palette-divider); }
thead th { border: 0; color: var(--mui-palette-text-secondary); }
thead code { font-family: ui-monospace, monospace; color: var(--mui-palette-primary-main); }
tbody th { color: var(--mui-palette-text-secondary); white-space: nowrap; width: 1%;
  padding-right: 24px; }
tr.section th { padding-top: 14px; border: 0; font-weight: 600;
  color: var(--mui-palette-text-primary); }
tr.differs td { font-weight: 600; }
td small { display: block; font-size: 12px; line-height: 16px; font-weight: 400;
  color: var(--mui-palette-text-secondary); }
td small.best { color: var(--mui-palette-success-main); }
summary { cursor: pointer; padding: 8px 0; color: var(--mui-palette-text-secondary); }
summary:hover { color: var(--mui-palette-text-primary); }
p { margin: 8px 0 0; color: var(--mui-palette-text-secondary); }
"""

_FOOT = (
    "≠ the runs differ here. “Best” is said of a score only where the report of its hunt, which is "
    "written at the hunt's end, calls the run significant after Holm's correction over all its "
    "runs. The H-norm is not held against chance. Peaks, PCS, residual and defects are no merits."
)


def table_html(runs: Sequence[Facts]) -> str:
    """The table: figures, then the settings that differ, then, folded, those that do not."""
    if not runs:
        return ""
    declared = settings(runs)
    differing = [line for line in declared if line.differs]
    equal = [line for line in declared if not line.differs]
    share = f'style="width:{80 // len(runs)}%"'
    heads = "".join(
        f'<th {share} title="{_(f.run)}"><code>{short_id(f.run)}</code></th>' for f in runs
    )
    head = f"<thead><tr><th></th>{heads}</tr></thead>"
    span = len(runs) + 1
    body = _section("Figures", span) + "".join(map(_row, metrics(runs)))
    if differing:
        body += _section("Settings that differ", span) + "".join(map(_row, differing))
    words = counted(len(equal), "setting")
    verb = "is" if len(equal) == 1 else "are"
    folded = ""
    if equal:
        said = f"{words} {verb} the same in all" if len(runs) > 1 else words
        rows = "".join(map(_row, equal))
        folded = f"<details><summary>{said}</summary><table>{rows}</table></details>"
    table = f"<table>{head}<tbody>{body}</tbody></table>"
    return f'<div class="scroll">{table}{folded}<p>{_FOOT}</p></div>'


def _section(title: str, span: int) -> str:
    return f'<tr class="section"><th colspan="{span}">{title}</th></tr>'


def _row(line: Line) -> str:
    mark = "≠ " if line.differs else ""
    cells = ""
    for value, note in zip(line.values, line.marks, strict=True):
        kind = ' class="best"' if note == BEST else ""
        said = f"<small{kind}>{_(note)}</small>" if note else ""
        cells += f"<td>{_(value)}{said}</td>"
    kind = ' class="differs"' if line.differs else ""
    return f'<tr data-line="{_(line.name)}"{kind}><th>{mark}{_(line.heading)}</th>{cells}</tr>'


def _(text: str) -> str:
    return html.escape(text)

"""What promotions of a run found, as their report keeps it, and as a table of metrics."""

import html
import json
from collections.abc import Mapping
from typing import Any

from engine.errors import WorkspaceError
from engine.store.workspace import Workspace
from irer_panel.wording import NONE, number, short_id

CSS = """
table { border-collapse: collapse; width: 100%; margin: 4px 0 8px; font-size: 13px;
  line-height: 20px; font-variant-numeric: tabular-nums;
  color: var(--mui-palette-text-primary); }
th, td { padding: 3px 0 3px 12px; text-align: right; white-space: nowrap; font-weight: 400; }
th:first-child, td:first-child { padding-left: 0; text-align: left; }
th { color: var(--mui-palette-text-secondary); }
td { border-top: 1px solid var(--mui-palette-divider); }
.yes { color: var(--mui-palette-success-main); } .no { color: var(--mui-palette-error-main); }
p { margin: 4px 0; font-size: 14px; line-height: 20px; color: var(--mui-palette-text-primary); }
"""

NAMES = {
    "log_prime_sse": "SSE",
    "sdg_h_norm_l2": "H-norm",
    "pcs_score": "PCS",
    "n_peaks": "Peaks",
    "defect_density": "Defects per area",
}

_MARKS = {True: ("yes", "✓ converged"), False: ("no", "✗ not"), None: ("", "undefined")}


def newest_promotion(workspace: Workspace, config_hash: str) -> Mapping[str, Any] | None:
    """The report on the newest promotion of a run; None before there is one.

    Raises:
        WorkspaceError: the report cannot be read.
    """
    path = workspace.analysis_path("promotion", config_hash)
    try:
        found: list[Mapping[str, Any]] = json.loads(path.read_bytes())["promotions"]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WorkspaceError(
            f"{path.name}: {error}, expected a report on promotions; promote the run again."
        ) from error
    return found[-1] if found else None


def promotion_html(report: Mapping[str, Any]) -> str:
    """A line a metric: coarse, fine, relative change, converged or not; then the conclusion."""
    ends = [f"N = {report[end]['N_grid']}" for end in ("origin", "promoted")]
    head = "".join(f"<th>{word}</th>" for word in ("Metric", *ends, "Change", "Converged"))
    rows = "".join(_row(name, each) for name, each in _in_order(report["metrics"]))
    run = str(report["promoted"]["config_hash"])
    return (
        f'<p data-promotion="{html.escape(run)}">{html.escape(str(report["conclusion"]))} '
        f'Promoted as <code title="{html.escape(run)}">{short_id(run)}</code>.</p>'
        f"<table><tr>{head}</tr>{rows}</table>"
    )


def _in_order(metrics: Mapping[str, Any]) -> list[tuple[str, Any]]:
    names = list(NAMES)
    last = len(names)
    return sorted(
        metrics.items(), key=lambda item: names.index(item[0]) if item[0] in names else last
    )


def _row(name: str, each: Mapping[str, Any]) -> str:
    kind, mark = _MARKS[each["converged"]]
    change = NONE if each["change"] is None else f"{number(100 * each['change'], 2)} %"
    values = "".join(f"<td>{number(each[end])}</td>" for end in ("origin", "promoted"))
    return (
        f"<tr><td>{html.escape(NAMES.get(name, name))}</td>{values}<td>{change}</td>"
        f'<td class="{kind}">{mark}</td></tr>'
    )

"""What stands behind a run's verdicts, written down: config, provenance, checksums."""

import html
from collections.abc import Mapping
from typing import Any

from engine.schema import specs
from engine.settings import RunConfig
from irer_panel.audit_facts import AuditFacts, File
from irer_panel.wording import NONE, SYMBOLS, count, duration, number, short_id, size

_NULLS = {"phase_scramble": "Phase scramble", "target_shuffle": "Target shuffle"}


def facts_html(facts: AuditFacts, *, served: bool = False) -> str:
    """How the run was audited, and its files with their checksums.

    Args:
        facts: what is known of the run.
        served: whether a server shows it, which can open the artifact in H5Web.
    """
    if not facts.run:
        return ""
    if facts.provenance is None:
        why = html.escape(facts.problem)
        return f"<section>{_title('Provenance', facts.run)}<p>{why}</p></section>"
    lines = "".join(
        f"<tr><td>{html.escape(name)}</td><td>{html.escape(text)}</td></tr>"
        for name, text in provenance_lines(facts.provenance)
    )
    files = "".join(_file_row(each) for each in facts.files)
    return (
        f'<section>{_title("Provenance", facts.run)}<table class="facts">{lines}</table>'
        '<h4>Checksums (SHA-256)</h4><p class="quiet">Of the artifact as it was audited, of the '
        "other files as they are now; a click selects the whole of one.</p>"
        f'<table class="files">{files}</table>{_opener(facts) if served else ""}</section>'
    )


def _opener(facts: AuditFacts) -> str:
    """A link to the artifact in H5Web, in a tab of its own; it leads on from the page's address."""
    if not facts.kept:
        return ""
    where = f"h5web/{html.escape(facts.run)}"
    return f'<p><a href="{where}" target="_blank" rel="noopener">Open in H5Web</a></p>'


def provenance_lines(provenance: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What an audit says of itself: names and words."""
    found = provenance["spectral_fidelity"]
    lines = [("Status", provenance["status"].replace("_", " "))]
    if provenance["error"]:
        lines.append(("Reason", provenance["error"]))
    lines += [("Warning", text) for text in provenance["warnings"]] or [("Warnings", "none")]
    for name, title in _NULLS.items():
        if kept := found.get(f"null_{name}"):
            median = number(found.get(f"sse_null_{name}"))
            lines.append(
                (
                    title,
                    f"{count(kept['draws'])} draws, their median SSE {median}, "
                    f"p = {number(found[f'p_{name}'])}",
                )
            )
    lines.append(("Device", str((provenance["artifact"] or {}).get("device_kind") or NONE)))
    versions = (f"{name} {text}" for name, text in sorted(provenance["software"].items()))
    lines.append(("Software", ", ".join(versions) or NONE))
    names = {"total_s": "in all", "evolution_s": "evolution", "nulls_s": "nulls"}
    timing = provenance["timing"]
    times = (f"{names[key]} {duration(timing[key])}" for key in names if key in timing)
    lines.append(("Time taken", ", ".join(times) or NONE))
    return lines


def config_html(facts: AuditFacts) -> str:
    """All settings of a run: key, value, unit; those that the hunt varied are marked."""
    if not facts.run:
        return ""
    if not facts.config:
        words = "The config is neither in the ledger nor in an audit."
        return f"<section>{_title('Config', facts.run)}<p>{words}</p></section>"
    declared = specs(RunConfig)
    rows = "".join(
        _setting(name, facts.config[name], spec.unit, spec.doc, name in facts.searched)
        for name, spec in declared.items()
        if name in facts.config
    )
    legend = "◆ varied by the hunt." if facts.searched else "No hunt varied any of them."
    return (
        f'<section>{_title("Config", facts.run)}<p class="quiet">{legend}</p>'
        '<table class="config"><tr>'
        f"<th>Setting</th><th></th><th>Value</th><th>Unit</th></tr>{rows}</table></section>"
    )


def _title(what: str, run: str) -> str:
    return f'<h3>{what} of <code title="{html.escape(run)}">{short_id(run)}</code></h3>'


def _setting(name: str, value: Any, unit: str, doc: str, searched: bool) -> str:
    # All digits that tell a run from its neighbour, since the id depends on each of them.
    text = repr(value) if isinstance(value, float) else str(value) or NONE
    mark = '<b title="varied by the hunt">◆</b> ' if searched else ""
    return (
        f'<tr{" class=searched" if searched else ""} data-key="{html.escape(name)}" '
        f'title="{html.escape(doc)}"><td>{mark}<code>{html.escape(name)}</code></td>'
        f"<td>{SYMBOLS.get(name, '')}</td><td>{html.escape(text)}</td><td>{html.escape(unit)}</td>"
        "</tr>"
    )


def _file_row(file: File) -> str:
    name = html.escape(file.name)
    shown = file.name
    for part in file.name.replace(".", "_").split("_"):
        if len(part) >= 40:
            shown = shown.replace(part, f"{short_id(part)}…")
    whole = html.escape(file.sha256)
    weight = NONE if file.bytes is None else size(file.bytes)
    sum_ = f'<code class="sum" title="{whole}">{whole}</code>' if whole else NONE
    return (
        f'<tr><td title="{name}">{html.escape(shown)}</td><td>{sum_}</td><td>{weight}</td>'
        f'<td class="quiet">{html.escape(file.note)}</td></tr>'
    )

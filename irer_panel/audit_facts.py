"""What stands behind a run's verdicts: its config, how it was audited, its files and checksums."""

import hashlib
import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import EngineError
from engine.schema import specs
from engine.settings import HuntSettings, RunConfig
from engine.store.provenance import read_provenance
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace
from irer_panel.wording import NONE, SYMBOLS, count, duration, number, short_id, size

_NULLS = {"phase_scramble": "Phase scramble", "target_shuffle": "Target shuffle"}


@dataclass(frozen=True)
class File:
    """A file of a run.

    Attributes:
        name: of the file.
        sha256: of its contents, empty where it is not there.
        bytes: its size, None where it is not there.
        note: what there is to say.
    """

    name: str
    sha256: str
    bytes: int | None
    note: str = ""


@dataclass(frozen=True)
class AuditFacts:
    """What is known of a run beside its verdicts.

    Attributes:
        run: its id, empty for none.
        provenance: its audit, None where it cannot be read.
        config: all settings of the run, empty where they are not known.
        searched: names of the settings that the hunt varied.
        files: with their checksums.
        problem: why the audit cannot be read.
    """

    run: str
    provenance: Mapping[str, Any] | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    searched: tuple[str, ...] = ()
    files: tuple[File, ...] = ()
    problem: str = ""


def read_facts(workspace: Workspace, reader: LedgerReader, run: str) -> AuditFacts:
    """Read what is known of a run; a problem becomes words. Call it off the event loop."""
    if not run:
        return AuditFacts("")
    provenance, problem = None, ""
    try:
        provenance = read_provenance(workspace.provenance_path(run))
    except EngineError as error:
        problem = str(error)
    try:
        row = reader.run(run) or {}
        settings = {hunt["hunt_id"]: hunt["settings"] for hunt in reader.hunts()}
        varied = [
            each.key
            for place in row.get("places", ())
            for each in HuntSettings.from_mapping(settings[place["hunt_id"]]).dimensions
        ]
    except EngineError as error:
        return AuditFacts(run, provenance, problem=str(error))
    config = row.get("config") or (provenance or {}).get("config") or {}
    files = tuple(_files(workspace, run, provenance, row))
    return AuditFacts(run, provenance, config, tuple(dict.fromkeys(varied)), files, problem)


def _files(
    workspace: Workspace, run: str, provenance: Mapping[str, Any] | None, row: Mapping[str, Any]
) -> Iterable[File]:
    """The artifact with the checksum that was audited, the small files with that of now."""
    artifact = workspace.artifact_path(run)
    audited = (provenance or {}).get("artifact") or {}
    now = artifact.stat().st_size if artifact.is_file() else None
    note = "as audited"
    if now is None:
        note = f"evicted on {row['evicted'][:10]}" if row.get("evicted") else "not there"
    elif now != audited.get("bytes"):
        note = f"{size(now)} now: not the file that was audited"
    elif row.get("artifact_sha256") != audited.get("sha256"):
        note = "the ledger has another checksum"
    yield File(artifact.name, audited.get("sha256") or "", audited.get("bytes"), note)
    for path in (workspace.provenance_path(run), workspace.config_path(run)):
        yield _file_now(path)
    start = (row.get("config") or {}).get("initial_state_sha256")
    if start:
        yield File(workspace.initial_state_path(start).name, start, None, "the run's start")


def _file_now(path: Path) -> File:
    try:
        held = path.read_bytes()
    except OSError:
        return File(path.name, "", None, "not there")
    return File(path.name, hashlib.sha256(held).hexdigest(), len(held), "now")


def facts_html(facts: AuditFacts) -> str:
    """How the run was audited, and its files with their checksums."""
    if not facts.run:
        return ""
    if facts.provenance is None:
        return f"<section><h3>Provenance</h3><p>{html.escape(facts.problem)}</p></section>"
    lines = "".join(
        f"<tr><td>{html.escape(name)}</td><td>{html.escape(text)}</td></tr>"
        for name, text in provenance_lines(facts.provenance)
    )
    files = "".join(_file_row(each) for each in facts.files)
    return (
        f'<section><h3>Provenance</h3><table class="facts">{lines}</table><h4>Checksums '
        '(SHA-256)</h4><p class="quiet">Of the artifact as it was audited, of the other files as '
        "they are now; a click selects the whole of one.</p>"
        f'<table class="files">{files}</table></section>'
    )


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
        return f"<section><h3>Config</h3><p>{words}</p></section>"
    declared = specs(RunConfig)
    rows = "".join(
        _setting(name, facts.config[name], spec.unit, spec.doc, name in facts.searched)
        for name, spec in declared.items()
        if name in facts.config
    )
    legend = "◆ varied by the hunt." if facts.searched else "No hunt varied any of them."
    return (
        f'<section><h3>Config</h3><p class="quiet">{legend}</p><table class="config"><tr>'
        f"<th>Setting</th><th></th><th>Value</th><th>Unit</th></tr>{rows}</table></section>"
    )


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

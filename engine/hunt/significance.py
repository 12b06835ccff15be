"""What a hunt's scores say together: how many were tried, and how many chance would have given.

A hunt looks at many runs and shows the best of them, so the best score is low whether or not it
means anything. This report corrects for that; it is written when a hunt ends.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.audit.primes import MAX_PEAKS
from engine.audit.significance import holm, share_below
from engine.audit.verdicts import SUCCESS_H_NORM, SUCCESS_P, SUCCESS_SSE
from engine.errors import EngineError
from engine.settings import STATUS_OK
from engine.store import strict_json
from engine.store.provenance import read_provenance
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace, atomic_write_bytes

LEVEL = SUCCESS_P
"""Both nulls must be refuted at this level after Holm's correction over the hunt's runs."""

_NULLS = ("phase_scramble", "target_shuffle")
_PERMUTATIONS = math.factorial(MAX_PEAKS - 1)


def report_path(workspace: Workspace, hunt_id: str) -> Path:
    """Where a hunt's report is kept."""
    return workspace.root / "analysis_reports" / f"significance_{hunt_id}.json"


def write_report(workspace: Workspace, reader: LedgerReader, hunt_id: str) -> dict[str, Any]:
    """Weigh the runs that a hunt has in the ledger, and keep the report.

    Raises:
        LedgerError, WorkspaceError: the ledger or a run's provenance cannot be read, or the report
            not be written.
    """
    runs = {row["config_hash"]: row for row in reader.runs(hunt_id)}  # a place can repeat a run
    report = weigh(hunt_id, list(runs.values()), _null_reader(workspace))
    path = report_path(workspace, hunt_id)
    atomic_write_bytes(path, strict_json.dumps(report, indent=1).encode() + b"\n")
    return report


def read_report(workspace: Workspace, hunt_id: str) -> dict[str, Any] | None:
    """A hunt's report; None where there is none that can be read."""
    try:
        found = strict_json.loads(report_path(workspace, hunt_id).read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and "conclusion" in found else None


def weigh(hunt_id: str, rows: Sequence[Mapping[str, Any]], null_of: Any) -> dict[str, Any]:
    """The report on a hunt's runs.

    Args:
        hunt_id: its id.
        rows: one ledger row a run.
        null_of: gives, for a run's id, the phase-scramble null that its audit kept, or None.

    Returns:
        `runs` tried and `scored`; for the run of lowest SSE (`best`) and the run of lowest
        corrected p (`strongest`) their figures and their p-values after Holm's correction over all
        runs tried; `expected_below_best`: how many of the scored runs would have a score as low as
        the best one, were their phases random; `significant`: the ids that refute both nulls at
        `level`; `success`: those of them that also meet the thresholds; and a `conclusion`.
    """
    scored = [row for row in rows if _is_scored(row)]
    corrected = {
        name: dict(
            zip(
                [row["config_hash"] for row in rows],
                holm([row[f"p_{name}"] if _is_scored(row) else 1.0 for row in rows]),
                strict=True,
            )
        )
        for name in _NULLS
    }

    def evidence(row: Mapping[str, Any]) -> dict[str, Any]:
        names = ("config_hash", "log_prime_sse", "sdg_h_norm_l2", "n_peaks")
        return {
            **{name: row[name] for name in names},
            **{f"p_{name}": row[f"p_{name}"] for name in _NULLS},
            **{f"p_{name}_holm": float(corrected[name][row["config_hash"]]) for name in _NULLS},
        }

    def weakest(row: Mapping[str, Any]) -> float:
        return max(float(corrected[name][row["config_hash"]]) for name in _NULLS)

    best = min(scored, key=lambda row: row["log_prime_sse"], default=None)
    strongest = min(scored, key=lambda row: (weakest(row), row["p_phase_scramble"]), default=None)
    significant = [row for row in scored if weakest(row) < LEVEL]
    success = [
        row
        for row in significant
        if row["log_prime_sse"] < SUCCESS_SSE and row["sdg_h_norm_l2"] < SUCCESS_H_NORM
    ]
    nulls = [null_of(row["config_hash"]) for row in scored] if best else []
    report = {
        "hunt_id": hunt_id,
        "runs": len(rows),
        "scored": len(scored),
        "level": LEVEL,
        "best": evidence(best) if best else None,
        "strongest": evidence(strongest) if strongest else None,
        "expected_below_best": (
            sum(share_below(best["log_prime_sse"], null) for null in nulls)
            if best and None not in nulls
            else None
        ),
        "significant": [row["config_hash"] for row in significant],
        "success": [row["config_hash"] for row in success],
    }
    return {**report, "conclusion": in_words(report)}


def in_words(report: Mapping[str, Any]) -> str:
    """What the report means, for people."""
    tried = f"{report['runs']:,} run{'s' * (report['runs'] != 1)}"
    best = report["best"]
    if best is None:
        return f"None of {tried} has a score, so nothing can be significant."
    expected = report["expected_below_best"]
    chance = (
        ""
        if expected is None
        else f" By chance alone {expected:.2g} of the {report['scored']:,} scored runs would have "
        f"an SSE as low as the best, {best['log_prime_sse']:.3g}."
    )
    strongest = report["strongest"]
    p = max(strongest["p_phase_scramble_holm"], strongest["p_target_shuffle_holm"])
    if not report["significant"]:
        return (
            f"Nothing significant: of {tried}, the strongest has p = {p:.2g} after Holm's "
            f"correction, where {report['level']:g} is asked for.{chance}{_limit(report)}"
        )
    count = len(report["significant"])
    plea = "They are claims, not findings, for the same scores chose them: replicate them"
    if count == 1:
        plea = "It is a claim, not a finding, for the same score chose it: replicate it"
    return (
        f"{count:,} of {tried} refute{'s' * (count == 1)} both null hypotheses after Holm's "
        f"correction, the strongest with p = {p:.2g}.{chance} {plea} from fresh seeds."
    )


def _limit(report: Mapping[str, Any]) -> str:
    """That so many runs were tried that no score could pass, where it is so."""
    if report["runs"] < report["level"] * _PERMUTATIONS:
        return ""
    return (
        f" With more than {report['level'] * _PERMUTATIONS:.0f} runs no score can be: the target "
        "shuffle has too few permutations. Replicate the best run."
    )


def _is_scored(row: Mapping[str, Any]) -> bool:
    return row["status"] == STATUS_OK and all(row[f"p_{name}"] is not None for name in _NULLS)


def _null_reader(workspace: Workspace) -> Any:
    def read(config_hash: str) -> Mapping[str, Any] | None:
        try:
            provenance = read_provenance(workspace.provenance_path(config_hash))
        except EngineError:
            return None
        found = provenance["spectral_fidelity"].get("null_phase_scramble")
        return found if isinstance(found, Mapping) else None

    return read

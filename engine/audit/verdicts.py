"""The verdicts on one run, one a line: what was asked, what was found, and what it means.

A verdict passes, fails, or was not reached because an earlier one failed: no figure of a run that
is not sound means anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.audit.integrity import Check

SUCCESS_SSE = 0.01
SUCCESS_H_NORM = 0.001
SUCCESS_P = 0.01
LEAST_PCS = 0.999

_UNREACHED = "Not reached: an earlier line says why."
_NOT_FOLLOWED = "The checkpoint cannot be followed to the end."


@dataclass(frozen=True)
class Verdict:
    """One line of the list.

    Attributes:
        name: identity, integrity, evolution, noether, fidelity, stability or significance.
        passed: None where it was not reached.
        figure: what was found; None for nothing.
        threshold: what it is held against, as words: "< 0.01".
        meaning: in plain words.
    """

    name: str
    passed: bool | None
    figure: float | None
    threshold: str
    meaning: str


def verdicts(provenance: Mapping[str, Any], checks: Sequence[Check]) -> list[Verdict]:
    """The list for one audit.

    Args:
        provenance: the report, with everything but this list.
        checks: the integrity checks that were made.
    """
    status, error = provenance["status"], provenance["error"]
    opened = provenance["config"] is not None
    bounded = opened and status != "diverged"
    sound = opened and status in ("ok", "too_few_peaks")
    by_name = {check.name: check for check in checks}
    return [
        _identity(status, error, opened),
        _integrity(status, error, bounded, by_name),
        _evolution(status, error, by_name),
        _noether(provenance),
        _fidelity(provenance, sound, error),
        _stability(provenance, sound),
        _significance(provenance),
    ]


def _identity(status: str, error: str, opened: bool) -> Verdict:
    asked = "SHA-1 of the stored config = id"
    if opened:
        return Verdict("identity", True, None, asked, "The file holds the run that it names.")
    if status == "config_mismatch":
        return Verdict("identity", False, None, asked, error)
    return Verdict("identity", None, None, asked, error)


def _integrity(status: str, error: str, bounded: bool, checks: Mapping[str, Check]) -> Verdict:
    asked = "checksums hold, all finite, ρ_s > 0, ρ = |ψ|², g_tt = −Ω²(ρ_s)"
    if status in ("artifact_missing", "artifact_unreadable", "diverged"):
        return Verdict("integrity", False, None, asked, error)
    own = [checks[name] for name in ("rho_consistency", "g_tt_consistency") if name in checks]
    if not bounded or not own:
        return Verdict("integrity", None, None, asked, _UNREACHED)
    worst = _worst(own)
    meaning = "The fields are whole and belong to one another." if worst.passed else worst.meaning
    return Verdict(
        "integrity", worst.passed, worst.figure, f"{asked} to {worst.limit:.2g}", meaning
    )


def _evolution(status: str, error: str, checks: Mapping[str, Check]) -> Verdict:
    own = [
        checks[name]
        for name in ("evolution_residual", "evolution_residual_rho_s")
        if name in checks
    ]
    if not own:
        asked = "the auditor's own integration from the checkpoint ends in the final fields"
        if status != "audit_failed":
            return Verdict("evolution", None, None, asked, _UNREACHED)
        sound = all(check.passed for check in checks.values())
        return Verdict("evolution", False, None, asked, error if sound else _NOT_FOLLOWED)
    worst = _worst(own)
    meaning = (
        "Integrated by other code, the checkpoint leads to the final fields."
        if worst.passed
        else f"Worst in {worst.name}: {worst.meaning}"
    )
    return Verdict("evolution", worst.passed, worst.figure, f"≤ {worst.limit:.2g}", meaning)


def _worst(checks: Sequence[Check]) -> Check:
    """The one furthest beyond its limit; a figure that is not a number is beyond any."""
    return max(checks, key=lambda check: (not check.passed, check.figure / check.limit))


def _noether(provenance: Mapping[str, Any]) -> Verdict:
    pcs, asked = provenance["pcs_score"], f"pcs_score ≥ {LEAST_PCS:g}"
    if pcs is None:
        return Verdict("noether", None, None, asked, _UNREACHED)
    passed = pcs >= LEAST_PCS
    meaning = (
        "What Q = ∫ρ gained and lost accounts for its change."
        if passed
        else "Q = ∫ρ changed by more than it gained and lost: the fields were altered, or dt is "
        "too coarse."
    )
    return Verdict("noether", passed, pcs, asked, meaning)


def _fidelity(provenance: Mapping[str, Any], sound: bool, error: str) -> Verdict:
    asked, found = f"log_prime_sse < {SUCCESS_SSE:g}", provenance["spectral_fidelity"]
    sse = found["log_prime_sse"]
    if sse is None:
        passed = False if sound else None
        return Verdict("fidelity", passed, None, asked, error if sound else _UNREACHED)
    near = "The peaks lie near" if sse < SUCCESS_SSE else "The peaks lie far from"
    return Verdict(
        "fidelity",
        sse < SUCCESS_SSE,
        sse,
        asked,
        f"{near} c·ln p. By itself that means nothing: see significance.",
    )


def _stability(provenance: Mapping[str, Any], sound: bool) -> Verdict:
    asked, norm = f"sdg_h_norm_l2 < {SUCCESS_H_NORM:g}", provenance["sdg_h_norm_l2"]
    if not sound or norm is None:
        return Verdict("stability", None, None, asked, _UNREACHED)
    passed = norm < SUCCESS_H_NORM
    close = "close to" if passed else "away from"
    return Verdict(
        "stability", passed, norm, asked, f"The spacetime density is {close} its static balance."
    )


def _significance(provenance: Mapping[str, Any]) -> Verdict:
    found, asked = provenance["spectral_fidelity"], f"both p < {SUCCESS_P:g}"
    odds = [found["p_phase_scramble"], found["p_target_shuffle"]]
    if None in odds:
        return Verdict("significance", None, None, asked, _UNREACHED)
    weaker = max(odds)
    meaning = (
        "Chance seldom does as well as this one run. Of a hunt's many runs one may all the same: "
        "the hunt's report corrects for their number."
        if weaker < SUCCESS_P
        else "Chance gives such a score as easily: it means nothing, however low it is."
    )
    return Verdict("significance", weaker < SUCCESS_P, weaker, asked, meaning)

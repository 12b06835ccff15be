"""The draws behind a run's p-values, made again: the audit keeps what they say, not themselves.

Which surrogates a run gets depends on its id alone, so the same draws come again, and with them
the same p. Where they do not, the page says so.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.audit.nulls import (
    Draw,
    NullTest,
    draws_behind,
    exact,
    phase_scramble,
    sequential,
    target_shuffle,
)
from engine.audit.primes import MAX_PEAKS
from engine.audit.spectrum import Floats
from engine.cores import step_aside
from engine.errors import StopRequested
from engine.store.artifact import open_artifact
from engine.store.workspace import Workspace
from irer_panel.wording import count, counted, number

drawers = ThreadPoolExecutor(1, thread_name_prefix="irer-draw", initializer=step_aside)
"""Draws of null hypotheses, for all sessions: hunts and pages go first."""

_CHUNK_CELLS = 2**20

PHASE_SCRAMBLE, TARGET_SHUFFLE = "phase_scramble", "target_shuffle"


@dataclass(frozen=True, eq=False)
class NullDraws:
    """One null hypothesis of a run, drawn again.

    Attributes:
        name: `phase_scramble` or `target_shuffle`.
        scores: of its draws, infinite where undefined.
        observed: the run's own score.
        test: what the auditor makes of them.
        audited: the p-value that the audit kept.
        peaks: how many of the run's peaks are scored.
    """

    name: str
    scores: Floats
    observed: float
    test: NullTest
    audited: float
    peaks: int


def can_redraw(provenance: Mapping[str, Any] | None) -> bool:
    """Whether the audit of a run drew anything, and says how much."""
    found = (provenance or {}).get("spectral_fidelity") or {}
    wanted = ("log_prime_sse", "null_phase_scramble", "null_target_shuffle", "p_phase_scramble")
    return all(found.get(name) is not None for name in wanted)


def redraw(
    workspace: Workspace,
    run: str,
    provenance: Mapping[str, Any],
    wanted: Callable[[], bool] = lambda: True,
) -> tuple[NullDraws, NullDraws]:
    """Both null hypotheses of a run, drawn again.

    Args:
        workspace: where its artifact is.
        run: its id.
        provenance: its audit, of which `can_redraw` holds.
        wanted: asked now and then whether to go on.

    Raises:
        ArtifactError: the artifact is missing or unreadable.
        StopRequested: it was not wanted any more.
    """
    found = provenance["spectral_fidelity"]
    observed, peaks = found["log_prime_sse"], np.asarray(found["peaks_k"])
    with open_artifact(workspace.artifact_path(run), run) as artifact:
        psi = artifact.read("final_psi").astype(np.complex128)
    kept, p = found["null_phase_scramble"], found["p_phase_scramble"]
    scores: list[Floats] = []
    draw = _noted(phase_scramble(psi, run), len(psi), scores, wanted)
    scramble = sequential(observed, draw, draws_behind(kept, p), kept["draws"])
    shuffled = target_shuffle(peaks)
    shuffle = exact(observed, shuffled)
    used = min(peaks.size, MAX_PEAKS)
    return (
        NullDraws(PHASE_SCRAMBLE, np.concatenate(scores), observed, scramble, p, used),
        NullDraws(TARGET_SHUFFLE, shuffled, observed, shuffle, found["p_target_shuffle"], used),
    )


def _noted(draw: Draw, size: int, scores: list[Floats], wanted: Callable[[], bool]) -> Draw:
    """The same draws, kept as they come, in portions after which one can stop."""
    portion = max(1, _CHUNK_CELLS // size**2)

    def noted(total: int) -> Floats:
        made = []
        for begin in range(0, total, portion):
            if not wanted():
                raise StopRequested("another run is looked at.")
            made.append(draw(min(portion, total - begin)))
        scores.extend(made)
        return np.concatenate(made)

    return noted


def p_words(name: str, test: Mapping[str, Any], p: float, peaks: int) -> str:
    """A p-value in words, from what the audit kept of it.

    Args:
        name: the null hypothesis.
        test: `NullTest.to_dict()`.
        p: its p-value.
        peaks: how many peaks were scored.
    """
    draws, reached = int(test["draws"]), int(test["reached"])
    verb = "scores" if reached == 1 else "score"
    if name == TARGET_SHUFFLE:
        least = f"; with {counted(peaks, 'peak')} it is {number(1 / draws)} at best"
        return (
            f"{count(reached)} of {count(draws)} orders of the gaps {verb} as low, its own "
            f"included: p = {number(p)}{least}."
        )
    return f"{count(reached)} of {counted(draws, 'draw')} {verb} as low: p = {number(p)}."


def agreement(draws: NullDraws) -> str:
    """Whether the draws bear the kept p-value out, in words; empty where they do."""
    if draws.test.p == draws.audited:
        return ""
    return (
        f"Drawn again, p = {number(draws.test.p)} comes out, where the audit found "
        f"{number(draws.audited)}: the file or the software is another now. Validate it again."
    )


def undefined_words(draws: NullDraws) -> str:
    """How many draws have no score, and what they count as; empty for none."""
    without = int(np.count_nonzero(~np.isfinite(draws.scores)))
    if not without:
        return ""
    have = "has" if without == 1 else "have"
    return (
        f"{counted(without, 'draw')} {have} too few peaks for a score, and count as worse than any."
    )

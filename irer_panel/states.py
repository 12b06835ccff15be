"""The states of a hunt in words: what the chip says, why Start is disabled, what to do next."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from irer_panel.job import PROMOTE, REPRODUCE, RESTORE, VALIDATE
from irer_panel.snapshot import INTERRUPTED, Snapshot
from irer_panel.wording import counted, duration, number, rate, short_id

SIGNIFICANT = 0.01
"""A null p-value below this speaks for structure (before Holm's correction over the runs)."""


@dataclass(frozen=True)
class StateWord:
    """A state's word, sign and tone (of `theme.TONES`): never told by colour alone."""

    word: str
    sign: str
    tone: str


STATES = {
    "idle": StateWord("Idle", "○", "default"),
    "starting": StateWord("Starting", "◔", "primary"),
    "running": StateWord("Running", "●", "primary"),
    "paused": StateWord("Paused", "‖", "warning"),
    "stopping": StateWord("Stopping", "◑", "warning"),
    "completed": StateWord("Completed", "✓", "success"),
    "stopped": StateWord("Stopped", "■", "warning"),
    "failed": StateWord("Failed", "✕", "error"),
    INTERRUPTED: StateWord("Interrupted", "◇", "warning"),
}
STALLED = StateWord("Stalled", "▲", "warning")
ELSEWHERE = StateWord("Running elsewhere", "◆", "warning")


def state_word(snapshot: Snapshot) -> StateWord:
    """The word for the workspace's state as this page sees it."""
    if snapshot.elsewhere:
        if not snapshot.shown.active:
            return ELSEWHERE
        word = STALLED.word if snapshot.shown.stalled else STATES[snapshot.shown.state].word
        return replace(ELSEWHERE, word=f"{word} elsewhere")
    return STALLED if snapshot.shown.stalled else STATES[snapshot.shown.state]


_WAY_OUT = {
    "starting": "Stop it, or wait, to start another.",
    "running": "Stop it, or wait, to start another.",
    "paused": "Resume it, or stop it to start another.",
    "stopping": "It ends within seconds.",
}


_FOLLOWS = (
    "This dashboard only follows (`irer serve --follow`): hunts are started, paused and stopped "
    "where they run."
)


def start_refusal(snapshot: Snapshot) -> str:
    """Why Start is disabled now; empty where it is not."""
    status = snapshot.status
    if status.active:
        return (
            f"Hunt {status.hunt_id} is {status.state}: {status.runs_done} of "
            f"{counted(status.runs_total, 'run')} done. {_WAY_OUT[status.state]}"
        )
    if snapshot.job.active:
        return f"{job_words(snapshot)} Then a hunt can start."
    if snapshot.elsewhere:
        return (
            f"Another process hunts in this workspace: {snapshot.elsewhere}. Pause and stop it "
            "there. Wait for its end to start one here."
            if not snapshot.follows
            else f"{_FOLLOWS} One is under way: {snapshot.elsewhere}."
        )
    return _FOLLOWS if snapshot.follows else ""


def job_words(snapshot: Snapshot) -> str:
    """What is done beside hunts, and since when; empty for nothing."""
    job = snapshot.job
    if not job.active:
        return ""
    what = {
        PROMOTE: f"Promoting run {short_id(job.run)}: it is computed again on a grid twice as "
        "fine, and audited",
        RESTORE: f"Re-creating the fields of run {short_id(job.run)}: it is computed again, and "
        "compared byte for byte",
        VALIDATE: f"Auditing run {short_id(job.run)} again, from its file alone",
        REPRODUCE: f"Reproducing run {short_id(job.run)}: it is computed again beside its file, "
        "and every dataset compared",
    }
    return f"{what[job.kind]}; for {duration(max(0.0, snapshot.taken - job.began))} so far."


def eviction_words(snapshot: Snapshot, row: Mapping[str, Any]) -> str:
    """Why a run has no fields to show though it had, and what can be done."""
    run, job = str(row["config_hash"]), snapshot.job
    if job.kind == RESTORE and job.run == run:
        if job.active:
            return job_words(snapshot)
        if job.problem or job.conclusion:
            return f"Not re-created. {job.problem or job.conclusion}"
    return (
        f"The fields of run {short_id(run)} were evicted on {str(row['evicted'])[:10]}, since its "
        "hunt keeps the best only. Its row and its audit stay. It can be computed again, to the "
        "same bytes."
    )


def can_work(snapshot: Snapshot) -> bool:
    """Whether a run can be promoted or re-created now: it would take a hunt's place."""
    return not start_refusal(snapshot)


def can_pause(snapshot: Snapshot) -> bool:
    """Whether there is a hunt to pause, or a paused one to resume."""
    return snapshot.status.state in ("running", "paused")


def continuable(snapshot: Snapshot) -> str:
    """The id of the hunt that can go on where it was; empty for none."""
    ended = snapshot.shown.state in ("stopped", "failed", INTERRUPTED)
    return snapshot.shown.hunt_id if ended and not start_refusal(snapshot) else ""


def progress(snapshot: Snapshot) -> float | None:
    """Share of the shown hunt that is done, 0 … 1, runs under way included; None for none."""
    status = snapshot.shown
    if not status.runs_total:
        return None
    return min(1.0, (status.runs_done + status.under_way) / status.runs_total)


def progress_words(snapshot: Snapshot) -> str:
    """Runs done, generation, rate and time left: "37/100 · gen 4/10 · 1.8 runs/s · 35 s left"."""
    status = snapshot.shown
    if not status.runs_total:
        return "no hunt yet"
    words = [f"{status.runs_done:,}/{counted(status.runs_total, 'run')}"]
    if status.generation:
        words.append(f"gen {status.generation}/{status.num_generations}")
    if status.rate:
        words.append(rate(status.rate))
    if status.active and status.state != "paused":
        if status.stage:
            words.append(status.stage)
        if status.eta_s is not None:
            words.append(f"{duration(status.eta_s)} left")
    return " · ".join(words)


def notice(snapshot: Snapshot) -> tuple[str, str]:
    """A severity and a sentence or two that the state calls for; both empty where none does."""
    if snapshot.problem:
        return "error", snapshot.problem
    status = snapshot.shown
    kept = f"{status.runs_done} of {counted(status.runs_total, 'run')}"
    if snapshot.elsewhere:
        stalled = f" {status.stalled}" if status.stalled else ""
        return "warning" if stalled else "info", (
            f"{start_refusal(snapshot)} Its runs appear here as they are committed.{stalled}"
        )
    if status.stalled:
        return "warning", (
            f"Hunt {status.hunt_id}: {status.stalled} Its log, logs/core_engine_hunt.log, may say "
            "why. Stop keeps what is done."
        )
    if status.state == INTERRUPTED:
        return "warning", (
            f"Hunt {status.hunt_id} was interrupted: its process ended before it did. {kept} were "
            "done and are kept. Continue it where it was, or start another."
        )
    if status.state == "failed":
        reason = status.error or "no reason was recorded"
        return "error", (
            f"Hunt {status.hunt_id} failed: {reason.rstrip('.')}. The {kept} that were done are "
            "kept. Remove the cause, then continue it, or start another."
        )
    if status.state == "stopped":
        return "warning", (
            f"Hunt {status.hunt_id} was stopped: {kept} were done and are kept. Continue it where "
            "it was, or start another: a run that is already there is not computed again."
        )
    bare = status.failures.get("too_few_peaks", 0)
    if status.state == "completed" and bare and not status.best:
        return "info", (
            f"No score: {bare} of {counted(status.runs_done, 'run')} have a spectrum with fewer "
            "than 3 peaks, over which a score would mean nothing. Their fields are there to look "
            "at. The rings of a spectrum lie 2π/L apart: a larger domain shows more of them, such "
            "as Domain length 256 with N grid 128, under Simulation."
        )
    return "", ""


def link_words(snapshot: Snapshot) -> str:
    """How the link to Redis stands; empty where none is asked for."""
    link = snapshot.link
    if link is None:
        return ""
    age = duration(max(0.0, snapshot.taken - link.since))
    if link.up:
        told = "" if snapshot.follows else f", {counted(link.published, 'event')} published"
        if link.skipped:
            told += f", {counted(link.skipped, 'event')} of a newer irer left out"
        return f"{link.place}: connected for {age}{told}"
    return f"{link.place}: not connected for {age}: {link.problem or 'not tried yet'}"


def verdict(snapshot: Snapshot) -> str:
    """Whether the best run's score means anything, in plain words."""
    best = snapshot.shown.best
    if not best:
        return _scoreless(snapshot)
    if snapshot.conclusion and not snapshot.shown.active:
        return snapshot.conclusion
    scramble, shuffle = best.get("p_phase_scramble"), best.get("p_target_shuffle")
    name = f"Run {short_id(str(best.get('config_hash', '')))}"
    if scramble is None or shuffle is None:
        return f"{name} has no p-values: nothing can be said about its score."
    odds = f"p = {number(scramble)} (phase scramble), {number(shuffle)} (target shuffle)"
    if max(scramble, shuffle) >= SIGNIFICANT:
        return f"Nothing significant: {odds}. Fields without structure score as well as {name}."
    return (
        f"{name} beats both null hypotheses: {odds}, before correction for the number of runs. "
        "Replicate it from fresh seeds before believing it."
    )


def over_seeds(snapshot: Snapshot) -> str:
    """What the best run's candidate is worth over all its seeds; empty where it has but one."""
    found = (snapshot.best or {}).get("candidate")
    if not found:
        return ""
    low, middle, high = (
        "a failure" if found[name] is None else number(found[name])
        for name in ("lowest", "median", "highest")
    )
    return (
        f"The best of its candidate's {found['seeds']} seeds: their median fitness is {middle}, "
        f"from {low} to {high}."
    )


def _scoreless(snapshot: Snapshot) -> str:
    status = snapshot.shown
    if not status.runs_done:
        return "The best run of a hunt appears here as JSON."
    kinds = [f"{n:,} {kind.replace('_', ' ')}" for kind, n in status.failures.items() if n]
    yet = " yet" if status.active else ""
    why = f": {', '.join(kinds)}" if kinds else ""
    return f"None of {counted(status.runs_done, 'run')} has a score{yet}{why}."


def emptiness(snapshot: Snapshot) -> str:
    """What to say where the fields would be, while there is none."""
    if snapshot.shown.active or snapshot.elsewhere:
        return "The first field appears here as soon as its run has been audited."
    if snapshot.newest:
        return "Reading the run's fields …"
    if snapshot.shown.state == "idle":
        return (
            "No hunt yet. Choose how many generations and candidates in the sidebar (☰), then "
            "press Start: the first field appears here within seconds."
        )
    return "This hunt left no field. Start another one from the sidebar (☰)."

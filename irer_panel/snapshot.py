"""One look at an engine: the status, and what the ledger says of the hunt that the page shows."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from engine.errors import EngineError
from engine.hunt.engine import Engine
from engine.hunt.significance import read_report
from engine.hunt.tally import spread_of
from engine.live.condition import LinkState
from engine.live.status import HuntStatus, read_status
from engine.settings import HuntSettings
from engine.store.reader import COLUMNS
from irer_panel.job import Job, desk_of
from irer_panel.promotion import newest_promotion
from irer_panel.room import Room, room_of
from irer_panel.shared import shared, shared_since
from irer_panel.stamps import Stamps, stamps_of

INTERRUPTED = "interrupted"
"""State of a hunt whose process ended before it did, and that nobody goes on with."""

NEWEST = 100
"""How many of a hunt's newest runs a look sees; of any other run it sees the row that it asks for.
"""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What one look saw: everything that the views of the hunt show.

    Attributes:
        status: the hunt of this process.
        shown: the status that the page shows: the same, or (before the first hunt of this
            process) what the ledger remembers of the latest hunt.
        elsewhere: who hunts in the workspace from another process, empty for nobody.
        follows: whether this process only follows what others do.
        link: how the link to Redis stands; None where none is asked for.
        runs: the `NEWEST` runs of the shown hunt, newest first, ledger columns; of all runs where
            none is.
        asked: the run that the page's user chose, whose row was looked for.
        chosen: its row, where it is of the shown hunt but not among `runs`.
        best: its best run, JSON-ready, with its whole config.
        conclusion: what its scores say together, empty until it is over.
        sequence: the last ledger event that was seen.
        promotion: the newest report on a promotion of the best run, None before there is one.
        job: what is done in this process beside hunts, or was done last.
        room: what the workspace holds and its disk has left; None until it is known.
        stamps: when reports of components, and components, last changed.
        problem: why the ledger could not be read, empty when it could.
        taken: when, Unix time.
    """

    status: HuntStatus = field(default_factory=HuntStatus)
    shown: HuntStatus = field(default_factory=HuntStatus)
    elsewhere: str = ""
    follows: bool = False
    link: LinkState | None = None
    runs: Sequence[Mapping[str, Any]] = ()
    asked: str = ""
    chosen: Mapping[str, Any] | None = None
    best: Mapping[str, Any] | None = None
    conclusion: str = ""
    sequence: int = -1
    promotion: Mapping[str, Any] | None = None
    job: Job = field(default_factory=Job)
    room: Room | None = None
    stamps: Stamps = field(default_factory=Stamps)
    problem: str = ""
    taken: float = 0.0

    def run(self, run_id: str) -> Mapping[str, Any] | None:
        """The row of one run of `runs`, or of the chosen one; None for any other."""
        known = self.runs if self.chosen is None else (*self.runs, self.chosen)
        return next((row for row in known if row["config_hash"] == run_id), None)

    @property
    def newest(self) -> str:
        """The newest run whose artifact is kept, else the best if its is; empty for none."""
        known = (*self.runs, self.best) if self.best else self.runs
        kept = (r for r in known if r["artifact_sha256"] and not r["evicted"])
        return next((row["config_hash"] for row in kept), "")


@dataclass(frozen=True, eq=False)
class _Moment:
    """What is alike for all pages that look at one time; `hunt` is the ledger's latest."""

    status: HuntStatus
    follows: bool
    link: LinkState | None
    job: Job
    stamps: Stamps
    taken: float
    elsewhere: str = ""
    hunt: Mapping[str, Any] | None = None
    sequence: int = -1
    room: Room | None = None
    problem: str = ""


@dataclass(frozen=True, eq=False)
class _Hunt:
    """What the ledger says of a hunt, for all pages that show it."""

    runs: Sequence[Mapping[str, Any]]
    best: Mapping[str, Any] | None
    promotion: Mapping[str, Any] | None
    conclusion: str


def look(
    engine: Engine, before: Snapshot, chosen: str = "", since: float | None = None
) -> Snapshot:
    """Read status and ledger; what has not changed since `before` is taken from it.

    Reads files: call it off the event loop.

    Args:
        engine: what to look at.
        before: the look before this one.
        chosen: id of a run whose row is wanted in any case; empty for none.
        since: when the look was asked for, by the monotonic clock: what others have read since then
            is not read again. None for now.
    """
    asked = time.monotonic() if since is None else since
    seen = shared_since(engine, "moment", asked, partial(_moment, engine))
    now = replace(
        before,
        status=seen.status,
        shown=seen.status,
        elsewhere=seen.elsewhere,
        follows=seen.follows,
        link=seen.link,
        job=seen.job,
        stamps=seen.stamps,
        problem=seen.problem,
        taken=seen.taken,
    )
    if seen.problem:
        return now
    try:
        return replace(_read_ledger(engine, now, before, chosen, seen), room=seen.room)
    except EngineError as error:
        return replace(now, problem=str(error))


def _moment(engine: Engine) -> _Moment:
    now = _Moment(
        engine.status(),
        engine.follows,
        engine.link(),
        desk_of(engine).job,
        stamps_of(engine.workspace),
        time.time(),
    )
    try:
        # A job of ours holds the workspace as another process would.
        now = replace(now, elsewhere="" if now.job.active else engine.busy_elsewhere() or "")
        hunt, sequence = engine.reader.latest_hunt(), engine.reader.last_seq()
        return replace(now, hunt=hunt, sequence=sequence, room=room_of(engine.workspace))
    except EngineError as error:
        return replace(now, problem=str(error))


def _read_ledger(
    engine: Engine, now: Snapshot, before: Snapshot, chosen: str, seen: _Moment
) -> Snapshot:
    hunt, sequence = seen.hunt, seen.sequence
    hunt_id = now.status.hunt_id or (hunt["hunt_id"] if hunt else "")
    ours = bool(now.status.hunt_id)
    if hunt and hunt["hunt_id"] != hunt_id and not now.status.active:
        hunt_id, ours = hunt["hunt_id"], False  # another process has hunted since
    state = (sequence, hunt_id, now.job)  # a restored run is no event
    known = (before.sequence, before.shown.hunt_id, before.job)
    if state != known:
        said = shared(engine, "hunt", state, partial(_read_hunt, engine, hunt_id))
        now = replace(
            now,
            runs=said.runs,
            best=said.best,
            promotion=said.promotion,
            conclusion=said.conclusion,
            sequence=sequence,
        )
    if state != known or before.asked != chosen:
        row = _row(engine, replace(now, chosen=None), hunt_id, chosen)
        now = replace(now, asked=chosen, chosen=row)
    if not ours and hunt:
        now = replace(now, shown=shared(engine, "shown", seen, partial(_seen, engine, now, hunt)))
    return now


def _seen(engine: Engine, now: Snapshot, hunt: Mapping[str, Any]) -> HuntStatus:
    """The status of a hunt of another process: as it mirrors it, else from the ledger alone."""
    if now.elsewhere:
        mirrored = read_status(engine.workspace.status_path)
        if mirrored and mirrored.active and mirrored.hunt_id == hunt["hunt_id"]:
            return mirrored
    counts = engine.reader.counts(hunt["hunt_id"])
    return recalled(hunt, now.runs, now.best, counts, bool(now.elsewhere))


def _read_hunt(engine: Engine, hunt_id: str) -> _Hunt:
    best = _best_record(engine, hunt_id) if hunt_id else None
    return _Hunt(
        engine.reader.runs(hunt_id or None, limit=NEWEST, order="-"),
        best,
        newest_promotion(engine.workspace, best["config_hash"]) if best else None,
        _conclusion(engine, hunt_id),
    )


def _row(engine: Engine, now: Snapshot, hunt_id: str, run: str) -> Mapping[str, Any] | None:
    """The row of a run as `runs` would have it, where it is not there; its newest place counts."""
    if not run or now.run(run) is not None:
        return None
    found = engine.reader.run(run)
    places = [each for each in found["places"] if each["hunt_id"] == hunt_id] if found else []
    if not found or (hunt_id and not places):
        return None
    whole = {**found, **(places[-1] if places else {})}
    return {name: whole.get(name) for name in COLUMNS}


def _best_record(engine: Engine, hunt_id: str) -> dict[str, Any] | None:
    best = engine.reader.best(hunt_id)
    if best is None:
        return None
    run = engine.reader.run(best["config_hash"]) or {}
    config = run.get("config") or {}
    hunt = next(hunt for hunt in engine.reader.hunts() if hunt["hunt_id"] == hunt_id)
    settings = HuntSettings.from_mapping(hunt["settings"])
    params = {each.key: config.get(each.key) for each in settings.dimensions}
    whole = {**best, "params": params, "config": run.get("config")}
    if settings.replicates == 1:
        return whole
    held = engine.reader.generation(hunt_id, best["generation"])
    seeds = [row["fitness"] for (member, _), row in held.items() if member == best["member"]]
    return {**whole, "candidate": spread_of(seeds)}


def _conclusion(engine: Engine, hunt_id: str) -> str:
    """What the scores of a hunt that is over say together; empty until it is."""
    report = read_report(engine.workspace, hunt_id) if hunt_id else None
    return str(report["conclusion"]) if report else ""


def recalled(
    hunt: Mapping[str, Any],
    runs: Sequence[Mapping[str, Any]],
    best: Mapping[str, Any] | None,
    counts: Mapping[str, int],
    alive: bool,
) -> HuntStatus:
    """The status of a hunt that another process ran, from the ledger alone.

    Args:
        hunt: its row.
        runs: its newest runs, newest first.
        best: its best run.
        counts: its runs by status.
        alive: whether the process that runs it still lives.
    """
    settings = hunt["settings"]
    last: Mapping[str, Any] = runs[0] if runs else {}
    state, error, done = str(hunt["state"]), str(hunt.get("reason") or ""), sum(counts.values())
    if state == "running" and not alive:
        state = INTERRUPTED
    odds = [
        p for p in (last.get("p_phase_scramble"), last.get("p_target_shuffle")) if p is not None
    ]
    return HuntStatus(
        state=state,
        hunt_id=str(hunt["hunt_id"]),
        generation=int(last.get("generation") or 0),
        num_generations=int(settings["num_generations"]),
        runs_done=done,
        runs_total=HuntSettings.from_mapping(settings).total_runs,
        last_event=f"Hunt {hunt['hunt_id']} {state} after {done} runs.",
        last_sse=last.get("log_prime_sse"),
        last_p=max((p for p in odds if p is not None), default=None),
        last_n_peaks=last.get("n_peaks"),
        last_h_norm=last.get("sdg_h_norm_l2"),
        best=dict(best) if best else None,
        failures={kind: n for kind, n in counts.items() if kind != "ok"},
        error=error if state == "failed" else "",
        settings=settings,
    )

"""Evaluating a generation: simulate, audit and commit its runs, and tell the watchers.

The device is handed the next batch while the auditors still work on the last one. A run
counts when its row and its event are committed to the ledger, last of all.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from engine.errors import (
    ClusterError,
    DeviceMemoryError,
    EngineError,
    StopRequested,
    WorkspaceError,
)
from engine.hunt.auditors import AuditTimeoutError
from engine.hunt.batch import Batch, BatchTimeoutError
from engine.hunt.fitness import fitness
from engine.hunt.news import audit_news, best_of, news_of
from engine.hunt.runs import failed_provenance, is_settled, is_vouched_for, standing
from engine.hunt.site import Site
from engine.hunt.space import SearchSpace
from engine.hunt.stall import Pace
from engine.hunt.tally import Outcome
from engine.settings import HuntSettings, RunConfig
from engine.store.event_kinds import BATCH_DONE
from engine.store.provenance import write_provenance
from engine.store.run_row import RunRow

_log = logging.getLogger(__name__)

BATCH_FAILURES_END_A_HUNT = (StopRequested, WorkspaceError, DeviceMemoryError, ClusterError)
"""What no other candidate could survive either; anything else is that batch's own failure."""

_TICK = 0.2
_PATIENCE = 5.0

Place = tuple[int, int]
"""A member of the generation and one of its replicates."""


@dataclass(frozen=True)
class Candidate:
    """One run in its place of a generation."""

    generation: int
    member: int
    replicate: int
    config: RunConfig
    point: np.ndarray = field(repr=False)

    @property
    def place(self) -> Place:
        """Where its outcome belongs."""
        return self.member, self.replicate


class Evaluation:
    """One hunt's evaluation of candidates, and its running totals.

    Attributes:
        done: runs that have an outcome, of earlier legs of the hunt too.
        pace: how long its batches took.
    """

    def __init__(
        self, settings: HuntSettings, hunt_id: str, site: Site, *, wants_gradient: bool
    ) -> None:
        self._settings, self._hunt_id, self._site = settings, hunt_id, site
        self._space = SearchSpace.of(settings)
        self._wants_gradient = wants_gradient
        self._started = time.monotonic()
        self.done, self._here = 0, 0
        self.pace = Pace()
        self._failures: dict[str, int] = {}
        self._shares: dict[str, float] = {}  # done of each run that is not committed yet
        self._turn = threading.Lock()
        self._aborted = threading.Event()
        self._alone = asyncio.Semaphore(1)
        self._best: dict[str, Any] | None = None
        self._standing: dict[str, RunRow] = {}
        """Rows that stand, of runs whose files are made again: what the strategy is told of them,
        now as when the hunt goes on."""

    def _replay(self, candidates: Sequence[Candidate]) -> dict[Place, Outcome]:
        """The outcomes that the ledger already has for these places of the hunt.

        Raises:
            EngineError: a place holds another run than the strategy now asks for.
        """
        if not candidates:
            return {}
        generation = candidates[0].generation
        held = self._site.reader.generation(self._hunt_id, generation)
        found: dict[Place, Outcome] = {}
        for candidate in candidates:
            columns = held.get(candidate.place)
            if columns is None:
                continue
            config = candidate.config
            if columns["config_hash"] != config.config_hash:
                config = self._held(candidate, columns["config_hash"])
            row = RunRow.from_columns(config, columns)
            found[candidate.place] = self._entered(
                candidate, Outcome(row, columns["fitness"], columns["gradient"])
            )
        return found

    def _held(self, candidate: Candidate, config_hash: str) -> RunConfig:
        """The config of the run in a candidate's place, which is the same point but for rounding.

        Raises:
            EngineError: it is another run.
        """
        run = self._site.reader.run(config_hash)
        if run is not None:
            config = RunConfig.from_mapping(run["config"], complete=True)
            if self._space.is_same(config, candidate.config):
                return config
        raise EngineError(
            f"hunt {self._hunt_id}: generation {candidate.generation}, member {candidate.member} "
            f"holds run {config_hash}, the strategy now asks for {candidate.config.config_hash}; "
            "it was begun with another version of the software: start a new hunt, which takes "
            "over what is computed."
        )

    def told(self) -> str:
        """The totals so far, for the log: "32 runs, 2 diverged, best fitness 12.4"."""
        words = [f"{self.done} runs", *(f"{n} {kind}" for kind, n in self._failures.items())]
        if self._best is not None:
            words.append(f"best fitness {self._best['fitness']:.4g}")
        return ", ".join(words)

    async def evaluate(self, candidates: Sequence[Candidate]) -> dict[Place, Outcome]:
        """The outcome of every candidate, by its place."""
        outcomes = self._replay(candidates)
        if outcomes:
            self._tell_totals()
        todo: dict[str, list[Candidate]] = {}
        for candidate in candidates:
            if candidate.place in outcomes:
                continue
            await self._heed()
            config_hash = candidate.config.config_hash
            known = self._site.reader.run(config_hash)
            row = standing(candidate.config, known)
            settled = not self._wants_gradient and is_settled(
                self._site.workspace, config_hash, known
            )
            if row and settled:
                outcomes[candidate.place] = self._commit(candidate, row)
                continue
            todo.setdefault(config_hash, []).append(candidate)
            if row:
                self._standing[config_hash] = row
        self._site.under_way.update(todo)
        groups = list(todo.values())
        size = self._site.batch_size
        # All batches stand in the device's queue at once, so that it never waits.
        batches = [
            asyncio.create_task(self._batch(groups[i : i + size]))
            for i in range(0, len(groups), size)
        ]
        try:
            for results in await asyncio.gather(*batches):
                outcomes.update(results)
        except BaseException:
            # What is under way finishes first: its results are not thrown away.
            self._aborted.set()
            await asyncio.gather(*batches, return_exceptions=True)
            raise
        return outcomes

    async def _heed(self) -> None:
        while self._site.gate.paused:
            await asyncio.sleep(_TICK)
        if self._site.is_over():
            raise StopRequested("the hunt was asked to stop.")

    async def _batch(self, groups: list[list[Candidate]]) -> dict[Place, Outcome]:
        """Simulate a batch, then audit and commit each of its runs as its audit ends."""
        batch = self._task(groups)
        report = partial(self._progress, [config.config_hash for config in batch.configs])
        # Outside: what cannot even be handed over, at a shutdown, is no failure of these runs.
        future = self._site.submit(batch, report, self._site.gate, self._is_over)
        try:
            computed = await asyncio.wrap_future(future)
        except BATCH_FAILURES_END_A_HUNT:
            raise
        except BatchTimeoutError as error:
            return self._commit_failed(groups, "timed_out", str(error))
        except Exception as error:
            _log.exception("A batch of %d runs failed.", len(groups))
            reason = f"{type(error).__name__}: {error}"
            return self._commit_failed(groups, "worker_failed", reason)
        self.pace.note(computed.seconds)
        self._tell_batch(groups, computed.seconds)
        gradients = computed.gradients
        results = await asyncio.gather(
            *(self._audit(group, slope) for group, slope in zip(groups, gradients, strict=True))
        )
        return {place: outcome for result in results for place, outcome in result.items()}

    def _is_over(self) -> bool:
        """Whether what is under way is to end; asked from other threads."""
        return self._aborted.is_set() or self._site.is_over()

    def _task(self, groups: list[list[Candidate]]) -> Batch:
        return Batch(
            configs=tuple(group[0].config for group in groups),
            points=np.array([group[0].point for group in groups]),
            root=str(self._site.workspace.root),
            history_frames=self._settings.frames_of(self._settings.base),
            space=self._space,
            objective=self._settings.sought[0] if self._wants_gradient else "",
            limit_s=self._settings.batch_limit_s,
        )

    async def _audit(
        self, group: list[Candidate], gradient: Sequence[float] | None
    ) -> dict[Place, Outcome]:
        config = group[0].config
        known = self._standing.get(config.config_hash)
        workspace = self._site.workspace
        if known is not None and await asyncio.to_thread(is_vouched_for, workspace, known):
            return {each.place: self._commit(each, known, gradient) for each in group}
        task = (
            str(workspace.root),
            config.config_hash,
            self._settings.null_draws,
            self._settings.audit_limit_s,
        )
        auditors = self._site.auditors
        failure = "worker_failed"
        # A death in the shared pool may be a neighbour's; alone, a run answers for itself. One at
        # a time: what killed the first may well have been a lack of memory.
        for submit, gate in (
            (auditors.submit, contextlib.nullcontext()),
            (auditors.submit_alone, self._alone),
        ):
            async with gate:
                audited = asyncio.wrap_future(submit(*task))
                try:
                    provenance = await self._awaited(audited)
                except BrokenProcessPool as error:
                    _log.warning("The auditor of %s died: %s", config.config_hash, error)
                    reason = f"its auditor's process died twice: {error}"
                except BATCH_FAILURES_END_A_HUNT:
                    raise
                except AuditTimeoutError as error:
                    failure, reason = "timed_out", str(error)
                    break
                except Exception as error:
                    _log.exception("The audit of %s failed.", config.config_hash)
                    reason = f"its audit failed: {type(error).__name__}: {error}"
                    break
                else:
                    row = known or RunRow.from_provenance(config, provenance)
                    audit = audit_news(provenance)
                    first, *others = group  # of one run: it was audited once
                    outcomes = {first.place: self._commit(first, row, gradient, audit)}
                    return outcomes | {c.place: self._commit(c, row, gradient) for c in others}
        return self._commit_failed([group], failure, reason)

    async def _awaited(self, audit: "asyncio.Future[dict[str, Any]]") -> dict[str, Any]:
        """What an audit found; a hunt that is to stop waits only so long for it.

        The run's artifact stays, so that the hunt, when it goes on, only has to audit it again.
        """
        patience = _PATIENCE
        while not (await asyncio.wait({audit}, timeout=_TICK))[0]:
            patience -= _TICK if self._site.gate.stopped else 0.0
            if patience <= 0:
                audit.cancel()
                raise StopRequested("an audit under way was abandoned.")
        return audit.result()

    def _commit_failed(
        self, groups: list[list[Candidate]], failure: str, reason: str
    ) -> dict[Place, Outcome]:
        outcomes: dict[Place, Outcome] = {}
        for group in groups:
            config = group[0].config
            row = self._standing.get(config.config_hash)
            if row:  # its score and its report are not lost with its files
                _log.warning("Run %s keeps its row: %s", config.config_hash, reason)
            else:
                provenance = failed_provenance(config, failure, reason)
                path = self._site.workspace.provenance_path(config.config_hash)
                write_provenance(path, provenance)
                row = RunRow.from_provenance(config, provenance)
            outcomes.update({c.place: self._commit(c, row) for c in group})
        return outcomes

    def _tell_batch(self, groups: Sequence[Sequence[Candidate]], seconds: float) -> None:
        """Enter that a batch left the device."""
        told = {
            "generation": groups[0][0].generation,
            "runs": len(groups),
            "seconds": round(seconds, 6),
        }
        self._site.ledger.append_event(BATCH_DONE, self._hunt_id, payload=told)

    def _commit(
        self,
        candidate: Candidate,
        row: RunRow,
        gradient: Sequence[float] | None = None,
        audit: Mapping[str, Any] | None = None,
    ) -> Outcome:
        """The commit point of one run, and the news of it."""
        outcome = Outcome(row, fitness(row, self._settings.sought[0]), gradient)
        self._site.ledger.commit_run(
            self._hunt_id,
            candidate.generation,
            candidate.member,
            row,
            outcome.fitness,
            replicate=candidate.replicate,
            gradient=gradient,
            audit=audit,
            improves=self._improves(outcome),
        )
        self._site.under_way.discard(row.config.config_hash)
        self._here += 1
        with self._turn:  # a run moves from under way to done in one change
            self._entered(candidate, outcome)
            self._shares.pop(row.config.config_hash, None)
            self._tell_totals(**news_of(candidate.generation, row))
        return outcome

    def _entered(self, candidate: Candidate, outcome: Outcome) -> Outcome:
        """Count an outcome, new or of an earlier leg."""
        row, worth = outcome.row, outcome.fitness
        self.done += 1
        if row.status != "ok":
            self._failures[row.status] = self._failures.get(row.status, 0) + 1
        if worth is not None and self._improves(outcome):
            self._best = best_of(candidate.generation, row, worth, self._space.keys)
        return outcome

    def _improves(self, outcome: Outcome) -> bool:
        worth = outcome.fitness
        return worth is not None and (self._best is None or worth > self._best["fitness"])

    def _tell_totals(self, **news: Any) -> None:
        total = self._settings.total_runs
        rate = self._here / max(time.monotonic() - self._started, 1e-9)
        self._site.board.update(
            stage="auditing" if self.done < total else "finishing",
            runs_done=self.done,
            under_way=sum(self._shares.values()),
            rate=rate,
            eta_s=(total - self.done) / rate if rate else None,
            failures=dict(self._failures),
            best=self._best,
            **news,
        )

    def _progress(self, batch: Sequence[str], share: float, picture: np.ndarray | None) -> None:
        """Called from the device's threads."""
        if picture is not None:
            self._site.board.show(batch[0], picture)
        with self._turn:
            self._shares.update(dict.fromkeys(batch, share))
            self._site.board.update(stage="simulating", under_way=sum(self._shares.values()))


def by_member(
    outcomes: Mapping[Place, Outcome], candidates: Sequence[Candidate]
) -> list[list[Outcome]]:
    """The outcomes of each member's seeds, in the order of the members."""
    found: dict[int, list[Outcome]] = {}
    for candidate in candidates:
        found.setdefault(candidate.member, []).append(outcomes[candidate.place])
    return list(found.values())

"""The hunt loop: ask, simulate, audit, commit, tell — until the budget is spent or it is stopped.

The device is handed the next batch while the auditors still work on the last one. A run
counts when its row and its event are committed to the ledger, last of all.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from engine.errors import DeviceMemoryError, StopRequested, WorkspaceError
from engine.hunt.auditors import Auditors
from engine.hunt.fitness import fidelity, larger_p
from engine.hunt.runs import compute_batch, failed_provenance, is_settled
from engine.hunt.space import SearchSpace
from engine.hunt.strategies import Results, make_strategy
from engine.live.status import StatusBoard
from engine.settings import HuntSettings, RunConfig
from engine.store.ledger import Ledger
from engine.store.provenance import write_provenance
from engine.store.reader import LedgerReader
from engine.store.run_row import RunRow
from engine.store.workspace import Workspace

_log = logging.getLogger(__name__)

BATCH_FAILURES_END_A_HUNT = (StopRequested, WorkspaceError, DeviceMemoryError)
"""What no other candidate could survive either; anything else is that batch's own failure."""


@dataclass(frozen=True)
class Site:
    """Where a hunt happens: its files, its ledger, its executors, its status board."""

    workspace: Workspace
    ledger: Ledger
    reader: LedgerReader
    board: StatusBoard
    device: Executor
    auditors: Auditors
    batch_size: int
    should_stop: Callable[[], bool]


@dataclass(frozen=True)
class Candidate:
    """One place in a generation."""

    generation: int
    member: int
    config: RunConfig


async def run_hunt(settings: HuntSettings, hunt_id: str, site: Site) -> None:
    """Run a hunt to its end.

    Raises:
        StopRequested: `site.should_stop` said so; all that was audited is committed.
        WorkspaceError: the workspace can no longer be written.
    """
    space = SearchSpace.of(settings)
    strategy = make_strategy(settings)
    hunt = _Hunt(settings, hunt_id, site)
    for generation in range(1, settings.num_generations + 1):
        points = strategy.ask()
        site.board.update(generation=generation, stage="simulating")
        candidates = [
            Candidate(generation, member, config)
            for member, config in enumerate(space.configs(points))
        ]
        fitness = await hunt.evaluate(candidates)
        costs = np.array([[np.nan if f is None else -f] for f in fitness])
        unknown = np.full((len(points), 2), np.nan)
        strategy.tell(points, Results(costs, unknown, np.full_like(points, np.nan)))


class _Hunt:
    """One hunt's evaluation of candidates, and its running totals."""

    def __init__(self, settings: HuntSettings, hunt_id: str, site: Site) -> None:
        self._settings, self._hunt_id, self._site = settings, hunt_id, site
        self._started = time.monotonic()
        self._done = 0
        self._failures: dict[str, int] = {}
        self._shares: dict[str, float] = {}  # done of each run that is not committed yet
        self._turn = threading.Lock()
        self._aborted = threading.Event()
        self._alone = asyncio.Semaphore(1)
        self._best: dict[str, Any] | None = None

    async def evaluate(self, candidates: Sequence[Candidate]) -> list[float | None]:
        """The fitness of every candidate, in order; None for a failed one."""
        fitness: dict[int, float | None] = {}
        todo: dict[str, list[Candidate]] = {}
        for candidate in candidates:
            self._heed()
            known = self._site.reader.run(candidate.config.config_hash)
            if known and is_settled(self._site.workspace, candidate.config.config_hash, known):
                row = RunRow.from_columns(candidate.config, known)
                fitness[candidate.member] = self._commit(candidate, row)
            else:
                todo.setdefault(candidate.config.config_hash, []).append(candidate)
        groups = list(todo.values())
        size = self._site.batch_size
        # All batches stand in the device's queue at once, so that it never waits.
        batches = [
            asyncio.create_task(self._batch(groups[i : i + size]))
            for i in range(0, len(groups), size)
        ]
        try:
            for results in await asyncio.gather(*batches):
                fitness.update(results)
        except BaseException:
            # What is under way finishes first: its results are not thrown away.
            self._aborted.set()
            await asyncio.gather(*batches, return_exceptions=True)
            raise
        return [fitness[candidate.member] for candidate in candidates]

    async def _batch(self, groups: list[list[Candidate]]) -> dict[int, float | None]:
        """Simulate a batch, then audit and commit each of its runs as its audit ends."""
        configs = [group[0].config for group in groups]
        loop = asyncio.get_running_loop()
        work = partial(
            compute_batch,
            configs,
            self._site.workspace,
            history_frames=self._settings.frames_of(self._settings.base),
            on_progress=partial(self._progress, [config.config_hash for config in configs]),
            should_stop=lambda: self._aborted.is_set() or self._site.should_stop(),
        )
        # Outside: what cannot even be handed over, at a shutdown, is no failure of these runs.
        computed = loop.run_in_executor(self._site.device, work)
        try:
            await computed
        except BATCH_FAILURES_END_A_HUNT:
            raise
        except Exception as error:
            _log.exception("A batch of %d runs failed.", len(configs))
            reason = f"{type(error).__name__}: {error}"
            return self._commit_failed(groups, "worker_failed", reason)
        results = await asyncio.gather(*(self._audit(group) for group in groups))
        return {member: value for result in results for member, value in result.items()}

    def _heed(self) -> None:
        if self._site.should_stop():
            raise StopRequested("the hunt was asked to stop.")

    async def _audit(self, group: list[Candidate]) -> dict[int, float | None]:
        config = group[0].config
        root, draws = str(self._site.workspace.root), self._settings.null_draws
        auditors = self._site.auditors
        # A death in the shared pool may be a neighbour's; alone, a run answers for itself. One at
        # a time: what killed the first may well have been a lack of memory.
        for submit, gate in (
            (auditors.submit, contextlib.nullcontext()),
            (auditors.submit_alone, self._alone),
        ):
            async with gate:
                audited = asyncio.wrap_future(submit(root, config.config_hash, draws))
                try:
                    provenance = await audited
                except BrokenProcessPool as error:
                    _log.warning("The auditor of %s died: %s", config.config_hash, error)
                    reason = f"its auditor's process died twice: {error}"
                except BATCH_FAILURES_END_A_HUNT:
                    raise
                except Exception as error:
                    _log.exception("The audit of %s failed.", config.config_hash)
                    reason = f"its audit failed: {type(error).__name__}: {error}"
                    break
                else:
                    row = RunRow.from_provenance(config, provenance)
                    return {c.member: self._commit(c, row) for c in group}
        return self._commit_failed([group], "worker_failed", reason)

    def _commit_failed(
        self, groups: list[list[Candidate]], failure: str, reason: str
    ) -> dict[int, float | None]:
        results: dict[int, float | None] = {}
        for group in groups:
            config = group[0].config
            provenance = failed_provenance(config, failure, reason)
            path = self._site.workspace.provenance_path(config.config_hash)
            write_provenance(path, provenance)
            row = RunRow.from_provenance(config, provenance)
            results.update({c.member: self._commit(c, row) for c in group})
        return results

    def _commit(self, candidate: Candidate, row: RunRow) -> float | None:
        """The commit point of one run, and the news of it."""
        fitness = fidelity(row)
        self._site.ledger.commit_run(
            self._hunt_id, candidate.generation, candidate.member, row, fitness
        )
        if row.status != "ok":
            self._failures[row.status] = self._failures.get(row.status, 0) + 1
        if fitness is not None and (self._best is None or fitness > self._best["fitness"]):
            self._best = best_of(candidate, row, fitness)
        with self._turn:  # a run moves from under way to done in one change
            self._done += 1
            self._shares.pop(row.config.config_hash, None)
            rate = self._done / max(time.monotonic() - self._started, 1e-9)
            self._site.board.update(
                stage="auditing" if self._done < self._settings.total_runs else "finishing",
                runs_done=self._done,
                under_way=sum(self._shares.values()),
                rate=rate,
                eta_s=(self._settings.total_runs - self._done) / rate,
                failures=dict(self._failures),
                best=self._best,
                last_event=describe(candidate, row),
                last_sse=row.log_prime_sse,
                last_p=larger_p(row),
                last_n_peaks=row.n_peaks,
                last_h_norm=row.sdg_h_norm_l2,
            )
        return fitness

    def _progress(self, batch: list[str], share: float) -> None:
        """Called from the device's threads."""
        with self._turn:
            self._shares.update(dict.fromkeys(batch, share))
            self._site.board.update(stage="simulating", under_way=sum(self._shares.values()))


def best_of(candidate: Candidate, row: RunRow, fitness: float) -> dict[str, Any]:
    """What is shown of the best run: identity, place, metrics and searched parameters."""
    return {
        "config_hash": row.config.config_hash,
        "generation": candidate.generation,
        "fitness": fitness,
        "log_prime_sse": row.log_prime_sse,
        "sdg_h_norm_l2": row.sdg_h_norm_l2,
        "pcs_score": row.pcs_score,
        "p_phase_scramble": row.p_phase_scramble,
        "p_target_shuffle": row.p_target_shuffle,
        "n_peaks": row.n_peaks,
        "params": {
            key: getattr(candidate.config, key)
            for key in ("param_kappa", "param_sigma_k", "param_alpha")
        },
    }


def describe(candidate: Candidate, row: RunRow) -> str:
    """One sentence on a committed run."""
    name = f"Run {row.config.config_hash[:8]} (generation {candidate.generation})"
    if row.status != "ok":
        return f"{name}: {row.status.replace('_', ' ')}."
    return f"{name}: SSE {row.log_prime_sse:.4g}, H-norm {row.sdg_h_norm_l2:.4g}."

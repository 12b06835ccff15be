"""The hunt loop: ask, evaluate, tell — until the budget is spent or it is stopped.

A hunt that was interrupted is continued by running it again under its id: what the ledger holds is
told to the strategy again, and every run that it asks for is checked against the one in its place.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable

import numpy as np

from engine.errors import LedgerError, StopRequested
from engine.hunt.evaluation import Candidate, Evaluation, by_member
from engine.hunt.site import Site
from engine.hunt.space import SearchSpace
from engine.hunt.strategies import make_strategy
from engine.hunt.tally import replicate_seeds, results_of
from engine.live.status import HuntStatus
from engine.settings import HuntSettings
from engine.store.event_kinds import HUNT_STALLED

_log = logging.getLogger(__name__)

_TICK = 1.0

Told = Callable[[int], None]


async def run_hunt(
    settings: HuntSettings, hunt_id: str, site: Site, after_generation: Told = lambda _: None
) -> str:
    """Run a hunt to its end.

    Args:
        settings: what to search, and how.
        hunt_id: its row in the ledger.
        site: where it happens.
        after_generation: told the number of each generation whose runs are all committed.

    Returns:
        Why it ended before the last generation; empty when it did not.

    Raises:
        StopRequested: the gate was closed; all that was audited is committed.
        WorkspaceError: the workspace can no longer be written.
        EngineError: the ledger holds other runs than the strategy asks for.
    """
    strategy = make_strategy(settings)
    space = SearchSpace.of(settings)
    evaluation = Evaluation(settings, hunt_id, site, wants_gradient=strategy.wants_gradient)
    watch = asyncio.create_task(_watch(site, evaluation))
    try:
        for generation in range(1, settings.num_generations + 1):
            points = strategy.ask()
            site.board.update(generation=generation, stage="simulating")
            candidates = _candidates(settings, space, generation, points)
            left = settings.total_runs - evaluation.done
            outcomes = await evaluation.evaluate(candidates[:left])
            if len(outcomes) < len(candidates):
                return f"Its budget of {settings.max_runs:,} runs is spent."
            told = by_member(outcomes, candidates)
            strategy.tell(points, results_of(told, settings.sought, space.size))
            _log.info(
                "Hunt %s: generation %d of %d is done, %s.",
                hunt_id,
                generation,
                settings.num_generations,
                evaluation.told(),
            )
            after_generation(generation)
    except StopRequested:
        if site.is_late() and not site.gate.stopped:
            return f"Its budget of {settings.max_hours:g} h is spent."
        raise
    finally:
        watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watch
    return ""


def _candidates(
    settings: HuntSettings, space: SearchSpace, generation: int, points: np.ndarray
) -> list[Candidate]:
    """The runs of a generation: every member with every seed."""
    seeds = replicate_seeds(settings.base.seed, generation, settings.replicates)
    configs = [space.configs(points, seed) for seed in seeds]
    return [
        Candidate(generation, member, replicate, configs[replicate][member], points[member])
        for member in range(len(points))
        for replicate in range(len(seeds))
    ]


async def _watch(site: Site, evaluation: Evaluation) -> None:
    """Say so when nothing has moved for long."""
    while True:
        await asyncio.sleep(_TICK)
        status = site.board.snapshot()
        silence = time.time() - status.heartbeat
        if status.state == "running" and not status.stalled and silence > evaluation.pace.patience:
            text = _stalled(status, silence, evaluation.pace.patience)
            _log.warning("Hunt %s: %s", status.hunt_id, text)
            site.board.update(stalled=text)
            told = {"stage": status.stage, "silent_s": round(silence, 1)}
            try:
                site.ledger.append_event(HUNT_STALLED, status.hunt_id, payload=told)
            except LedgerError as error:  # a notice: the hunt's own entries say what is wrong
                _log.warning("Hunt %s: its stall could not be entered: %s", status.hunt_id, error)


def _stalled(status: HuntStatus, silence: float, patience: float) -> str:
    return (
        f"No progress for {silence:.0f} s while {status.stage or 'starting'}, where {patience:.0f} "
        "s would be long."
    )

"""What `irer replicate` does: a run again from seeds that no hunt has seen, and what they say.

A hunt shows the best of many runs, so the score that chose a run cannot prove it. The same physics
from fresh noise was not chosen by anything: its p-values count in full.
"""

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from engine.audit.significance import stouffer, twice_mean
from engine.cores import step_aside
from engine.errors import SettingsError
from engine.hunt.runs import artifact_bytes, audited, compute_batch, is_settled, standing
from engine.hunt.significance import LEVEL
from engine.settings import STATUS_OK, HuntSettings, RunConfig
from engine.store import strict_json
from engine.store.ledger import Ledger
from engine.store.lock import WorkspaceLock
from engine.store.reader import LedgerReader
from engine.store.run_row import RunRow
from engine.store.workspace import Workspace, atomic_write_bytes, checked_id

MOST_SEEDS = 1000
REPLICATES = "replicates"

_SHOWN = ("config_hash", "status", "log_prime_sse", "sdg_h_norm_l2")
_NULLS = ("p_phase_scramble", "p_target_shuffle")


def replicate(config_hash: str, workspace: str | None, seeds: int) -> dict[str, Any]:
    """Compute and audit a run's physics from fresh seeds, and combine what the nulls say.

    The replicates enter the ledger as runs of no hunt, linked to their origin; asked again, they
    are taken from there.

    Args:
        config_hash: a run of the workspace.
        workspace: its folder; None for the default.
        seeds: how many replicates.

    Returns:
        What `weigh` returns; it is also kept under analysis_reports/.

    Raises:
        SettingsError: no such run, one that starts from a file, or a number out of range.
    """
    if not 1 <= seeds <= MOST_SEEDS:
        raise SettingsError(
            f"seeds: got {seeds}, expected 1 to {MOST_SEEDS}; 8 are usual.", field="seeds"
        )
    place = Workspace.open(workspace)
    reader = LedgerReader(place.ledger_path)
    original = _original(reader, config_hash)
    config = RunConfig.from_mapping(original["config"], complete=True)
    fresh = fresh_seeds(config, reader)
    configs = [dataclasses.replace(config, seed=next(fresh)) for _ in range(seeds)]
    with WorkspaceLock(place.root).acquire("replicate"):
        _compute(configs, place, reader)
        with Ledger(place.ledger_path) as ledger:
            for each in configs:
                ledger.link(each.config_hash, REPLICATES, config_hash)
    rows = [reader.run(each.config_hash) or {} for each in configs]
    report = weigh(original, [dict(row, seed=c.seed) for row, c in zip(rows, configs, strict=True)])
    text = strict_json.dumps(report, indent=1)
    atomic_write_bytes(place.analysis_path("replicate", config_hash), text.encode() + b"\n")
    return report


def fresh_seeds(config: RunConfig, reader: LedgerReader) -> Iterator[int]:
    """Seeds that the run's id determines and that no hunt has seen with its physics."""
    for i in range(100 * MOST_SEEDS):
        digest = hashlib.sha256(f"{config.config_hash} replicate {i}".encode()).digest()
        seed = int.from_bytes(digest[:4], "big")
        known = reader.run(dataclasses.replace(config, seed=seed).config_hash)
        if known is None or not known["places"]:
            yield seed


def weigh(original: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What replicates say of the run that they repeat.

    Phases are drawn afresh for every replicate, so its tests against scrambled phases are
    independent, and Stouffer's method combines them. Its tests against shuffled targets are not:
    where the physics fixes the peaks, every replicate repeats one test. Twice their mean holds in
    any case. A replicate without a score counts with p = 1.

    Args:
        original: the run's ledger row.
        rows: the replicates' ledger rows, with their `seed`.
    """
    p = {name: [1.0 if row[name] is None else row[name] for row in rows] for name in _NULLS}
    combined = {
        "p_phase_scramble": stouffer(p["p_phase_scramble"]),
        "p_target_shuffle": twice_mean(p["p_target_shuffle"]),
    }
    scored = sum(row["status"] == STATUS_OK for row in rows)
    borne_out = max(combined.values()) < LEVEL
    return {
        **{name: original[name] for name in (*_SHOWN, *_NULLS)},
        "replicates": [{name: row[name] for name in ("seed", *_SHOWN, *_NULLS)} for row in rows],
        "scored": scored,
        "combined": combined,
        "level": LEVEL,
        "borne_out": borne_out,
        "conclusion": (
            f"{'Borne out' if borne_out else 'Not borne out'}: {scored} of {len(rows)} fresh seeds "
            f"gave a score; together they have p = {combined['p_phase_scramble']:.2g} against "
            f"scrambled phases (Stouffer) and p = {combined['p_target_shuffle']:.2g} against "
            f"shuffled targets (twice the mean), where both must be below {LEVEL:g}. The run's own "
            "score is left out: it was chosen."
        ),
    }


def _original(reader: LedgerReader, config_hash: str) -> dict[str, Any]:
    found = reader.run(checked_id(config_hash))
    if found is None:
        raise SettingsError(
            f"ID: got {config_hash}, expected a run of this workspace; look it up in the run list."
        )
    if found["config"]["initial_state_sha256"]:
        raise SettingsError(
            f"ID: {config_hash} starts from a file, expected a run from a seed: other seeds would "
            "change nothing."
        )
    return found


def _compute(configs: Sequence[RunConfig], place: Workspace, reader: LedgerReader) -> None:
    """Simulate, audit and enter what the ledger does not hold yet."""
    from engine.physics.memory import plan_batches

    settings = HuntSettings()
    draws = settings.null_draws
    todo = [
        config
        for config in configs
        if not is_settled(place, config.config_hash, reader.run(config.config_hash))
    ]
    if not todo:
        return
    frames = settings.frames_of(todo[0])
    place.require_free(len(todo) * artifact_bytes(todo[0], frames), f"{len(todo)} artifacts")
    plan = plan_batches(todo[0], len(todo), frames)
    batches = [todo[i : i + plan.runs] for i in range(0, len(todo), plan.runs)]

    def compute(batch: list[RunConfig]) -> list[RunRow]:
        compute_batch(batch, place, history_frames=frames)
        return [audited(each, place, draws, standing(each, reader.run(each.config_hash)))
                for each in batch]  # fmt: skip

    with (
        Ledger(place.ledger_path) as ledger,
        ThreadPoolExecutor(plan.threads, "irer-device", step_aside) as device,
    ):
        for rows in device.map(compute, batches):
            for row in rows:
                ledger.commit_run(None, 0, 0, row)

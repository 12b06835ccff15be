"""Which artifacts of a hunt are kept, and how the others go: rows and provenance stay for ever.

The order is: the ledger says that a run is evicted, durably; then its file is removed. A process
that dies between the two leaves a file that the ledger does not promise, which costs disk space
until `sweep_evicted` removes it. The other way round it would leave a promise without a file: a run
that looks lost, and that a hunt computes again.
"""

import heapq
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from engine.errors import WorkspaceError
from engine.hunt.runs import artifact_bytes
from engine.settings import MACHINE_FAILURES, STATUS_OK, HuntSettings
from engine.store.ledger import Ledger
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace

RECORD_BYTES = 16_384
"""Of each run whatever happens: config and provenance files, and its rows in the ledger."""

_ARTIFACT = re.compile(r"rho_history_([0-9a-f]{40})\.h5")


class HuntBytes(NamedTuple):
    """What a hunt adds to its workspace.

    Attributes:
        peak: at most, while it runs: its last generation is there before the eviction.
        final: when it has ended.
    """

    peak: int
    final: int


def evictable(rows: Sequence[Mapping[str, Any]], keep_best: int, keep_every: int) -> list[str]:
    """The runs of a hunt whose artifacts its rules do not keep.

    Kept are the best runs by fitness (the earlier of equals), every so manieth, and what is
    claimed: linked, in another hunt too, or there before this one. Left alone is what is evicted
    already and what has no artifact to make again. A run that these rules evict is not wanted later
    on, since the best only get better.

    Args:
        rows: `LedgerReader.holdings` of the hunt, all of them.
        keep_best: how many of the best; 0 keeps everything.
        keep_every: keep the first of every so many places; 0 keeps none of them.

    Returns:
        Their ids, in order of commit.
    """
    if not keep_best:
        return []
    fitness: dict[str, float] = {}
    for row in rows:
        if row["status"] == STATUS_OK and row["fitness"] is not None:
            name = row["config_hash"]
            fitness[name] = max(row["fitness"], fitness.get(name, row["fitness"]))
    kept = set(heapq.nlargest(keep_best, fitness, key=fitness.__getitem__))  # stable: earlier first
    if keep_every:
        kept |= {row["config_hash"] for row in rows[::keep_every]}
    kept |= {row["config_hash"] for row in rows if _stays(row)}
    return list(dict.fromkeys(r["config_hash"] for r in rows if r["config_hash"] not in kept))


def evict(workspace: Workspace, ledger: Ledger, hashes: Sequence[str]) -> int:
    """Give up the artifacts of some runs: marked in the ledger first, then removed.

    The caller holds the workspace's lock, as a hunt does.

    Returns:
        Bytes that were freed.

    Raises:
        LedgerError: they cannot be marked; then no file is removed.
        WorkspaceError: a file cannot be removed; the next sweep tries again.
    """
    if hashes:
        ledger.mark_evicted(hashes)
    return _remove(workspace.artifact_path(name) for name in hashes)


def sweep_evicted(workspace: Workspace, reader: LedgerReader) -> int:
    """Finish evictions that a death cut short; once, when a hunt starts, under its lock.

    Returns:
        Bytes that were freed.
    """
    folder = workspace.root / "simulation_data"
    there = {found[1] for path in folder.iterdir() if (found := _ARTIFACT.fullmatch(path.name))}
    return _remove(workspace.artifact_path(name) for name in reader.evicted_among(there))


def hunt_bytes(settings: HuntSettings) -> HuntBytes:
    """How much disk space a hunt takes, at its peak and in the end.

    Runs that other hunts or links keep come on top of the final figure, not of the peak.
    """
    total = settings.total_runs
    size = artifact_bytes(settings.base, settings.frames_of(settings.base))
    kept = total
    if settings.keep_best:
        every = -(-total // settings.keep_every) if settings.keep_every else 0
        kept = min(total, settings.keep_best + every)
    generation = settings.population_size * settings.replicates
    records = total * RECORD_BYTES
    return HuntBytes(min(total, kept + generation) * size + records, kept * size + records)


def _stays(row: Mapping[str, Any]) -> bool:
    return bool(
        row["claimed"]
        or row["evicted"] is not None
        or row["artifact_sha256"] is None
        or row["status"] in MACHINE_FAILURES
    )


def _remove(paths: Iterable[Path]) -> int:
    freed = 0
    for path in paths:
        try:
            size = path.stat().st_size
            path.unlink()
        except FileNotFoundError:
            continue  # a sweep of another process was faster
        except OSError as error:
            raise WorkspaceError(
                f"{path}: {error.strerror or error}, expected an artifact that can be removed; "
                "make its folder writable."
            ) from error
        freed += size
    return freed

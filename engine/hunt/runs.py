"""One batch on the device: configs in, config files and artifacts on disk out."""

import dataclasses
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from engine import __version__
from engine.audit.report import audit_run
from engine.errors import ArtifactError, EngineError, StopRequested
from engine.settings import MACHINE_FAILURES, RunConfig
from engine.store.artifact import open_artifact, sha256_file, write_artifact
from engine.store.initial_state import InitialState
from engine.store.provenance import write_provenance
from engine.store.pyramid import nbytes_of
from engine.store.run_row import RunRow
from engine.store.workspace import Workspace, atomic_write_bytes

_log = logging.getLogger(__name__)

Report = Callable[[float, np.ndarray | None], None]
"""Told the share of a batch that is done, and ρ of its first run in small where that is new."""


def compute_batch(
    configs: Sequence[RunConfig],
    workspace: Workspace,
    *,
    initial: InitialState | None = None,
    history_frames: int,
    on_progress: Report | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> None:
    """Simulate what has no readable artifact yet, and write each run's config and artifact.

    Args:
        configs: runs of one shape.
        workspace: where they are written.
        initial: the state that all start from; None for their seeds.
        history_frames: snapshots to keep of each run.
        on_progress: told the share of the batch that is done, 0 … 1, and how it looks.
        should_stop: asked between samples; `StopRequested` follows.

    Raises:
        WorkspaceError: the workspace is full or cannot be written.
    """
    # JAX starts here, on the thread that owns the device, and not where hunts are only watched.
    from engine.physics.memory import device_kind
    from engine.physics.simulate import Progress, simulate_batch

    if should_stop():
        raise StopRequested("the batch was not begun.")
    todo = [config for config in configs if not has_artifact(workspace, config)]
    if not todo:
        return

    def report(progress: Progress) -> None:
        if on_progress is not None:
            on_progress(progress.steps_done / progress.steps_total, progress.thumbnail)

    results = simulate_batch(
        todo,
        initial=initial,
        history_frames=history_frames,
        on_progress=report,
        should_stop=should_stop,
    )
    for config, result in zip(todo, results, strict=True):
        text = json.dumps(config.to_dict(), indent=1, allow_nan=False)
        atomic_write_bytes(workspace.config_path(config.config_hash), text.encode())
        result = dataclasses.replace(result, device_kind=device_kind())
        write_artifact(workspace.artifact_path(config.config_hash), config, result)


def has_artifact(workspace: Workspace, config: RunConfig) -> bool:
    """Whether the run's artifact is there, of this very config, and readable to the last chunk."""
    path = workspace.artifact_path(config.config_hash)
    try:
        with open_artifact(path, config.config_hash) as artifact:
            for name in artifact.names:
                artifact.read(name)
            return True
    except ArtifactError:
        return False


def is_settled(workspace: Workspace, config_hash: str, columns: Mapping[str, Any] | None) -> bool:
    """Whether a run needs no work: a row that stands, and its files where they should be.

    An evicted run's artifact should not be there.

    Args:
        workspace: where the files are.
        config_hash: the run.
        columns: its row in the ledger, None where there is none.
    """
    if columns is None or columns["status"] in MACHINE_FAILURES:
        return False
    if not workspace.provenance_path(config_hash).is_file():
        return False
    if columns["evicted"] is not None:
        return True  # its score stands, and `irer restore` makes its artifact again
    artifact = workspace.artifact_path(config_hash)
    return artifact.is_file() and artifact.stat().st_size == columns["artifact_bytes"]


def artifact_bytes(config: RunConfig, history_frames: int) -> int:
    """Size of one artifact on disk, to within its headers: 8 planes, 2 a stored frame, levels."""
    real = np.dtype(config.precision)
    headers = 100_000
    planes = (8 + 2 * history_frames) * real.itemsize * config.N_grid**2
    return planes + nbytes_of(config.N_grid, real) + headers


def standing(config: RunConfig, columns: Mapping[str, Any] | None) -> RunRow | None:
    """The row of a run that nothing takes the place of; None where there is none yet.

    Args:
        config: the run.
        columns: its row in the ledger, None where there is none.
    """
    if columns is None or columns["status"] in MACHINE_FAILURES:
        return None
    return RunRow.from_columns(config, columns)


def is_vouched_for(workspace: Workspace, row: RunRow) -> bool:
    """Whether a run's report is there, and its artifact is the one that was scored, every byte."""
    name = row.config.config_hash
    artifact = workspace.artifact_path(name)
    return (
        workspace.provenance_path(name).is_file()
        and artifact.is_file()
        and artifact.stat().st_size == row.artifact_bytes
        and sha256_file(artifact) == row.artifact_sha256
    )


def audited(
    config: RunConfig, workspace: Workspace, draws: int, known: RunRow | None = None
) -> RunRow:
    """The row of a run by its audit in this process; one that breaks is that run's failure.

    Args:
        config: the run, whose artifact was computed.
        workspace: where it is.
        draws: of each null hypothesis.
        known: its row, where it has one that stands: given back, and its report is never replaced
            by a failure. It is audited again only where report or artifact are not those it had.
    """
    if known is not None and is_vouched_for(workspace, known):
        return known
    try:
        provenance = audit_run(str(workspace.root), config.config_hash, draws)
    except EngineError:
        raise
    except Exception as error:
        reason = f"its audit failed: {type(error).__name__}: {error}"
        if known is not None:
            _log.warning("Run %s keeps its row; %s", config.config_hash, reason)
            return known
        provenance = failed_provenance(config, "worker_failed", reason)
        write_provenance(workspace.provenance_path(config.config_hash), provenance)
    return known or RunRow.from_provenance(config, provenance)


def failed_provenance(config: RunConfig, failure: str, reason: str) -> dict[str, Any]:
    """The provenance of a run that no auditor could look at: its class, its reason, no metric."""
    return {
        "config_hash": config.config_hash,
        "status": failure,
        "error": reason,
        "warnings": [],
        "log_prime_sse": None,
        "sdg_h_norm_l2": None,
        "pcs_score": None,
        "defect_density": None,
        "spectral_fidelity": {},
        "integrity": {},
        "config": config.to_dict(),
        "artifact": {},
        "software": {"engine": __version__},
        "timing": {},
        "verdicts": [],
    }

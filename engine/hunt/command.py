"""What `irer hunt` and `irer run` do."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.audit.report import audit_run
from engine.errors import EngineError
from engine.hunt.engine import Engine
from engine.hunt.runs import artifact_bytes, compute_batch, failed_provenance, is_settled
from engine.live.status import HuntStatus
from engine.settings import HuntSettings, RunConfig
from engine.store.ledger import Ledger
from engine.store.lock import WorkspaceLock
from engine.store.provenance import write_provenance
from engine.store.reader import LedgerReader
from engine.store.run_row import RunRow
from engine.store.workspace import Workspace

_PERIOD = 0.5


def hunt(values: Mapping[str, Any], workspace: str | None, *, quiet: bool) -> dict[str, Any]:
    """Run a hunt to its end in this process.

    Args:
        values: settings that differ from the defaults.
        workspace: its folder; None for the default.
        quiet: print no progress.

    Returns:
        The final status, with the ids of its runs in the order of their places.
    """
    settings = HuntSettings.from_mapping(values)
    engine = Engine(Workspace.open(workspace))
    try:
        hunt_id = engine.start_hunt(settings)
        shown = ""
        while (status := engine.wait(_PERIOD)).active:
            if not quiet and (line := _line(status)) != shown:
                shown = line
                print(line, flush=True)
        if not quiet:
            print(_line(status), status.last_event, sep="\n")
            if status.error:
                print(f"irer: {status.error}", file=sys.stderr)
        rows = engine.reader.runs(hunt_id, order="")
    finally:
        engine.close()
    rows.sort(key=lambda row: (row["generation"], row["member"]))
    return {**status.to_dict(), "runs": [row["config_hash"] for row in rows]}


def run(values: Mapping[str, Any], workspace: str | None) -> dict[str, Any]:
    """Simulate, audit and enter one config.

    A run whose row and files are there is not repeated; files that were lost are made again.

    Returns:
        Its config_hash, artifact, status and error.
    """
    from engine.physics.memory import plan_batches

    config = RunConfig.from_mapping(values)
    settings = HuntSettings()
    place = Workspace.open(workspace)
    name = config.config_hash
    known = LedgerReader(place.ledger_path).run(name)
    if known is None or not is_settled(place, name, known):
        plan_batches(config, 1, settings.history_frames)
        with WorkspaceLock(place.root).acquire("run"):
            place.require_free(artifact_bytes(config, settings.history_frames), "one artifact")
            compute_batch([config], place, history_frames=settings.history_frames)
            row = RunRow.from_provenance(config, _audited(config, place, settings.null_draws))
            with Ledger(place.ledger_path) as ledger:
                ledger.commit_run(None, 0, 0, row)
        known = LedgerReader(place.ledger_path).run(name) or {}
    return {
        "config_hash": name,
        "artifact": str(Path(place.artifact_path(name))),
        "status": known["status"],
        "error": known["error"],
    }


def _audited(config: RunConfig, workspace: Workspace, draws: int) -> dict[str, Any]:
    try:
        return audit_run(str(workspace.root), config.config_hash, draws)
    except EngineError:
        raise
    except Exception as error:
        reason = f"its audit failed: {type(error).__name__}: {error}"
        provenance = failed_provenance(config, "worker_failed", reason)
        write_provenance(workspace.provenance_path(config.config_hash), provenance)
        return provenance


def _line(status: HuntStatus) -> str:
    failed = sum(status.failures.values())
    left = "–" if status.eta_s is None else f"{status.eta_s:.0f} s"
    best = f"{status.best['log_prime_sse']:.4g}" if status.best else "–"
    return (
        f"{status.state:<10} {status.runs_done}/{status.runs_total} runs, generation "
        f"{status.generation}/{status.num_generations}, {status.rate:.2f} runs/s, {left} left, "
        f"{failed} failed, best SSE {best}"
    )

"""What `irer hunt` and `irer run` do."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.audit.report import audit_run
from engine.hunt.engine import Engine
from engine.hunt.runs import artifact_bytes, compute_batch
from engine.live.status import HuntStatus
from engine.settings import HuntSettings, RunConfig
from engine.store.ledger import Ledger
from engine.store.lock import WorkspaceLock
from engine.store.provenance import read_provenance
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
    """Simulate, audit and enter one config; a run that is in the ledger is not repeated.

    Returns:
        Its config_hash, artifact, status and error.
    """
    from engine.physics.memory import plan_batches

    config = RunConfig.from_mapping(values)
    settings = HuntSettings()
    place = Workspace.open(workspace)
    name = config.config_hash
    known = LedgerReader(place.ledger_path).run(name)
    if known is None:
        plan_batches(config, 1)
        with WorkspaceLock(place.root).acquire("run"):
            place.require_free(artifact_bytes(config, settings.history_frames), "one artifact")
            compute_batch([config], place, history_frames=settings.history_frames)
            audit_run(str(place.root), name, settings.null_draws)
            row = RunRow.from_provenance(config, read_provenance(place.provenance_path(name)))
            with Ledger(place.ledger_path) as ledger:
                ledger.commit_run(None, 0, 0, row)
        known = {"status": row.status, "error": row.error}
    return {
        "config_hash": name,
        "artifact": str(Path(place.artifact_path(name))),
        "status": known["status"],
        "error": known["error"],
    }


def _line(status: HuntStatus) -> str:
    failed = sum(status.failures.values())
    left = "–" if status.eta_s is None else f"{status.eta_s:.0f} s"
    best = f"{status.best['log_prime_sse']:.4g}" if status.best else "–"
    return (
        f"{status.state:<10} {status.runs_done}/{status.runs_total} runs, generation "
        f"{status.generation}/{status.num_generations}, {status.rate:.2f} runs/s, {left} left, "
        f"{failed} failed, best SSE {best}"
    )

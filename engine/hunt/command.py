"""What `irer hunt` and `irer run` do."""

import dataclasses
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import SettingsError
from engine.hunt.engine import Engine
from engine.hunt.runs import artifact_bytes, audited, compute_batch, is_settled, standing
from engine.hunt.significance import read_report
from engine.live.status import HuntStatus
from engine.settings import HuntSettings, RunConfig
from engine.store.eviction import eviction
from engine.store.initial_state import InitialState, read_initial_state, write_initial_state
from engine.store.ledger import Ledger
from engine.store.lock import WorkspaceLock
from engine.store.provenance import read_provenance
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace

_PERIOD = 0.5


def hunt(
    values: Mapping[str, Any],
    workspace: str | None,
    *,
    resume: str | None = None,
    scheduler: str | None = None,
    quiet: bool,
) -> dict[str, Any]:
    """Run a hunt to its end in this process.

    Args:
        values: settings that differ from the defaults.
        workspace: its folder; None for the default.
        resume: id of an unfinished hunt to go on with, empty for the newest; None for a new one.
        scheduler: address of a Dask scheduler; None for this machine, or for the one of before.
        quiet: print no progress.

    Returns:
        The final status, with the ids of its runs in the order of their places and the report on
        their significance.
    """
    if scheduler is not None:
        values = {**values, "scheduler": scheduler}
    settings = HuntSettings.from_mapping(values)
    engine = Engine(Workspace.open(workspace))
    try:
        hunt_id = (
            engine.start_hunt(settings)
            if resume is None
            else engine.continue_hunt(resume, scheduler)
        )
        shown = ""
        while (status := engine.wait(_PERIOD)).active:
            if not quiet and (line := _line(status)) != shown:
                shown = line
                print(line, flush=True)
        if not quiet:
            print(_line(status), status.last_event, sep="\n")
            if status.error:
                print(f"irer: {status.error}", file=sys.stderr)
        significance = read_report(engine.workspace, hunt_id)
        if significance is not None and not quiet:
            print(significance["conclusion"])
        rows = engine.reader.runs(hunt_id, order="")
    finally:
        engine.close()
    rows.sort(key=lambda row: (row["generation"], row["member"], row["replicate"]))
    return {
        **status.to_dict(),
        "runs": [row["config_hash"] for row in rows],
        "significance": significance,
    }


def run(
    values: Mapping[str, Any], workspace: str | None, initial_state: Path | None = None
) -> dict[str, Any]:
    """Simulate, audit and enter one config.

    A run whose row and files are there is not repeated; files that were lost are made again.

    Args:
        values: settings that differ from the defaults.
        workspace: its folder; None for the default.
        initial_state: a file to start from; None takes the workspace's copy where the config
            names one, and the seed where it does not.

    Returns:
        Its config_hash, artifact, status, error and warnings.
    """
    from engine.physics.memory import plan_batches

    config = RunConfig.from_mapping(values)
    settings = HuntSettings()
    place = Workspace.open(workspace)
    config, initial = _with_initial_state(config, initial_state, place)
    name = config.config_hash
    known = LedgerReader(place.ledger_path).run(name)
    if known is None or not is_settled(place, name, known):
        frames = settings.frames_of(config)
        plan_batches(config, 1, frames)
        with WorkspaceLock(place.root).acquire("run"):
            place.require_free(artifact_bytes(config, frames), "one artifact")
            if initial is not None:
                write_initial_state(place.initial_state_path(initial.sha256), initial)
            compute_batch([config], place, initial=initial, history_frames=frames)
            row = audited(config, place, settings.null_draws, standing(config, known))
            with Ledger(place.ledger_path) as ledger:
                ledger.commit_run(None, 0, 0, row)
        known = LedgerReader(place.ledger_path).run(name) or {}
    return {
        "config_hash": name,
        "artifact": str(Path(place.artifact_path(name))),
        "status": known["status"],
        "error": known["error"],
        "warnings": [
            *read_provenance(place.provenance_path(name))["warnings"],
            *filter(None, [eviction(place, name)]),
        ],
    }


def _with_initial_state(
    config: RunConfig, given: Path | None, workspace: Workspace
) -> tuple[RunConfig, InitialState | None]:
    """The config with the checksum of its initial state, and that state."""
    named = config.initial_state_sha256
    if given is None and not named:
        return config, None
    path = given or workspace.initial_state_path(named)
    if given is None and not path.is_file():
        raise SettingsError(
            f"initial_state_sha256: got {named}, whose file is not in the workspace; give it with "
            "--initial-state, or leave the key out to start from the seed.",
            field="initial_state_sha256",
        )
    initial = read_initial_state(path, config.N_grid, carries_rho_s=config.sdg_tau > 0)
    if named not in ("", initial.sha256):
        raise SettingsError(
            f"initial_state_sha256: got {named}, expected {initial.sha256}, the checksum of "
            f"{path.name}; give the right file, or leave the key out.",
            field="initial_state_sha256",
        )
    return dataclasses.replace(config, initial_state_sha256=initial.sha256), initial


def _line(status: HuntStatus) -> str:
    failed = sum(status.failures.values())
    left = "–" if status.eta_s is None else f"{status.eta_s:.0f} s"
    best = f"{status.best['log_prime_sse']:.4g}" if status.best else "–"
    return (
        f"{status.state:<10} {status.runs_done}/{status.runs_total} runs, generation "
        f"{status.generation}/{status.num_generations}, {status.rate:.2f} runs/s, {left} left, "
        f"{failed} failed, best SSE {best}"
    )

"""What `irer promote` does: a run again on a finer grid or with half the step, and what holds.

A figure that changes when nothing but the resolution does is the grid's and not the equations'.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from engine.errors import SettingsError
from engine.hunt.command import run
from engine.hunt.runs import artifact_bytes
from engine.settings import STATUS_OK, HuntSettings, RunConfig
from engine.store import strict_json
from engine.store.initial_state import initial_state_of, write_initial_state
from engine.store.ledger import Ledger
from engine.store.lock import WorkspaceLock
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace, atomic_write_bytes, checked_id

PROMOTES = "promotes"
CONVERGED = 0.05
"""A metric that changes by less, relative to the larger value, is converged."""

METRICS = ("log_prime_sse", "sdg_h_norm_l2", "pcs_score", "n_peaks", "defect_density")

_SOUND = (STATUS_OK, "too_few_peaks")
_START_BYTES = 25
"""A cell of a start on disk: ψ and ρ_s in double precision, and what HDF5 adds."""


def promote(
    config_hash: str, workspace: str | None, n_grid: int | None = None, halve_dt: bool = False
) -> dict[str, Any]:
    """Compute and audit a run again, better resolved, from the same start to the same time.

    The promotion enters the ledger as a run of no hunt, linked to its origin; asked again, it is
    taken from there. Only the origin's config and start are needed, not its artifact.

    Args:
        config_hash: a run of the workspace.
        workspace: its folder; None for the default.
        n_grid: cells along a side, more than the run has; None doubles them, or leaves them as
            they are with `halve_dt`.
        halve_dt: half the step and twice as many of them.

    Returns:
        What `weigh` returns. analysis_reports/promotion_<id>.json keeps it, with the run's other
        promotions.

    Raises:
        SettingsError: no such run, or no such finer run.
        DeviceMemoryError, WorkspaceError: it does not fit, or another process computes here.
    """
    place = Workspace.open(workspace)
    reader = LedgerReader(place.ledger_path)
    origin = reader.run(checked_id(config_hash))
    if origin is None:
        raise SettingsError(
            f"ID: got {config_hash}, expected a run of this workspace; look it up in the run list."
        )
    config = RunConfig.from_mapping(origin["config"], complete=True)
    finer = _finer(config, n_grid, halve_dt)
    if finer.N_grid > config.N_grid:
        finer = _with_start(config, finer, place)
    name = run(finer.to_dict(), workspace)["config_hash"]
    if name not in _promotions(reader, config_hash):  # whoever writes needs the lock: another hunts
        with (
            WorkspaceLock(place.root).acquire("promote"),
            Ledger(place.ledger_path) as ledger,
        ):
            ledger.link(name, PROMOTES, config_hash)
    return _report(origin, name, place, reader)


def weigh(origin: Mapping[str, Any], promoted: Mapping[str, Any]) -> dict[str, Any]:
    """What a better resolved run says of the one that it repeats.

    Args:
        origin: the run's ledger row, with its `config`.
        promoted: the promotion's.

    Returns:
        `metrics`, each with both values, the relative change |b − a| / max(|a|, |b|) and whether it
        is `converged`: None where neither run defines it, False where one does. `converged` of the
        whole asks that all the defined ones are, that there are any, and that both runs are sound.
    """
    metrics = {name: _compare(origin[name], promoted[name]) for name in METRICS}
    defined = [each["converged"] for each in metrics.values() if each["converged"] is not None]
    unsound = [row for row in (origin, promoted) if row["status"] not in _SOUND]
    converged = bool(defined) and all(defined) and not unsound
    shown = ("config_hash", "status", "error")
    return {
        "origin": {name: origin[name] for name in shown} | _resolution(origin),
        "promoted": {name: promoted[name] for name in shown} | _resolution(promoted),
        "metrics": metrics,
        "limit": CONVERGED,
        "converged": converged,
        "conclusion": _conclusion(metrics, converged, unsound, promoted),
    }


def _compare(coarse: float | None, fine: float | None) -> dict[str, Any]:
    if coarse is None or fine is None:
        undefined = coarse is None and fine is None
        change, converged = None, None if undefined else False
    else:
        change = abs(fine - coarse) / (max(abs(coarse), abs(fine)) or 1.0)
        converged = change < CONVERGED
    return {"origin": coarse, "promoted": fine, "change": change, "converged": converged}


def _conclusion(
    metrics: Mapping[str, Mapping[str, Any]],
    converged: bool,
    unsound: list[Mapping[str, Any]],
    promoted: Mapping[str, Any],
) -> str:
    if unsound:
        run = unsound[-1]
        which = "promotion" if run is promoted else "run"
        advice = ""
        if which == "promotion" and run["status"] == "diverged":
            advice = " A finer grid can need a smaller step: add --halve-dt."
        return f"Not converged: the {which} is {run['status'].replace('_', ' ')}.{advice}"
    off = [_words(name, each) for name, each in metrics.items() if each["converged"] is False]
    undefined = [name for name, each in metrics.items() if each["converged"] is None]
    words = f" Undefined in both: {', '.join(undefined)}." if undefined else ""
    if converged:
        number = len(metrics) - len(undefined)
        return f"Converged: {number} metrics change by less than {CONVERGED:.0%}.{words}"
    if not off:
        return f"Not converged: no metric is defined.{words}"
    return f"Not converged: {'; '.join(off)}; less than {CONVERGED:.0%} was expected.{words}"


def _words(name: str, each: Mapping[str, Any]) -> str:
    if each["change"] is None:
        where = "the run" if each["origin"] is None else "the promotion"
        return f"{name} is undefined in {where}"
    return f"{name} changes by {each['change']:.1%}"


def _resolution(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row["config"][name] for name in ("N_grid", "dt", "T_steps")}


def _finer(config: RunConfig, n_grid: int | None, halve_dt: bool) -> RunConfig:
    if n_grid is None:
        n_grid = config.N_grid if halve_dt else 2 * config.N_grid
    elif n_grid <= config.N_grid:
        raise SettingsError(
            f"n_grid: got {n_grid}, expected more than the {config.N_grid} of the run; "
            f"{2 * config.N_grid} is usual.",
            field="n_grid",
        )
    steps = {"dt": config.dt / 2, "T_steps": 2 * config.T_steps} if halve_dt else {}
    return dataclasses.replace(config, N_grid=n_grid, **steps)  # type: ignore[arg-type]


def _with_start(config: RunConfig, finer: RunConfig, place: Workspace) -> RunConfig:
    """The finer config with the checksum of its start, which is in the workspace then."""
    from engine.physics.memory import plan_batches
    from engine.physics.refinement import refined_start

    # Before anything is written: a start is of no use without room for its run.
    frames = HuntSettings().frames_of(finer)
    plan_batches(finer, 1, frames)
    size = artifact_bytes(finer, frames) + _START_BYTES * finer.N_grid**2
    place.require_free(size, "one artifact and its start")
    start = refined_start(config, initial_state_of(config, place), finer.N_grid)
    path = place.initial_state_path(start.sha256)
    if not path.is_file():
        write_initial_state(path, start)
    return dataclasses.replace(finer, initial_state_sha256=start.sha256)


def _promotions(reader: LedgerReader, config_hash: str) -> list[str]:
    """The runs that the ledger links to a run as its promotions."""
    return [
        link["config_hash"]
        for link in reader.links(config_hash)
        if (link["relation"], link["origin"]) == (PROMOTES, config_hash)
    ]


def _report(
    origin: Mapping[str, Any], name: str, place: Workspace, reader: LedgerReader
) -> dict[str, Any]:
    """The report on a promotion; kept with those on the run's other ones."""
    config_hash = origin["config_hash"]
    found = {}
    for promoted in _promotions(reader, config_hash):
        row = reader.run(promoted)
        if row is not None:
            found[promoted] = weigh(origin, row)
    kept = {"config_hash": config_hash, "promotions": list(found.values())}
    path = place.analysis_path("promotion", config_hash)
    atomic_write_bytes(path, strict_json.dumps(kept, indent=1).encode() + b"\n")
    return found[name]

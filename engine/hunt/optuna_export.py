"""The ledger's hunts as Optuna studies, for optuna-dashboard and Optuna's analyses.

A hunt is a study under its id, a run at a place a trial. One objective: its fitness, to maximize;
several: their costs, to minimize. A run without a figure for every objective is a failed trial.
"""

import contextlib
import json
import sqlite3
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import SettingsError, WorkspaceError
from engine.hunt.fitness import costs, fitness
from engine.settings import HuntSettings, RunConfig
from engine.store.columns import COLUMNS, NUMBERS
from engine.store.reader import LedgerReader
from engine.store.run_row import PARAMETERS, RunRow

if TYPE_CHECKING:
    import optuna

_TOLD = [n for n in (*NUMBERS, "config_hash", "status", "error") if n not in PARAMETERS]
_COSTS = {
    "fidelity": "log_prime_sse",
    "stability": "sdg_h_norm_l2",
    "evidence": "log10_larger_p",
}


def export_optuna(reader: LedgerReader, output: str) -> dict[str, int]:
    """Write a study for every hunt.

    Args:
        reader: of the ledger.
        output: a new file, or the URL of a database, such as `sqlite:///studies.sqlite`, that has
            none of these studies.

    Returns:
        The number of trials by study.

    Raises:
        SettingsError: the file or a study is there already.
        WorkspaceError: the file cannot be written.
    """
    import optuna

    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        if "://" in output:
            return _write(reader, output, fast=False)
        path = Path(output).absolute()
        if path.exists():
            raise SettingsError(
                f"output: {path} is there already, expected a new file; move it away or name "
                "another with --output."
            )
        with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as folder:
            temporary = Path(folder) / path.name
            written = _write(reader, f"sqlite:///{temporary}", fast=True)
            temporary.replace(path)
        return written
    except OSError as error:
        raise WorkspaceError(
            f"{output}: {error.strerror or error}, expected a file that can be written; name "
            "another with --output."
        ) from error
    finally:
        optuna.logging.set_verbosity(level)


def _write(reader: LedgerReader, url: str, *, fast: bool) -> dict[str, int]:
    import optuna

    hunts = reader.hunts()[::-1]
    with _storage(url, fast=fast) as storage:
        present = set(optuna.get_all_study_names(storage))
        for hunt in hunts:
            if hunt["hunt_id"] in present:
                raise SettingsError(
                    f"output: study {hunt['hunt_id']} is there already, expected a database "
                    "without it; name another with --output."
                )
        return {hunt["hunt_id"]: _study(reader, hunt, storage) for hunt in hunts}


class _Relaxed(sqlite3.Connection):
    """Of a temporary file: a power cut leaves nothing of it, so no write waits for the disk."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.execute("PRAGMA synchronous=OFF")
        self.execute("PRAGMA journal_mode=MEMORY")


@contextlib.contextmanager
def _storage(url: str, *, fast: bool) -> Iterator["optuna.storages.RDBStorage"]:
    import optuna

    try:
        options = {"connect_args": {"factory": _Relaxed}} if fast else None
        storage = optuna.storages.RDBStorage(url, engine_kwargs=options)
    except Exception as error:  # each database and driver has its own
        reason = str(error).splitlines()[0]
        raise SettingsError(
            f"output: {reason}, expected a database that Optuna can open; correct the URL."
        ) from error
    try:
        yield storage
    finally:
        storage.engine.dispose()


def _study(reader: LedgerReader, hunt: Mapping[str, Any], storage: Any) -> int:
    import optuna

    settings = HuntSettings.from_mapping(hunt["settings"])
    sought = settings.sought
    several = len(sought) > 1
    study = optuna.create_study(
        study_name=hunt["hunt_id"],
        storage=storage,
        directions=["minimize" if several else "maximize"] * len(sought),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        study.set_metric_names([_COSTS[name] if several else name for name in sought])
    study.set_user_attr("settings", hunt["settings"])
    study.set_user_attr("state", hunt["state"])
    columns = (*COLUMNS, "config")
    count = 0
    with reader.places(columns, hunt["hunt_id"]) as places:
        for place in places:
            study.add_trial(_trial(settings, dict(zip(columns, place, strict=True))))
            count += 1
    return count


def _trial(settings: HuntSettings, place: Mapping[str, Any]) -> "optuna.trial.FrozenTrial":
    import optuna

    config = RunConfig.from_mapping(json.loads(place["config"]))
    row = RunRow.from_columns(config, place)
    sought = settings.sought
    if len(sought) > 1:
        values = costs(row, sought)
    else:
        worth = fitness(row, sought[0])
        values = None if worth is None else (worth,)
    state = optuna.trial.TrialState.FAIL if values is None else optuna.trial.TrialState.COMPLETE
    trial = optuna.trial.create_trial(
        state=state,
        params={d.key: getattr(config, d.key) for d in settings.dimensions},
        distributions={
            d.key: optuna.distributions.FloatDistribution(d.low, d.high, log=d.log)
            for d in settings.dimensions
        },
        values=None if values is None else list(values),
        user_attrs={name: place[name] for name in _TOLD if place[name] not in (None, "")},
    )
    trial.datetime_start = trial.datetime_complete = datetime.fromisoformat(
        place["committed"]
    ).replace(tzinfo=None)
    return trial

"""The status of the hunt: an immutable snapshot, and the board that holds the newest one."""

import dataclasses
import json
import logging
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import WorkspaceError
from engine.live.bus import Bus
from engine.store import strict_json
from engine.store.workspace import Workspace, atomic_write_bytes

_log = logging.getLogger(__name__)

ACTIVE = ("starting", "running", "paused", "stopping")
"""States in which a hunt is under way."""

_STATES = ("idle", *ACTIVE, "completed", "stopped", "failed")
_FILE_PERIOD = 1.0
MAX_BYTES = 65_535
"""Of status.json: who watches it reads no more."""

_LENGTHS = (4000, 400, 40)


@dataclass(frozen=True)
class HuntStatus:
    """Everything a page or a script shows of the hunt; scalars and ids, never arrays.

    Attributes:
        state: idle, starting, running, paused, stopping, completed, stopped or failed.
        under_way: runs that are simulated in part or not yet committed, each by its share.
        rate: committed runs a second since the hunt began.
        eta_s: seconds to the end at that rate; None before the first run.
        stage: what is being waited for: compiling, simulating, auditing.
        since: when `state` began, Unix time.
        heartbeat: when the hunt last made progress, Unix time.
        last_p: the larger of the last run's two null p-values.
        best: the best run so far: its id, generation, fitness, metrics and searched keys.
        failures: number of runs in each failure class.
        error: why the hunt failed.
        stalled: that and where nothing has moved for long; empty while it moves.
    """

    state: str = "idle"
    hunt_id: str = ""
    generation: int = 0
    num_generations: int = 0
    runs_done: int = 0
    runs_total: int = 0
    under_way: float = 0.0
    rate: float = 0.0
    eta_s: float | None = None
    stage: str = ""
    since: float = 0.0
    heartbeat: float = 0.0
    last_event: str = ""
    last_sse: float | None = None
    last_p: float | None = None
    last_n_peaks: int | None = None
    last_h_norm: float | None = None
    best: dict[str, Any] | None = None
    failures: dict[str, int] = field(default_factory=dict)
    error: str = ""
    stalled: str = ""
    device: str = ""
    settings: dict[str, Any] | None = None

    @property
    def active(self) -> bool:
        """Whether a hunt is under way."""
        return self.state in ACTIVE

    def to_dict(self) -> dict[str, Any]:
        """The snapshot as JSON-ready values."""
        return dataclasses.asdict(self)


def mirrored(status: HuntStatus) -> bytes:
    """The status as status.json has it: its texts cut to what fits into `MAX_BYTES`."""
    whole = status.to_dict()
    for longest in _LENGTHS:
        text = json.dumps(_cut(whole, longest), allow_nan=False, indent=1).encode()
        if len(text) <= MAX_BYTES:
            return text
    return json.dumps(_cut({**whole, "settings": None, "best": None}, _LENGTHS[-1])).encode()


def read_status(path: Path) -> HuntStatus | None:
    """The status that another process mirrors; None where there is none that can be read.

    Args:
        path: `Workspace.status_path`.
    """
    try:
        with path.open("rb") as stream:
            text = stream.read(MAX_BYTES + 1)
        found = strict_json.loads(text)
        known = {each.name: found[each.name] for each in dataclasses.fields(HuntStatus)}
        status = HuntStatus(**known)
    except (OSError, ValueError, KeyError):  # none yet, or of another version
        return None
    return status if _has_types(status) and status.state in _STATES else None


def _has_types(status: HuntStatus) -> bool:
    """Whether every field is of the type of its default."""
    for each in dataclasses.fields(HuntStatus):
        value, usual = getattr(status, each.name), getattr(_IDLE, each.name)
        if each.name in ("best", "settings"):
            fits = isinstance(value, dict | None)
        elif isinstance(usual, float | None):
            fits = isinstance(value, int | float) or value is usual is None
        else:
            fits = isinstance(value, type(usual))
        if not fits:
            return False
    return True


def _cut(value: Any, longest: int) -> Any:
    if isinstance(value, str):
        return value if len(value) <= longest else f"{value[: longest - 1]}…"
    if isinstance(value, dict):
        return {name: _cut(item, longest) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_cut(item, longest) for item in value]
    return value


_IDLE = HuntStatus()


@dataclass(frozen=True, eq=False)
class LivePicture:
    """How a run under way looks.

    Attributes:
        run: its id.
        rho: ρ, at most 64 × 64, `(y, x)`.
        taken: when, Unix time.
    """

    run: str
    rho: np.ndarray
    taken: float


class StatusBoard:
    """Holds the newest status, rings the bus at every change, mirrors it into status.json."""

    def __init__(self, workspace: Workspace, bus: Bus) -> None:
        self._workspace, self._bus = workspace, bus
        self._lock = threading.Lock()
        self._mirroring = threading.Lock()
        self._status = HuntStatus(since=time.time())
        self._written = 0.0
        self._picture: LivePicture | None = None

    def snapshot(self) -> HuntStatus:
        """The newest status."""
        return self._status

    def show(self, run: str, rho: np.ndarray) -> None:
        """Have a new picture of the computation; the next change of the status tells of it."""
        self._picture = LivePicture(run, rho, time.time())

    def picture(self) -> LivePicture | None:
        """The newest picture of this hunt's computation."""
        return self._picture

    def reset(self, **fields: Any) -> HuntStatus:
        """Begin the status of another hunt."""
        with self._lock:
            self._status, self._picture = HuntStatus(), None
        return self.update(**fields)

    def update(self, **changes: Any) -> HuntStatus:
        """Change fields; a new `state` sets `since`; all but `stalled` is a heartbeat."""
        with self._lock:
            status, due = self._change(changes)
        self._publish(due)
        return status

    def turn(self, states: tuple[str, ...], **changes: Any) -> bool:
        """Change fields if the state is one of `states`, in one move; whether it was."""
        with self._lock:
            if self._status.state not in states:
                return False
            _, due = self._change(changes)
        self._publish(due)
        return True

    def _change(self, changes: dict[str, Any]) -> tuple[HuntStatus, bool]:
        """The new status, and whether it is time to mirror it; under the lock."""
        now = time.time()
        turned = "state" in changes and changes["state"] != self._status.state
        if turned:
            changes.setdefault("since", now)
        if "stalled" not in changes:
            changes = {**changes, "heartbeat": now, "stalled": ""}
        self._status = dataclasses.replace(self._status, **changes)
        due = turned or now - self._written >= _FILE_PERIOD
        if due:
            self._written = now
        return self._status, due

    def _publish(self, due: bool) -> None:
        if due:
            self._mirror()
        self._bus.ring()

    def _mirror(self) -> None:
        try:
            with self._mirroring:  # the newest status, so that the last to write is not behind
                atomic_write_bytes(self._workspace.status_path, mirrored(self._status))
        except WorkspaceError as error:
            # The mirror is for others; a full disk must not take the status from those in here.
            _log.error("status.json was not written: %s", error)

"""What `irer doctor` looks at: everything that a hunt needs of its machine."""

import os
import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Any

from engine.errors import EngineError
from engine.hunt.runs import artifact_bytes
from engine.settings import HuntSettings
from engine.store.lock import holder
from engine.store.reader import LedgerReader
from engine.store.workspace import Workspace

_PACKAGES = ("jax", "numpy", "scipy", "h5py", "panel", "holoviews", "datashader", "bokeh")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    name: str
    ok: bool
    text: str

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON-ready values."""
        return asdict(self)


def examine(workspace: str | None) -> list[Finding]:
    """Look at everything; what is broken becomes a finding, never an exception."""
    looks: dict[str, Callable[[], str]] = {
        "python": lambda: f"{platform.python_version()} on {platform.machine()}",
        "packages": lambda: ", ".join(f"{name} {metadata.version(name)}" for name in _PACKAGES),
        "device": _device,
        "memory": _memory,
        "threading layer": _threading_layer,
        "workspace": lambda: _workspace(workspace),
        "free disk": lambda: _disk(workspace),
    }
    return [_look(name, look) for name, look in looks.items()]


def _look(name: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, look())
    except (EngineError, ImportError, RuntimeError, ValueError) as error:
        return Finding(name, False, str(error).splitlines()[0])


def _device() -> str:
    from engine.physics.memory import plan_batches

    return plan_batches(HuntSettings().base, 1, 0).device


def _memory() -> str:
    from engine.physics.memory import device_bytes, run_bytes

    base = HuntSettings().base
    have = device_bytes()
    largest = int((have / run_bytes(base)) ** 0.5 * base.N_grid) // 2 * 2
    return f"{have / 2**30:.3g} GiB for a batch, enough for one run of N_grid ≤ {largest:,}"


def _threading_layer() -> str:
    os.environ.setdefault("NUMBA_THREADING_LAYER", "omp")
    import numba
    import numpy as np

    @numba.njit(parallel=True)
    def total(values: np.ndarray) -> float:
        result = 0.0
        for i in numba.prange(len(values)):
            result += values[i]
        return result

    total(np.ones(1000))
    layer = numba.threading_layer()
    if layer == "workqueue":
        raise EngineError(
            "workqueue, expected omp or tbb: it aborts when two fields are drawn at once; "
            "install libgomp1."
        )
    return f"{layer}, {numba.get_num_threads()} threads"


def _workspace(path: str | None) -> str:
    workspace = Workspace.open(path)
    other = holder(workspace.root)
    events = LedgerReader(workspace.ledger_path).last_seq()
    who = f"held by process {other.get('pid', '?')}" if other else "no hunt in it"
    return f"{workspace.root}, writable, {events:,} events in the ledger, {who}"


def _disk(path: str | None) -> str:
    settings = HuntSettings()
    workspace = Workspace.open(path)
    each = artifact_bytes(settings.base, settings.frames_of(settings.base))
    workspace.require_free(settings.total_runs * each, f"{settings.total_runs} artifacts")
    free = workspace.free_bytes()
    return f"{free / 2**30:.1f} GiB, room for {free // each:,} default runs of {each / 1e6:.2g} MB"

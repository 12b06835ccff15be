"""How much memory a batch needs, and how much its device has."""

from dataclasses import dataclass

import jax
import numpy as np
import psutil

from engine.cores import usable_cores
from engine.errors import DeviceMemoryError
from engine.settings import RunConfig

FIELDS_PER_RUN = 34
"""Peak of one run in complex N × N fields: weights, stages and FFT work.

Measured as the growth of the process: 32 at N = 1024 and 27 at N = 2048, float32, on a CPU.
"""

_USABLE = 0.8


def run_bytes(config: RunConfig) -> int:
    """Peak bytes of one run on its device."""
    item = 2 * np.dtype(config.precision).itemsize
    return FIELDS_PER_RUN * item * config.N_grid**2


def history_bytes(config: RunConfig, frames: int) -> int:
    """Host bytes of one run's history: two fields a frame, and once more while it is written."""
    return 4 * frames * np.dtype(config.precision).itemsize * config.N_grid**2


def device_kind() -> str:
    """The kind of device that computes, as JAX names it, such as "cpu" or "gpu"."""
    return jax.default_backend()


def device_bytes() -> int:
    """Memory that a batch may use: what the accelerator, or the machine, has free."""
    stats = jax.local_devices()[0].memory_stats() or {}
    if "bytes_limit" in stats:
        return int(_USABLE * (stats["bytes_limit"] - stats.get("bytes_in_use", 0)))
    return int(_USABLE * psutil.virtual_memory().available)


@dataclass(frozen=True)
class BatchPlan:
    """How the runs of a hunt are handed to the device.

    Attributes:
        runs: at most so many in one batch.
        threads: so many batches at a time.
        device: platform, kind and count, for people.
    """

    runs: int
    threads: int
    device: str


def plan_batches(config: RunConfig, wanted: int, history_frames: int) -> BatchPlan:
    """How `wanted` such runs are best computed on this machine.

    On a CPU, one run a core: nothing is gained by larger batches, and each result reaches the
    auditors as soon as it is there. On an accelerator one batch of as many as are wanted and fit.

    Raises:
        DeviceMemoryError: not even one run fits.
    """
    on_cpu = jax.default_backend() == "cpu"
    need, have = run_bytes(config), device_bytes()
    if on_cpu:
        need += history_bytes(config, history_frames)
    if need > have:
        fits = int((have / need) ** 0.5 * config.N_grid) // 2 * 2
        raise DeviceMemoryError(
            f"N_grid: got {config.N_grid}, which needs about {need / 2**30:.3g} GiB, expected at "
            f"most the {have / 2**30:.3g} GiB that the device has free; choose N_grid ≤ {fits}, or "
            "fewer history_frames."
        )
    fitting = have // need
    if on_cpu:
        return BatchPlan(1, min(usable_cores(), fitting), _device_name())
    return BatchPlan(min(wanted, fitting), 1, _device_name())


def _device_name() -> str:
    first = jax.local_devices()[0]
    if first.platform == "cpu":
        return f"cpu × {usable_cores()}"
    return f"{first.platform} {first.device_kind}"

"""How much memory a batch needs, and how much its device has."""

import jax
import numpy as np
import psutil

from engine.errors import DeviceMemoryError
from engine.settings import RunConfig

FIELDS_PER_RUN = 48
"""Peak of one run in complex N × N fields: weights, stages and FFT work (measured at N = 1024)."""

_USABLE = 0.8


def run_bytes(config: RunConfig) -> int:
    """Peak bytes of one run on its device."""
    item = 2 * np.dtype(config.precision).itemsize
    return FIELDS_PER_RUN * item * config.N_grid**2


def device_bytes() -> int:
    """Memory that a batch may use: what the accelerator, or the machine, has free."""
    stats = jax.local_devices()[0].memory_stats() or {}
    if "bytes_limit" in stats:
        return int(_USABLE * (stats["bytes_limit"] - stats.get("bytes_in_use", 0)))
    return int(_USABLE * psutil.virtual_memory().available)


def batch_size(config: RunConfig, wanted: int) -> int:
    """How many such runs go into one batch.

    On a CPU one run a core, so that results flow to the auditors early at no loss of speed; on
    an accelerator as many as are wanted and fit.

    Raises:
        DeviceMemoryError: not even one run fits.
    """
    need, have = run_bytes(config), device_bytes()
    if need > have:
        fits = int((have / need) ** 0.5 * config.N_grid) // 2 * 2
        raise DeviceMemoryError(
            f"N_grid: got {config.N_grid}, which needs about {need / 2**30:.3g} GiB, expected at "
            f"most the {have / 2**30:.3g} GiB that the device has free; choose N_grid ≤ {fits}."
        )
    fitting = have // need
    if jax.default_backend() == "cpu":
        return int(min(wanted, fitting, jax.local_device_count()))
    return int(min(wanted, fitting * jax.local_device_count()))


def device_name() -> str:
    """Platform, kind and count of the devices in use, for people."""
    first = jax.local_devices()[0]
    kind = "" if first.device_kind == first.platform else f" {first.device_kind}"
    return f"{first.platform}{kind} × {jax.local_device_count()}"

"""Results and rows that the store's tests write; importable in the processes that they start."""

import numpy as np

from engine.settings import RunConfig
from engine.store.artifact import RunResult
from engine.store.run_row import RunRow

SMALL = RunConfig(N_grid=16, T_steps=10)


def run_result(config=SMALL, frames=3, samples=5, **changes):
    """Random fields in the shapes and types of `config`, the same each time."""
    random = np.random.default_rng(config.seed)
    n = config.N_grid
    real = np.dtype(config.precision)

    def field(*shape):
        return random.random(shape).astype(real)

    def wave(*shape):
        return field(*shape) + np.array(1j, np.result_type(real, np.complex64)) * field(*shape)

    arrays = {
        "psi": wave(n, n),
        "rho_s": field(n, n),
        "final_rho": field(n, n),
        "final_g_tt": -field(n, n),
        "checkpoint_psi": wave(n, n),
        "checkpoint_rho_s": field(n, n),
        "checkpoint_t": 0.9,
        "t_end": 1.0,
        "history_t": np.linspace(0, 1, frames),
        "history_rho": field(frames, n, n),
        "history_g_tt": -field(frames, n, n),
        "diagnostics": {"t": np.linspace(0, 1, samples), "q_coherence": random.random(samples)},
    }
    return RunResult(**{**arrays, **changes})


def run_row(seed=0, status="ok", **values):
    """A row of the run with that seed."""
    if status == "ok":
        values.setdefault("log_prime_sse", 0.5)
    return RunRow(config=RunConfig(seed=seed), status=status, **values)

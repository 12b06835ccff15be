"""Runs with known fields, as the page finds them on disk."""

import numpy as np

from engine.hunt.engine import Engine
from engine.settings import HuntSettings, RunConfig
from engine.store.artifact import RunResult, write_artifact
from engine.store.workspace import Workspace

SHAPE = {"N_grid": 32, "domain_length": 16.0, "T_steps": 10}


def write_run(workspace, seed=0, *, rho=None, g_tt=None, psi=None, **changes):
    """Write a run's artifact with random fields, but for those that are given.

    Returns:
        Its id, ρ and g_tt.
    """
    config = RunConfig(**{**SHAPE, "seed": seed, **changes})
    random = np.random.default_rng(seed)
    n = config.N_grid

    def field():
        return random.random((n, n), np.float32)

    rho = field() if rho is None else rho
    g_tt = -1 + 0.1 * field() if g_tt is None else g_tt
    psi = np.broadcast_to(np.sqrt(rho) if psi is None else psi, (n, n)).astype(np.complex64)
    result = RunResult(
        psi=psi,
        rho_s=field(),
        final_rho=rho,
        final_g_tt=g_tt,
        checkpoint_psi=psi,
        checkpoint_rho_s=field(),
        checkpoint_t=0.5,
        t_end=1.0,
        history_t=np.array([1.0]),
        history_rho=rho[None],
        history_g_tt=g_tt[None],
        diagnostics={"t": np.array([0.0, 1.0]), "q_coherence": np.array([1.0, 1.0])},
    )
    write_artifact(workspace.artifact_path(config.config_hash), config, result)
    return config.config_hash, rho, g_tt


def hunt_in(folder, **changes):
    """A workspace with a hunt of 2 × 3 real runs that took a second."""
    values = {"num_generations": 2, "population_size": 3, "N_grid": 32, "T_steps": 40}
    workspace = Workspace.open(folder / "hunted")
    engine = Engine(workspace)
    engine.start_hunt(HuntSettings.from_mapping({**values, "null_draws": 19, **changes}))
    engine.wait()
    engine.close()
    return workspace

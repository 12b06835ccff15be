"""Honest runs for the auditor's tests, made by a plain ETDRK4 that stands in for the solver.

It shares the auditor's right-hand side: what these tests examine is the verdict on stored arrays.
The equations themselves are held against exact solutions in test_audit_equations.py.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np

from engine.audit.equations import Equations
from engine.audit.geometry import emergent_g_tt
from engine.settings import RunConfig
from engine.store.artifact import RunResult, write_artifact

CHECKPOINT_STEPS = 20


SMALL = {
    "epsilon": 0.5,
    "nonlinear_dispersion": -0.5,
    "diffusion": 0.02,
    "N_grid": 32,
    "domain_length": 32.0,
    "T_steps": 60,
}
"""A run of a second that ends nonlinear, curved and with enough peaks to be scored."""


def small_config(**changes) -> RunConfig:
    """That run, with changes."""
    return RunConfig.from_mapping({**SMALL, **changes})


def noise(config: RunConfig, amplitude: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(config.seed)
    shape = (config.N_grid, config.N_grid)
    psi = amplitude * (random.normal(size=shape) + 1j * random.normal(size=shape))
    return psi, np.full(shape, config.sdg_rho_vac)


class Etdrk4:
    """Cox & Matthews (2002) with the contour means of Kassam & Trefethen (2005), kept complex."""

    def __init__(self, config: RunConfig, dtype: type = np.complex128) -> None:
        self.equations = Equations(config, 1.0)
        h, circle = config.dt, np.exp(2j * np.pi * (np.arange(64) + 0.5) / 64)
        line = self.equations.linear[self.equations.which]
        values, which = np.unique(line, return_inverse=True)
        z = h * values[:, None] + circle

        def mean(f):
            return (h * f(z).mean(axis=1))[which].astype(dtype)

        self.dtype = dtype
        self.full = np.exp(h * line).astype(dtype)
        self.half = np.exp(h * line / 2).astype(dtype)
        self.q = mean(lambda z: (np.exp(z / 2) - 1) / z)
        self.f1 = mean(lambda z: (-4 - z + np.exp(z) * (4 - 3 * z + z * z)) / z**3)
        self.f2 = mean(lambda z: (2 + z + np.exp(z) * (z - 2)) / z**3)
        self.f3 = mean(lambda z: (-4 - 3 * z - z * z + np.exp(z) * (4 - z)) / z**3)

    def steps(self, psi, rho_s, count: int):
        y = self.equations.state(psi, rho_s).astype(self.dtype)
        for _ in range(count):
            n0 = self.forcing(y)
            a = self.half * y + self.q * n0
            na = self.forcing(a)
            nb = self.forcing(self.half * y + self.q * na)
            nc = self.forcing(self.half * a + self.q * (2 * nb - n0))
            y = self.full * y + self.f1 * n0 + 2 * self.f2 * (na + nb) + self.f3 * nc
        return self.equations.fields(y.astype(np.complex128))

    def forcing(self, y):
        return self.equations.rates(y.astype(np.complex128))[0].astype(self.dtype)


@lru_cache(maxsize=32)
def honest_result(config: RunConfig) -> RunResult:
    """The result of a run, in the precision of its config."""
    real, cplx = (
        (np.float32, np.complex64) if config.precision == "float32" else (float, np.complex128)
    )
    solver = Etdrk4(config, cplx)
    last = min(CHECKPOINT_STEPS, config.T_steps)
    checkpoint = solver.steps(*noise(config), config.T_steps - last)
    psi, rho_s = solver.steps(*checkpoint, last)
    psi, rho_s = psi.astype(cplx), rho_s.astype(real)
    rho = (psi.real**2 + psi.imag**2).astype(real)
    g_tt = emergent_g_tt(rho_s, config).astype(real)
    t_end = config.T_steps * config.dt
    return RunResult(
        psi=psi,
        rho_s=rho_s,
        final_rho=rho,
        final_g_tt=g_tt,
        checkpoint_psi=checkpoint[0].astype(cplx),
        checkpoint_rho_s=checkpoint[1].astype(real),
        checkpoint_t=(config.T_steps - last) * config.dt,
        t_end=t_end,
        history_t=np.array([t_end]),
        history_rho=rho[None],
        history_g_tt=g_tt[None],
        diagnostics={"t": np.array([t_end]), "q_coherence": np.array([float(rho.sum())])},
    )


def honest_artifact(folder: Path, config: RunConfig) -> Path:
    """The artifact of an honest run, under its proper name."""
    path = folder / f"rho_history_{config.config_hash}.h5"
    write_artifact(path, config, honest_result(config))
    return path

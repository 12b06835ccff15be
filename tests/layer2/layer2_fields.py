"""States of runs as the analyses read them, smooth and known."""

import numpy as np

from engine.audit.fields import Fields
from engine.audit.geometry import emergent_g_tt
from engine.settings import RunConfig

BUMPY = {
    "N_grid": 48,
    "domain_length": 20.0,
    "epsilon": 0.5,
    "gradient_weight": 0.3,
    "nonlinear_dispersion": -0.7,
    "precision": "float64",
}


def fields_of(config: RunConfig, psi: np.ndarray, rho_s: np.ndarray) -> Fields:
    """A state as `Fields.read` would give it."""
    return Fields(
        config=config,
        psi=psi,
        rho_s=rho_s,
        rho=np.abs(psi) ** 2,
        g_tt=emergent_g_tt(rho_s, config),
        checkpoint_psi=psi,
        checkpoint_rho_s=rho_s,
        checkpoint_t=0.0,
        t_end=1.0,
    )


def bumpy(config: RunConfig, seed: int = 0) -> Fields:
    """Both fields smooth and far from rest, of modes that dealiasing keeps."""
    random, n = np.random.default_rng(seed), config.N_grid
    m = np.fft.fftfreq(n, 1 / n)
    envelope = np.exp(-(m[:, None] ** 2 + m[None, :] ** 2) / 8) * (
        np.maximum(np.abs(m)[:, None], np.abs(m)[None, :]) < n / 3
    )
    waves = [np.fft.ifft2(envelope * np.fft.fft2(random.normal(size=(n, n)))) for _ in range(3)]
    one, two, three = (each.real / np.abs(each).max() for each in waves)
    return fields_of(config, 0.8 + one + 1j * two, config.sdg_rho_vac * (1.2 + 0.3 * three))

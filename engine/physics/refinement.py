"""The start of a run on a finer grid: the same modes, and zeros beyond them.

    ψ̂'(k) = (N'/N)² ψ̂(k)  for |k_x|, |k_y| ≤ K·2π/L,  else 0            K as in `grid`

Spectra are normalized as `fft2`, whose sums grow with the number of cells. What the solver cuts
from a start on the coarse grid is cut here too, so both grids begin from one trigonometric
polynomial.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Complex, Num

from engine.errors import SettingsError
from engine.physics.evolve import initial_state
from engine.physics.grid import from_modes, highest_mode, make_grid
from engine.settings import RunConfig
from engine.store.initial_state import InitialState


def refined_start(config: RunConfig, given: InitialState | None, n: int) -> InitialState:
    """A run's start on n × n cells, in double precision.

    Args:
        config: the run.
        given: the fields that it starts from; None for its seed.
        n: cells along a side, more than the run has.

    Raises:
        SettingsError: the density, band-limited as the solver has it, is not positive between the
            cells of the coarse grid.
    """
    if given is None:
        return InitialState(refined(_noise(config), n), None)
    if given.rho_s is None:
        return InitialState(refined(given.psi, n), None)
    rho_s = refined(given.rho_s, n).real
    if rho_s.min() <= 0:
        raise SettingsError(
            f"rho_s: got {rho_s.min():.4g} between the cells of the run's {len(given.rho_s)} × "
            f"{len(given.rho_s)}, expected values above 0; its start is not resolved, begin from a "
            "finer file.",
            field="initial_state_sha256",
        )
    return InitialState(refined(given.psi, n), rho_s)


def refined(field: Num[np.ndarray, "m m"], n: int) -> Complex[np.ndarray, "n n"]:
    """The kept modes of a field, (m, m), on n × n cells: trigonometric interpolation."""
    highest = highest_mode(field.shape[0])
    kept = np.ix_(*2 * (np.r_[0 : highest + 1, -highest:0],))
    modes = np.zeros((n, n), complex)
    modes[kept] = np.fft.fft2(field)[kept] * (n / field.shape[0]) ** 2
    found: Complex[np.ndarray, "n n"] = np.fft.ifft2(modes)
    return found


def _noise(config: RunConfig) -> Complex[np.ndarray, "n n"]:
    """ψ₀ of a run from its seed: in double precision, from which either precision rounds."""
    state = initial_state(jnp.asarray(config.seed, jnp.uint32), config.N_grid, jnp.float64)
    grid = make_grid(config.N_grid, config.domain_length, jnp.float64)
    return np.asarray(from_modes(state.psi_hat, grid))

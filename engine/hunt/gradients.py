"""Gradients for strategies that want them: of a smooth stand-in for a run's cost.

For stability it is log₁₀ of the H-norm, for fidelity the smooth spectral loss. Both are computed by
the solver: they say where to go, and the auditor says what a run is worth.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from engine.errors import SettingsError, StopRequested
from engine.hunt.space import SearchSpace
from engine.settings import RunConfig

SMOOTH = ("fidelity", "stability")
"""Objectives that have a smooth stand-in."""


def check_smooth(objectives: tuple[str, ...], strategy: str) -> None:
    """Refuse an objective of which there is no gradient.

    Raises:
        SettingsError: it has none.
    """
    if objectives[0] not in SMOOTH:
        raise SettingsError(
            f"objectives: got {objectives[0]!r}, expected one of {', '.join(SMOOTH)}: {strategy} "
            "needs a gradient; choose one of these or another strategy.",
            field="objectives",
        )


def gradients_of(
    runs: Sequence[tuple[RunConfig, np.ndarray]],
    space: SearchSpace,
    objective: str,
    should_stop: Callable[[], bool],
) -> list[list[float] | None]:
    """The gradient of each run's loss in the coordinates of the cube; None where it is not finite.

    Args:
        runs: configs with their points, (d,).
        space: from points to configs.
        objective: one of `SMOOTH`.
        should_stop: asked between runs; `StopRequested` follows.
    """
    from engine.physics.gradient import h_norm_loss, loss_and_gradient
    from engine.physics.spectral_loss import spectral_loss

    stable = objective == "stability"
    found: list[list[float] | None] = []
    for config, point in runs:
        if should_stop():
            raise StopRequested("the gradients were not finished.")
        loss = h_norm_loss if stable else spectral_loss
        value, slopes = loss_and_gradient(config, space.keys, loss)
        gradient = space.unit_gradient(point, slopes)
        if stable:  # of log₁₀: d/du log₁₀ ℓ = ℓ'/(ℓ ln 10)
            gradient = gradient / (value * math.log(10)) if value > 0 else np.zeros_like(gradient)
        found.append(gradient.tolist() if np.isfinite(gradient).all() else None)
    return found

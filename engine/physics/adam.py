"""Adam: steps along a gradient's running mean, divided by the root of its running square.

    m ← β₁ m + (1 − β₁) g        v ← β₂ v + (1 − β₂) g²        step = (m / b₁) / (√(v / b₂) + ε)

with b = 1 − βᵗ after t gradients. optax's, for many searches at once, each with its own t.
Source: Kingma & Ba (2015), ICLR, arXiv:1412.6980, algorithm 1.
"""

import functools
from typing import Any, NamedTuple

import jax
import numpy as np
import optax


class Moments(NamedTuple):
    """State of n searches in d coordinates.

    Attributes:
        steps: gradients that each has taken, shape (n,).
        mean: m, shape (n, d).
        square: v, shape (n, d).
    """

    steps: np.ndarray
    mean: np.ndarray
    square: np.ndarray


def begin(shape: tuple[int, int]) -> Moments:
    """Of searches that have taken no gradient."""
    return Moments(np.zeros(shape[0], np.int32), np.zeros(shape), np.zeros(shape))


def direction(gradient: np.ndarray, moments: Moments) -> tuple[np.ndarray, Moments]:
    """Where to go down, shape (n, d), each coordinate of order 1, and the moments after it.

    On the CPU and in 64 bits wherever the simulations run, so that a search that is resumed
    elsewhere takes the same steps.
    """
    with jax.default_device(jax.devices("cpu")[0]):
        step, state = _program()(gradient, *moments)
    return -np.asarray(step), Moments(*(np.asarray(each) for each in state))


@functools.cache
def _program() -> Any:
    adam = optax.scale_by_adam()

    def one(gradient: Any, steps: Any, mean: Any, square: Any) -> Any:
        return adam.update(gradient, optax.ScaleByAdamState(steps, mean, square))

    return jax.jit(jax.vmap(one))

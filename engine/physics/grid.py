"""Wavenumbers, spectral derivatives and dealiasing on the periodic square.

Real-space arrays are (y, x). Complex fields use the full transform, real ones the half transform
along x. The state lives in the square set of modes |k_x|, |k_y| < (N/3)·2π/L: the 2/3 rule, under
which the product of two state fields has no alias inside the set, and no Nyquist mode remains.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Array, Bool, Complex, Float


class Grid(NamedTuple):
    """Wavenumbers in 1/length; the half transform holds 0 ≤ k_x only.

    Attributes:
        kx, ky: of the full transform, shapes (1, N) and (N, 1).
        kx_half: of the half transform, shape (1, N/2 + 1).
        keep, keep_half: modes that the 2/3 rule keeps, shapes (N, N) and (N, N/2 + 1).
    """

    kx: Float[Array, "1 n"]
    ky: Float[Array, "n 1"]
    kx_half: Float[Array, "1 half"]
    keep: Bool[Array, "n n"]
    keep_half: Bool[Array, "n half"]

    @property
    def k_squared(self) -> Float[Array, "n n"]:
        """|k|² of the full transform."""
        return self.kx**2 + self.ky**2

    @property
    def k_squared_half(self) -> Float[Array, "n half"]:
        """|k|² of the half transform."""
        return self.kx_half**2 + self.ky**2


def make_grid(n: int, length: ArrayLike, dtype: DTypeLike) -> Grid:
    """The grid of n × n cells on the square of side `length`.

    k = 2π·fftfreq(n, length/n). `length` may be traced; n is a shape and is not.
    """
    mode = jnp.fft.fftfreq(n, 1 / n)
    half = jnp.arange(n // 2 + 1)
    scale = 2 * jnp.pi / jnp.asarray(length, jnp.float64)
    kept, kept_half = jnp.abs(mode) * 3 < n, half * 3 < n
    return Grid(
        kx=(scale * mode)[None, :].astype(dtype),
        ky=(scale * mode)[:, None].astype(dtype),
        kx_half=(scale * half)[None, :].astype(dtype),
        keep=kept[None, :] & kept[:, None],
        keep_half=kept_half[None, :] & kept[:, None],
    )


def value_and_gradient(field_hat: Complex[Array, "n n"], grid: Grid) -> Complex[Array, "3 n n"]:
    """(f, ∂_x f, ∂_y f) in real space, of a complex field from its transform."""
    return jnp.fft.ifft2(jnp.stack([field_hat, 1j * grid.kx * field_hat, 1j * grid.ky * field_hat]))


def value_and_gradient_real(
    field_hat: Complex[Array, "n half"], grid: Grid
) -> Float[Array, "3 n n"]:
    """(f, ∂_x f, ∂_y f) in real space, of a real field from its half transform."""
    n = grid.kx.shape[1]
    hats = jnp.stack([field_hat, 1j * grid.kx_half * field_hat, 1j * grid.ky * field_hat])
    return jnp.fft.irfft2(hats, s=(n, n))

"""Fourth-order exponential time differencing for u' = L u + N(u) with a diagonal complex L.

    a = e^{Lh/2} u + Q N(u)             b = e^{Lh/2} u + Q N(a)
    c = e^{Lh/2} a + Q (2 N(b) − N(u))
    u ← e^{Lh} u + f₁ N(u) + 2 f₂ (N(a) + N(b)) + f₃ N(c)

Sources: Cox & Matthews (2002), J. Comput. Phys. 176, 430, eqs. 26–29; contour means of Kassam &
Trefethen (2005), SIAM J. Sci. Comput. 26, 1214.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Array, Complex, Float, Inexact


class Etdrk4Coefficients(NamedTuple):
    """Weights of one step, each of the shape of L; `full` = e^{Lh}, `half` = e^{Lh/2}."""

    full: Inexact[Array, "..."]
    half: Inexact[Array, "..."]
    q: Inexact[Array, "..."]
    f1: Inexact[Array, "..."]
    f2: Inexact[Array, "..."]
    f3: Inexact[Array, "..."]


def etdrk4_coefficients(
    linear: Inexact[Array, "..."],
    dt: ArrayLike,
    *,
    dtype: DTypeLike,
    contour_points: int = 32,
) -> Etdrk4Coefficients:
    """Weights of one ETDRK4 step for a diagonal linear operator L(k).

    Where |Lh| < 1 the formulas cancel, and the mean over a full circle of radius 2 about Lh is
    taken instead, which keeps a distance of at least 1 from their removable pole at 0. The means
    stay complex: their real part suffices only for a real L, and for a complex one drops the
    order to 1. A real L gives real weights.

    Args:
        linear: eigenvalues L(k), 1/time; any shape, real or complex.
        dt: step h, time.
        dtype: dtype of the weights; they are computed in double precision.
        contour_points: points on the circle; 32 reach round-off.

    Source: Cox & Matthews (2002), eqs. 26–29; contour of Kassam & Trefethen (2005).
    """
    step = jnp.asarray(dt, jnp.float64)
    z0 = step * linear.astype(jnp.complex128)
    radius = jnp.where(jnp.abs(z0) < 1, 2.0, 0.0)
    angles = 2 * jnp.pi * (jnp.arange(contour_points) + 0.5) / contour_points

    # A gradient computes each point again rather than keep all of them.
    @jax.checkpoint
    def add_point(sums: Complex[Array, "4 ..."], angle: Float[Array, ""]) -> tuple[Any, None]:
        z = z0 + radius * jnp.exp(1j * angle)
        e, e_half = jnp.exp(z), jnp.exp(z / 2)
        terms = [
            (e_half - 1) / z,
            (-4 - z + e * (4 - 3 * z + z**2)) / z**3,
            (2 + z + e * (z - 2)) / z**3,
            (-4 - 3 * z - z**2 + e * (4 - z)) / z**3,
        ]
        return sums + jnp.stack(terms), None

    sums, _ = jax.lax.scan(add_point, jnp.zeros((4, *z0.shape), jnp.complex128), angles)
    q, f1, f2, f3 = step * sums / contour_points
    weights = Etdrk4Coefficients(jnp.exp(z0), jnp.exp(z0 / 2), q, f1, f2, f3)
    real = not jnp.issubdtype(dtype, jnp.complexfloating)
    return jax.tree.map(lambda w: (w.real if real else w).astype(dtype), weights)


def etdrk4_step(
    state: Any, nonlinear: Callable[[Any], Any], coefficients: Any, *, first: Any = None
) -> Any:
    """Advance a pytree of transforms by one step.

    Args:
        state: pytree of arrays u.
        nonlinear: N(u), a pytree like `state`.
        coefficients: a like pytree with an `Etdrk4Coefficients` in the place of every array.
        first: N(u) of `state`, where the caller has it already.
    """

    def combine(formula: Callable[..., Array], *operands: Any) -> Any:
        return jax.tree.map(formula, state, coefficients, *operands)

    n_u = nonlinear(state) if first is None else first
    a = combine(lambda u, w, n: w.half * u + w.q * n, n_u)
    n_a = nonlinear(a)
    b = combine(lambda u, w, n: w.half * u + w.q * n, n_a)
    n_b = nonlinear(b)
    c = combine(lambda _, w, ua, nb, nu: w.half * ua + w.q * (2 * nb - nu), a, n_b, n_u)
    n_c = nonlinear(c)
    return combine(
        lambda u, w, nu, na, nb, nc: w.full * u + w.f1 * nu + 2 * w.f2 * (na + nb) + w.f3 * nc,
        n_u,
        n_a,
        n_b,
        n_c,
    )

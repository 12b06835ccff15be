"""Derivatives of a loss in the physics parameters, through the whole simulation.

    ℓ(θ) = loss(ψ_T, ρ_s,T; θ)        ψ_T, ρ_s,T = T steps from the start under θ        dℓ/dθ

Reverse mode through the very steps that `simulate` takes and through the weights of the scheme,
which depend on θ as well. The T steps are cut into about √T segments; the forward sweep keeps the
state at the segments' ends, the backward sweep computes one segment again and keeps its states,
then one step at a time. So about 2√T states and the intermediates of one step are held instead of
those of T steps, at about 4.6 times the time of the run alone (N = 64 and 256, on a CPU).

A derivative says what an infinitesimal change does. In a turbulent run it grows like e^{λt} with
the largest Lyapunov exponent λ, and beyond a few 1/λ it no longer points anywhere useful.
Source: Griewank & Walther (2008), Evaluating Derivatives, ch. 12 (checkpointing).
"""

import functools
import math
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float, Num

from engine.errors import SettingsError
from engine.physics.evolve import form_of, initial_state, physics_of
from engine.physics.grid import make_grid
from engine.physics.sncgl import (
    Form,
    Operators,
    Physics,
    State,
    complex_of,
    make_operators,
    step,
    to_fields,
    to_state,
)
from engine.settings import PHYSICS_KEYS, RunConfig

Loss = Callable[[Complex[Array, "n n"], Float[Array, "n n"], Physics], Float[Array, ""]]
"""Of the final ψ and ρ_s in real space and the parameters, a scalar."""


def loss_and_gradient(
    config: RunConfig,
    names: Sequence[str],
    loss: Loss,
    psi: Num[ArrayLike, "..."] | None = None,
    rho_s: Float[ArrayLike, "..."] | None = None,
) -> tuple[float, dict[str, float]]:
    """A loss at the end of a run, and its derivative in each of some parameters.

    Neither is finite where the run diverges. A new N_grid, precision, T_steps, metric or loss
    compiles, new values of anything else do not.

    Args:
        config: the run.
        names: of `PHYSICS_KEYS`.
        loss: `h_norm_loss`, `spectral_loss`, or any like function.
        psi: initial ψ, (N, N), band-limited here; None draws it from the seed.
        rho_s: initial ρ_s, (N, N); None is the vacuum.

    Raises:
        SettingsError: a parameter that is none or in which there is no derivative, or an initial
            field that is missing or has not the grid's shape.
    """
    _check_names(config, names)
    _check_start(config, psi, rho_s)
    physics = physics_of(config)
    # A term that is absent for its coefficient's being 0 has a derivative all the same.
    form = Form(form_of(config).ansatz, curved=True, smoothed=True, gradients=True)
    program = compiled_gradient(config.precision, config.T_steps, form, loss)
    psi_0 = _noise(config) if psi is None else jnp.asarray(psi, jnp.complex128)
    rho_s_0 = None if rho_s is None else jnp.asarray(rho_s, jnp.float64)
    value, gradient = program(physics, psi_0, rho_s_0)
    return float(value), {name: float(getattr(gradient, name)) for name in names}


@functools.cache
def compiled_gradient(
    precision: str, steps: int, form: Form, loss: Loss
) -> Callable[..., tuple[Float[Array, ""], Physics]]:
    """(θ, ψ₀, ρ_s,₀ or None) → (loss, its derivative in every θ: the sweep is the same for one).

    Both sides are in double precision, the simulation between them in the given one.
    """
    real = jnp.dtype(precision)

    def run(
        physics: Physics, psi: Complex[Array, "n n"], rho_s: Float[Array, "n n"] | None
    ) -> Float[Array, ""]:
        operators = make_operators(physics, psi.shape[0], real)
        rounded = jax.tree.map(lambda a: a.astype(real), physics)
        grid = make_grid(psi.shape[0], rounded.domain_length, real)
        vacuum = jnp.full(psi.shape, rounded.sdg_rho_vac)
        density = vacuum if rho_s is None else rho_s.astype(real)
        start = to_state(psi.astype(complex_of(real)), density, rounded, grid)
        end = advance_with_checkpoints(start, rounded, operators, steps, form)
        return loss(*to_fields(end, rounded, grid), rounded).astype(jnp.float64)

    return jax.jit(jax.value_and_grad(run))


def advance_with_checkpoints(
    state: State, physics: Physics, operators: Operators, steps: int, form: Form
) -> State:
    """`steps` ETDRK4 steps whose backward sweep holds about 2√steps states."""
    n = operators.source.shape[0]
    grid = make_grid(n, physics.domain_length, physics.domain_length.dtype)

    @jax.checkpoint
    def one(current: State, _: None) -> tuple[State, None]:
        return step(current, physics, operators, grid, form), None

    @functools.partial(jax.checkpoint, static_argnums=1)
    def segment(start: State, length: int) -> State:
        return jax.lax.scan(one, start, length=length)[0]

    length = math.isqrt(steps)
    whole, rest = divmod(steps, length)
    state, _ = jax.lax.scan(lambda s, _: (segment(s, length), None), state, length=whole)
    return segment(state, rest) if rest else state


def h_norm_loss(
    psi: Complex[Array, "n n"], rho_s: Float[Array, "n n"], physics: Physics
) -> Float[Array, ""]:
    """sdg_h_norm_l2: RMS of ρ_s − ρ_vac − ℓ²∇²ρ_s − χT₀₀, over ρ_vac, with T₀₀ = |ψ|² + η|∇ψ|².

    Where the constraint holds to the last bit, the derivative of the norm is taken as 0.
    """
    n = psi.shape[0]
    k = 2 * jnp.pi / physics.domain_length * jnp.fft.fftfreq(n, 1 / n).astype(rho_s.dtype)
    kx, ky = k[None, :], k[:, None]
    psi_hat = jnp.fft.fft2(psi)
    d_psi = jnp.fft.ifft2(jnp.stack([1j * kx * psi_hat, 1j * ky * psi_hat]))
    t00 = _abs2(psi) + physics.gradient_weight * _abs2(d_psi).sum(axis=0)
    s = rho_s - physics.sdg_rho_vac
    screened = jnp.fft.ifft2((1 + physics.sdg_length**2 * (kx**2 + ky**2)) * jnp.fft.fft2(s)).real
    mean_square = ((screened - physics.sdg_coupling * t00) ** 2).mean()
    # √ has no derivative at 0, and a NaN in the branch not taken would reach the gradient.
    positive = jnp.where(mean_square > 0, mean_square, 1)
    return jnp.where(mean_square > 0, jnp.sqrt(positive), 0) / physics.sdg_rho_vac


def _noise(config: RunConfig) -> Complex[Array, "n n"]:
    """ψ₀ of a run from its seed, in real space."""
    state = initial_state(jnp.asarray(config.seed, jnp.uint32), config.N_grid, jnp.float64)
    grid = make_grid(config.N_grid, config.domain_length, jnp.float64)
    return to_fields(state, physics_of(config), grid)[0]


def _check_start(
    config: RunConfig, psi: Num[ArrayLike, "..."] | None, rho_s: Float[ArrayLike, "..."] | None
) -> None:
    if psi is None and config.initial_state_sha256:
        raise SettingsError(
            "psi: got none, expected the field that belongs to the run's initial_state_sha256; "
            "pass it.",
            field="psi",
        )
    shape = (config.N_grid, config.N_grid)
    for name, field in (("psi", psi), ("rho_s", rho_s)):
        if field is not None and np.shape(field) != shape:
            raise SettingsError(
                f"{name}: got the shape {np.shape(field)}, expected {shape}; "
                "pass a field on the run's grid.",
                field=name,
            )


def _check_names(config: RunConfig, names: Sequence[str]) -> None:
    unknown = [name for name in names if name not in PHYSICS_KEYS]
    if unknown or not names:
        raise SettingsError(
            f"names: got {unknown[0] if unknown else 'none'!r}, expected one or more of "
            f"{', '.join(PHYSICS_KEYS)}.",
            field="names",
        )
    if "sdg_tau" in names and config.sdg_tau == 0:
        raise SettingsError(
            "sdg_tau: got 0, where the density is solved for and does not depend on it, expected "
            "a positive relaxation time; leave sdg_tau out of the names.",
            field="sdg_tau",
        )


def _abs2(z: Complex[Array, "..."]) -> Float[Array, "..."]:
    return z.real**2 + z.imag**2

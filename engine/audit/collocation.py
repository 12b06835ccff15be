"""Exponential collocation: the auditor's integrator for y' = Ly + N(y), L diagonal.

In each window of length h the unknown N is the polynomial through its values at the five
Gauss–Lobatto points c₀ = 0 < … < c₄ = 1, and Duhamel's formula is exact for it:

    yᵢ = e^{cᵢhL} y₀ + h Σⱼ Wᵢⱼ(hL) N(yⱼ)        Wᵢⱼ(z) = ∫₀^{cᵢ} e^{(cᵢ−s)z} ℓⱼ(s) ds

The coupled equations of the points are solved by Picard iteration, each point seeing the ones
before it. A window on which that does not contract, or on which N is no quartic, is halved. Unlike
a Runge–Kutta method of the solver's kind this has no stages that build on one another; it is of
eighth order where L and N are of one size, and stays accurate however stiff L is (a fast ρ_s is
slaved to its source exactly).

Sources: Duhamel/φ-functions: Hochbruck & Ostermann, Acta Numerica 19 (2010), sec. 2; collocation:
Hairer, Nørsett & Wanner, Solving ODEs I (1993), sec. II.7.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import factorial

import numpy as np
from numpy.typing import NDArray

from engine.audit.equations import Complexes
from engine.audit.spectrum import Floats

DEGREE = 4
_INNER = float(np.sqrt(3 / 7) / 2)
NODES: Floats = np.array([0.0, 0.5 - _INNER, 0.5, 0.5 + _INNER, 1.0])
_TO_MONOMIALS: Floats = np.linalg.inv(np.vander(NODES, increasing=True)).T.astype(np.float64)
_QUADRATURE: Floats = np.array([9, 49, 64, 49, 9]) / 180
_SIMPSON: Floats = np.array([1, 0, 4, 0, 1]) / 6
_SIMPSON_ERROR = 1e-2
_MAX_ITERATIONS = 12
_SLOWEST = 0.5
_AT_REST = 1e-3
_NOTHING = float(np.finfo(float).tiny)
_FIRST_WINDOWS = 2
_UNRESOLVED = 100.0

Rates = Callable[[Complexes], tuple[Complexes, Floats]]
Norm = Callable[[Complexes], Floats]


class IntegrationError(ArithmeticError):
    """The equations could not be followed to the end within the allowed work."""


@dataclass(frozen=True)
class Solution:
    """What integrating from a state over a duration gave.

    Attributes:
        state: y at the end.
        power: ∫ of each term that the rates report, over the duration.
        gross: ∫ of the sum of their magnitudes.
        roughness: Σ over windows of h·‖φ₁·d⁴N/dt⁴‖/‖y‖, 1/t⁴: times dt⁴ it bounds what a scheme
            of fourth order with step dt leaves out.
        windows: how many windows it took.
        evaluations: how many states the rates were evaluated at.
    """

    state: Complexes
    power: Floats
    gross: float
    roughness: float
    windows: int
    evaluations: int


@dataclass(frozen=True)
class System:
    """y' = Ly + N(y), and how to measure it.

    Attributes:
        rates: N of a state (modes,), and the power terms (terms,) to be integrated on the way.
        linear: the different values of L, (U,).
        which: index into `linear` for each mode, (modes,).
        norm: size of each part of states (…, modes), (…, parts): errors are relative to it.
        least_power: where the power terms add up to less, their integral needs no care.
    """

    rates: Rates
    linear: Complexes
    which: NDArray[np.intp]
    norm: Norm
    least_power: float


@dataclass(frozen=True)
class _Weights:
    """What Duhamel's formula needs for one length of window, for each different value of L."""

    decay: Complexes  # e^{cᵢhL}, (5, U)
    weight: Complexes  # Wᵢⱼ(hL), (5, 5, U)
    reach: Floats  # φ₁(h·Re L), (U,)


@dataclass(frozen=True)
class _Window:
    """A solved window: the last state, N and the power terms at the five points."""

    state: Complexes
    forcing: Complexes
    power: Floats
    bend: float  # ‖φ₁·(quartic part of N)‖/‖y‖, 1/t


def phi(z: Complexes, count: int) -> list[Complexes]:
    """φ_0 = e^z, φ_k(z) = ∫₀¹ e^{(1−s)z} s^{k−1}/(k−1)! ds for k = 1 … count.

    By φ_{k+1} = (φ_k − 1/k!)/z where |z| ≥ 1, and by the power series below, where that cancels.
    """
    small = np.abs(z) < 1
    safe, near = np.where(small, 1, z), np.where(small, z, 0)
    values = [np.exp(z)]
    for k in range(count):
        values.append((values[-1] - 1 / factorial(k)) / safe)
    for k in range(1, count + 1):
        term = np.full_like(z, 1 / factorial(k))
        series = term.copy()
        for j in range(1, 20):
            term = term * near / (k + j)
            series += term
        values[k] = np.where(small, series, values[k])
    return values


def integrate(
    system: System,
    state: Complexes,
    duration: float,
    *,
    tolerance: float = 1e-6,
    max_evaluations: int = 1500,
) -> Solution:
    """Follow y' = Ly + N(y) from `state` over `duration`.

    Args:
        system: the equations.
        state: y at the start, (modes,).
        duration: how long, in units of time.
        tolerance: iteration ends when what it may still change is below this.
        max_evaluations: work beyond which to give up, as soon as it can be foreseen.

    Raises:
        IntegrationError: the work ran out, or the state ceased to be finite.
    """
    length, time, evaluations, windows = duration / _FIRST_WINDOWS, 0.0, 1, 0
    weights = _weights(system.linear, length)
    roughness, gross = 0.0, 0.0
    with np.errstate(all="ignore"):  # a window that is too long may overflow; it is then halved
        first, first_power = system.rates(state)
        power = np.zeros_like(first_power)
        while duration - time > 1e-9 * length:
            window, used = _solve(system, weights, state, first, first_power, length, tolerance)
            evaluations += used
            if window is None:
                length /= 2
                weights = _weights(system.linear, length)
            else:
                state, first, first_power = window.state, window.forcing[-1], window.power[-1]
                power += length * (_QUADRATURE @ window.power)
                gross += length * float(_QUADRATURE @ np.abs(window.power).sum(axis=1))
                roughness += window.bend * factorial(DEGREE) / length ** (DEGREE - 1)
                time, windows = time + length, windows + 1
            # A window costs at least two iterations, so hopeless cases end at once.
            ahead = 2 * DEGREE * (duration - time) / length
            if evaluations + ahead > max_evaluations or not np.isfinite(first).all():
                raise IntegrationError(
                    f"stopped {time:.4g} into {duration:.4g} after {evaluations} evaluations"
                )
    return Solution(state, power, gross, roughness, windows, evaluations)


def _solve(
    system: System,
    weights: _Weights,
    start: Complexes,
    first: Complexes,
    first_power: Floats,
    length: float,
    tolerance: float,
) -> tuple[_Window | None, int]:
    """One window, or None where iteration does not converge or N is no quartic; evaluations."""
    forcing = np.repeat(first[None], DEGREE + 1, axis=0)
    power = np.repeat(first_power[None], DEGREE + 1, axis=0)
    points = np.repeat(start[None], DEGREE + 1, axis=0)
    change, converged, used = np.inf, False, 0
    for iteration in range(_MAX_ITERATIONS):
        before = points.copy()
        for i in range(1, DEGREE + 1):  # each point already sees the ones before it
            points[i] = _propagate(weights, system.which, i, start, forcing, length)
            forcing[i], power[i] = system.rates(points[i])
        used += DEGREE
        size = np.maximum(system.norm(points), _NOTHING)
        moved = float(np.max(system.norm(points - before) / size))
        slowness = moved / change
        at_rest = moved <= _AT_REST * tolerance
        if not (slowness < _SLOWEST or at_rest):
            return None, used
        known = iteration > 1 and moved * slowness / (1 - slowness) < tolerance
        converged = known or at_rest
        # A slaved part first moves at the second iteration: only from there on is progress told.
        change = moved if iteration else np.inf
        if converged:
            break
    quartic = weights.reach[system.which] * np.abs(_TO_MONOMIALS[:, DEGREE] @ forcing)
    bend = float(np.max(system.norm(quartic.astype(np.complex128)) / size[-1]))
    # As a Chebyshev polynomial on [0, 1], s⁴ has the amplitude 2⁻⁷.
    resolved = length * bend / 128 < _UNRESOLVED * tolerance
    if not (converged and resolved and _integrable(power, system.least_power)):
        return None, used
    end = _propagate(weights, system.which, DEGREE, start, forcing, length)
    return _Window(end, forcing, power, bend), used


def _integrable(power: Floats, least: float) -> bool:
    """Whether five points suffice for the integral of the power terms.

    Where Simpson's rule is right to 1e-2, theirs is to about 1e-6 (exponential decay).
    """
    gross = max(float(_QUADRATURE @ np.abs(power).sum(axis=1)), least)
    return abs(float((_QUADRATURE - _SIMPSON) @ power.sum(axis=1))) <= _SIMPSON_ERROR * gross


def _propagate(
    weights: _Weights,
    which: NDArray[np.intp],
    point: int,
    start: Complexes,
    forcing: Complexes,
    length: float,
) -> Complexes:
    """State y at point `point` of a window, N being known at all five."""
    gathered = weights.weight[point][:, which]
    return weights.decay[point, which] * start + length * np.einsum("jm,jm->m", gathered, forcing)


def _weights(linear: Complexes, length: float) -> _Weights:
    count = DEGREE + 1
    decay = np.empty((count, linear.size), np.complex128)
    weight = np.empty((count, count, linear.size), np.complex128)
    with np.errstate(over="ignore", under="ignore"):
        for i, c in enumerate(NODES):
            values = phi(c * length * linear, count)
            moments = np.stack([factorial(k) * c ** (k + 1) * values[k + 1] for k in range(count)])
            decay[i], weight[i] = values[0], _TO_MONOMIALS @ moments
        reach = phi((length * linear.real).astype(np.complex128), 1)[1].real
    return _Weights(decay, weight, reach)

"""Exponential collocation: the auditor's integrator for y' = Ly + N(y), L diagonal.

In each window of length h the unknown N is the polynomial through its values at the five
Gauss–Lobatto points c₀ = 0 < … < c₄ = 1, and Duhamel's formula is exact for it:

    yᵢ = e^{cᵢhL} y₀ + h Σⱼ Wᵢⱼ(hL) N(yⱼ)        Wᵢⱼ(z) = ∫₀^{cᵢ} e^{(cᵢ−s)z} ℓⱼ(s) ds

The coupled equations of the points are solved by Picard iteration, each point seeing the ones
before it. A window on which that does not contract, on which N is no quartic, or the power
terms cannot be integrated by five points, is halved. Unlike
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
_SIMPSON_LIMIT = 1e-2
_MAX_ITERATIONS = 12
_SLOWEST = 0.5
_AT_REST = 1e-3
_CAREFUL, _SHORTEST = 2.0**-10, 2.0**-13
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

    length: float  # h
    decay: Complexes  # e^{cᵢhL}, (5, U)
    weight: Complexes  # h·Wᵢⱼ(hL), (5, 5, U)
    reach: Floats  # φ₁(h·Re L), (U,)


@dataclass(frozen=True)
class _Window:
    """A solved window.

    Only what the next one starts from is kept of N: at N = 1024 five points are 56 MB.
    """

    state: Complexes  # at the last point
    forcing: Complexes  # N there
    power: Floats  # the power terms at the five points
    bend: float  # ‖φ₁·(quartic part of N)‖/‖y‖, 1/t
    easy: bool  # whether one of twice the length might do


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
        max_evaluations: work after which to give up.

    Raises:
        IntegrationError: the work ran out, or the state ceased to be finite.
    """
    length, time, evaluations, windows = duration / _FIRST_WINDOWS, 0.0, 1, 0
    roughness, gross, weights = 0.0, 0.0, None
    easy_windows, patience = 0, 1
    with np.errstate(all="ignore"):  # a window that is too long may overflow; it is then halved
        first, first_power = system.rates(state)
        power = np.zeros_like(first_power)
        while duration - time > 1e-9 * duration:
            length = min(length, duration - time)
            if weights is None or weights.length != length:
                weights = _weights(system.linear, length)
            # In the shortest windows the balance of power has to take what the state gives it.
            least_power = system.least_power if length > duration * _CAREFUL else np.inf
            window, used = _solve(
                system, weights, state, first, first_power, tolerance, least_power
            )
            evaluations += used
            if window is None:
                length /= 2
                if easy_windows < 0:  # a doubled length has failed: ask for more before the next
                    patience *= 4
                easy_windows = 0
            else:
                state, first, first_power = window.state, window.forcing, window.power[-1]
                power += length * (_QUADRATURE @ window.power)
                gross += length * float(_QUADRATURE @ np.abs(window.power).sum(axis=1))
                roughness += window.bend * factorial(DEGREE) / length ** (DEGREE - 1)
                time, windows = time + length, windows + 1
                easy_windows = max(easy_windows, 0) + 1 if window.easy else 0
                if easy_windows == patience:
                    length, easy_windows = 2 * length, -1
            hopeless = length < duration * _SHORTEST or not np.isfinite(first).all()
            if hopeless or evaluations > max_evaluations:
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
    tolerance: float,
    least_power: float,
) -> tuple[_Window | None, int]:
    """One window, or None where it is too long; and how many evaluations that took."""
    forcing = np.repeat(first[None], DEGREE + 1, axis=0)
    power = np.repeat(first_power[None], DEGREE + 1, axis=0)
    points = [start] * (DEGREE + 1)
    moves = np.zeros(DEGREE + 1)
    change, slowness, converged, used = np.inf, 0.0, False, 0
    while not converged:
        for i in range(1, DEGREE + 1):  # each point already sees the ones before it
            point = _propagate(weights, system.which, i, start, forcing)
            moves[i] = _largest_ratio(system.norm(point - points[i]), system.norm(point))
            points[i] = point
            forcing[i], power[i] = system.rates(point)
        used += DEGREE
        iteration = used // DEGREE
        moved = float(moves.max())
        slowness = moved / change
        at_rest = moved <= _AT_REST * tolerance
        contracts = slowness < _SLOWEST and iteration < _MAX_ITERATIONS
        if not (at_rest or contracts) or _simpson_error(power, least_power) > _SIMPSON_LIMIT:
            return None, used
        # A slaved part first moves at the second iteration: only from there on is progress told.
        known = iteration > 2 and moved * slowness / (1 - slowness) < tolerance
        converged = known or at_rest
        change = moved if iteration > 1 else np.inf
    quartic = weights.reach[system.which] * np.abs(_TO_MONOMIALS[:, DEGREE] @ forcing)
    bend = _largest_ratio(system.norm(quartic.astype(np.complex128)), system.norm(points[-1]))
    # As a Chebyshev polynomial on [0, 1], s⁴ has the amplitude 2⁻⁷.
    unresolved = weights.length * bend / 128 / (_UNRESOLVED * tolerance)
    if not unresolved < 1:
        return None, used
    # Both errors grow with at least the fifth power of the length.
    worst = max(unresolved, _simpson_error(power, least_power) / _SIMPSON_LIMIT)
    end = _propagate(weights, system.which, DEGREE, start, forcing)
    easy = worst < 2.0**-5 and slowness < _SLOWEST / 2
    return _Window(end, forcing[-1].copy(), power, bend, easy), used


def _largest_ratio(change: Floats, size: Floats) -> float:
    """The largest relative change of any part; not a number where one is not."""
    return float(np.max(change / np.maximum(size, _NOTHING)))


def _simpson_error(power: Floats, least: float) -> float:
    """How wrong Simpson's rule is about the power terms, relative to their magnitude.

    Where it is right to 1e-2, five points are to about 1e-6 (for an exponential decay).
    """
    gross = max(float(_QUADRATURE @ np.abs(power).sum(axis=1)), least)
    error = abs(float((_QUADRATURE - _SIMPSON) @ power.sum(axis=1)))
    return error / gross if error else 0.0


def _propagate(
    weights: _Weights,
    which: NDArray[np.intp],
    point: int,
    start: Complexes,
    forcing: Complexes,
) -> Complexes:
    """State y at point `point` of a window, N being known at all five."""
    state = weights.decay[point, which] * start
    for weight, force in zip(weights.weight[point], forcing, strict=True):
        state += weight[which] * force
    return state


def _weights(linear: Complexes, length: float) -> _Weights:
    count = DEGREE + 1
    decay = np.empty((count, linear.size), np.complex128)
    weight = np.empty((count, count, linear.size), np.complex128)
    with np.errstate(over="ignore", under="ignore"):
        for i, c in enumerate(NODES):
            values = phi(c * length * linear, count)
            moments = np.stack([factorial(k) * c ** (k + 1) * values[k + 1] for k in range(count)])
            decay[i], weight[i] = values[0], length * (_TO_MONOMIALS @ moments)
        reach = phi((length * linear.real).astype(np.complex128), 1)[1].real
    return _Weights(length, decay, weight, reach)

"""Exponential collocation: the auditor's integrator for y' = Ly + N(y), L diagonal.

In each window of length h the unknown N is the polynomial through its values at the five
Gauss–Lobatto points c₀ = 0 < … < c₄ = 1, and Duhamel's formula is exact for it:

    yᵢ = e^{cᵢhL} y₀ + h Σⱼ Wᵢⱼ(hL) N(yⱼ)        Wᵢⱼ(z) = ∫₀^{cᵢ} e^{(cᵢ−s)z} ℓⱼ(s) ds

The coupled equations of the points are solved by Picard iteration. A window that does not contract,
or on which N is no quartic, is halved. Unlike a Runge–Kutta method of the solver's kind this has no
stages that build on one another; it is of eighth order where L and N are of one size, and stays
accurate however stiff L is (a fast ρ_s is slaved to its source exactly).

Sources: Duhamel/φ-functions: Hochbruck & Ostermann, Acta Numerica 19 (2010), sec. 2; collocation:
Hairer, Nørsett & Wanner, Solving ODEs I (1993), sec. II.7.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import factorial

import numpy as np

from engine.audit.equations import Complexes
from engine.audit.spectrum import Floats

DEGREE = 4
_INNER = float(np.sqrt(3 / 7) / 2)
NODES: Floats = np.array([0.0, 0.5 - _INNER, 0.5, 0.5 + _INNER, 1.0])
_TO_MONOMIALS: Floats = np.linalg.inv(np.vander(NODES, increasing=True)).T.astype(np.float64)
_QUADRATURE: Floats = np.array([9, 49, 64, 49, 9]) / 180
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
class _Weights:
    decay: Complexes  # e^{cᵢhL}, (5, U)
    weight: Complexes  # Wᵢⱼ(hL), (5, 5, U)
    reach: Floats  # φ₁(h·Re L), (U,)


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
    rates: Rates,
    linear: Complexes,
    which: np.ndarray,
    state: Complexes,
    duration: float,
    *,
    norm: Norm,
    tolerance: float = 1e-6,
    max_evaluations: int = 1500,
) -> Solution:
    """Follow y' = Ly + N(y) over `duration`.

    Args:
        rates: N of states (B, modes), and the power terms (B, terms) to be integrated on the way.
        linear: the different values of L, (U,).
        which: index into `linear` for each mode.
        state: y at the start, (modes,).
        duration: how long, in units of time.
        norm: size of each part of states (…, modes), (…, parts): errors are relative to it.
        tolerance: Picard iteration ends when what it may still change is below this.
        max_evaluations: work beyond which to give up, as soon as it can be foreseen.

    Raises:
        IntegrationError: the work ran out, or the state ceased to be finite.
    """
    window, time, evaluations, windows = duration / _FIRST_WINDOWS, 0.0, 1, 0
    weights = _weights(linear, window)
    roughness, gross = 0.0, 0.0
    with np.errstate(all="ignore"):  # a window that is too long may overflow; it is then halved
        first, first_power = (found[0] for found in rates(state[None]))
        power = np.zeros(first_power.size)
        while duration - time > 1e-9 * window:
            solved, used = _solve_window(
                rates, weights, which, state, first, window, norm, tolerance
            )
            evaluations += used
            if solved is None:
                window /= 2
                weights = _weights(linear, window)
            else:
                forcing, inner_power, bend = solved
                state = _propagate(weights, which, DEGREE, state, forcing, window)
                terms = np.concatenate([first_power[None], inner_power])
                power += window * (_QUADRATURE @ terms)
                gross += window * float(_QUADRATURE @ np.abs(terms).sum(axis=1))
                roughness += bend * factorial(DEGREE) / window ** (DEGREE - 1)
                first, first_power = forcing[-1], inner_power[-1]
                time, windows = time + window, windows + 1
            # A window costs at least two iterations, so hopeless cases end at once.
            ahead = 2 * DEGREE * (duration - time) / window
            if evaluations + ahead > max_evaluations or not np.isfinite(first).all():
                raise IntegrationError(
                    f"stopped {time:.4g} into {duration:.4g} after {evaluations} evaluations"
                )
    return Solution(state, power, gross, roughness, windows, evaluations)


def _solve_window(
    rates: Rates,
    weights: _Weights,
    which: np.ndarray,
    start: Complexes,
    first: Complexes,
    window: float,
    norm: Norm,
    tolerance: float,
) -> tuple[tuple[Complexes, Floats, float] | None, int]:
    """N at the five points, the power terms at the last four, and the quartic part of N.

    None instead where Picard iteration does not converge or N is no quartic; and how many
    evaluations that took.
    """
    forcing = np.repeat(first[None], DEGREE + 1, axis=0)
    points = np.empty((DEGREE, start.size), np.complex128)
    before, change, converged = None, np.inf, False
    for iteration in range(_MAX_ITERATIONS):
        for i in range(DEGREE):
            points[i] = _propagate(weights, which, i + 1, start, forcing, window)
        size = np.maximum(norm(points), _NOTHING)
        if before is not None:
            moved = float(np.max(norm(points - before) / size))
            slowness = moved / change  # zero at the first comparison, which says nothing of it
            if not (slowness < _SLOWEST or moved <= _AT_REST * tolerance):
                return None, DEGREE * iteration
            known = iteration > 1 and moved * slowness / (1 - slowness) < tolerance
            converged = known or moved <= _AT_REST * tolerance
            change = moved
        forcing[1:], power = _in_blocks(rates, points)
        if converged:
            quartic = weights.reach[which] * np.abs(_TO_MONOMIALS[:, DEGREE] @ forcing)
            bend = float(np.max(norm(quartic) / size[-1]))
            # As a Chebyshev polynomial on [0, 1], s⁴ has the amplitude 2⁻⁷.
            resolved = window * bend / 128 < _UNRESOLVED * tolerance
            found = (forcing, power, bend) if resolved else None
            return found, DEGREE * (iteration + 1)
        before = points.copy()
    return None, DEGREE * _MAX_ITERATIONS


def _propagate(
    weights: _Weights,
    which: np.ndarray,
    point: int,
    start: Complexes,
    forcing: Complexes,
    window: float,
) -> Complexes:
    """State y at point `point` of a window, N being known at all five."""
    gathered = weights.weight[point][:, which]
    return weights.decay[point, which] * start + window * np.einsum("jm,jm->m", gathered, forcing)


def _in_blocks(rates: Rates, points: Complexes) -> tuple[Complexes, Floats]:
    """The rates at all points: together while they are small, one by one for large fields."""
    together = points.shape[1] <= 2**1
    found = [rates(points)] if together else [rates(point[None]) for point in points]
    return np.concatenate([f[0] for f in found]), np.concatenate([f[1] for f in found])


def _weights(linear: Complexes, window: float) -> _Weights:
    count = DEGREE + 1
    decay = np.empty((count, linear.size), np.complex128)
    weight = np.empty((count, count, linear.size), np.complex128)
    with np.errstate(over="ignore", under="ignore"):
        for i, c in enumerate(NODES):
            values = phi(c * window * linear, count)
            moments = np.stack([factorial(k) * c ** (k + 1) * values[k + 1] for k in range(count)])
            decay[i], weight[i] = values[0], _TO_MONOMIALS @ moments
        reach = phi((window * linear.real).astype(np.complex128), 1)[1].real
    return _Weights(decay, weight, reach)

"""Is the topology of a run's ρ that of a field of its spectrum whose phases are random?

Observed ψ₀ and n surrogates ψ₁ … ψₙ, the first n of the audit's phase scramble: |ψ̂| of the run, all
phases drawn afresh. Of each, ρ/⟨ρ⟩ has diagrams of superlevel sets in dimensions 0 and 1; with

    dᵢⱼ = SW(dimension 0 of i, of j) + SW(dimension 1 of i, of j)
    Tᵢ  = mean over all j ≠ i of dᵢⱼ,    i = 0 … n
    p   = (1 + #{i ≥ 1 : Tᵢ ≥ T₀}) / (1 + n)

T is the same symmetric function of one field among n + 1 for each of them. Were the phases of ψ₀
random, the n + 1 fields would be exchangeable, given |ψ̂|, and so would T₀ … Tₙ: each rank of T₀ is
then as likely as any other, and P(p ≤ u) ≤ u for every u, with equality at u = i/(n + 1) where no
two are equal. That the distances share fields, and the surrogates one spectrum, costs nothing: the
observed one shares them as well.

Source: Davison & Hinkley, Bootstrap Methods and their Application (1997), section 4.2;
Barnard (1963), J. R. Stat. Soc. B 25, 294.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.audit.nulls import surrogate_densities
from engine.audit.spectrum import Floats
from engine.layer2.persistence import superlevel_persistence
from engine.layer2.sliced import sliced_wasserstein

ROUNDING = 1e-5
"""Persistence, over ⟨ρ⟩, below which a feature of any of the fields is taken for rounding."""

_TIE = 1e-9


@dataclass(frozen=True)
class TopologyTest:
    """Outcome of the test.

    Attributes:
        statistic: Tᵢ of the observed field and of each surrogate, (n + 1,), over ⟨ρ⟩.
        p: the p-value.
        totals: total persistence in dimensions 0 and 1 of each of these fields, (n + 1, 2).
    """

    statistic: Floats
    p: float
    totals: Floats


def topology_test(psi: NDArray[np.complexfloating], run_id: str, draws: int) -> TopologyTest:
    """Test ψ, (N, N), against `draws` ≥ 1 surrogates, which the run's id chooses."""
    wide = psi.astype(np.complex128)
    observed = wide.real**2 + wide.imag**2
    fields = [observed[None], *surrogate_densities(psi, run_id)(draws)]
    return first_against_others(_diagrams(rho for block in fields for rho in block))


def first_against_others(diagrams: list[tuple[Floats, Floats]]) -> TopologyTest:
    """Test the first of some fields' diagrams against all others."""
    apart = sum(sliced_wasserstein([each[k] for each in diagrams]) for k in (0, 1))
    statistic = np.asarray(apart, np.float64).sum(axis=1) / (len(diagrams) - 1)
    as_far = int(np.count_nonzero(statistic[1:] >= statistic[0] * (1 - _TIE)))
    totals = [[float(np.sum(d[:, 0] - d[:, 1])) for d in each] for each in diagrams]
    return TopologyTest(statistic, (1 + as_far) / len(diagrams), np.array(totals))


def _diagrams(fields: Iterable[Floats]) -> list[tuple[Floats, Floats]]:
    found = []
    for rho in fields:
        persistence = superlevel_persistence(rho / (rho.mean() or 1.0))
        one, two = (persistence.diagram(k) for k in (0, 1))
        found.append((_above_rounding(one), _above_rounding(two)))
    return found


def _above_rounding(diagram: Floats) -> Floats:
    return diagram[diagram[:, 0] - diagram[:, 1] > ROUNDING]

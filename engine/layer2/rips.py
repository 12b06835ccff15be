"""Vietoris–Rips persistence of places on the torus: how the peaks of a field are arranged.

Places are joined by an edge once r reaches their distance around the torus, by a triangle once all
three are joined. As r grows from 0, components (dimension 0) and loops (dimension 1) are born at b
and die at d ≥ b; both are lengths, in x.

Source: Edelsbrunner & Harer, Computational Topology (2010); computed by Ripser (Bauer, 2021, J.
Appl. Comput. Topol. 5, 391).
"""

import numpy as np
from ripser import ripser

from engine.audit.spectrum import Floats
from engine.layer2.torus import distances


def rips_persistence(places: Floats, domain_length: float) -> tuple[Floats, Floats]:
    """(birth, death) in dimensions 0 and 1, (n, 2) each, of places (m, 2) on the torus of side L.

    The component that never dies is left out: of m places m − 1 are told. Every loop dies, the
    torus's own as well: beyond L/√2 all places are joined.
    """
    if len(places) < 2:
        return np.empty((0, 2)), np.empty((0, 2))
    apart = distances(places, places, domain_length)
    found = ripser(apart, maxdim=1, distance_matrix=True)["dgms"]
    zero, one = (np.asarray(each, np.float64) for each in found)
    return zero[np.isfinite(zero[:, 1])], one[np.isfinite(one[:, 1])]

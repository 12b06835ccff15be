"""ψ between the two moments that a file holds: where the equations lead, and no further."""

import numpy as np
import pytest
from layer2_fields import BUMPY, bumpy

from engine.audit.evolution import follow
from engine.errors import ArtifactError
from engine.layer2.instants import instants
from engine.settings import RunConfig

CONFIG = RunConfig(**{**BUMPY, "N_grid": 32})


def run_of_one_time_unit(seed: int):
    """A checkpoint at t = 0 and the end at t = 1, where it leads."""
    start = bumpy(CONFIG, seed)
    end = follow(start.psi, start.rho_s, CONFIG, 1.0)
    return type(start)(**{**vars(start), "psi": end.psi, "rho_s": end.rho_s})


def test_instants_lie_evenly_and_where_the_equations_lead():
    fields = run_of_one_time_unit(1)
    found = instants(fields, 3)
    assert found.times == (0.0, 0.25, 0.5, 0.75, 1.0)
    assert found.psi[0] is fields.checkpoint_psi
    assert found.psi[-1] is fields.psi
    half = follow(fields.checkpoint_psi, fields.checkpoint_rho_s, CONFIG, 0.5).psi
    moved = np.linalg.norm(half - fields.psi)
    assert np.linalg.norm(found.psi[2] - half) < 1e-6 * moved
    again = instants(fields, 1)
    assert np.linalg.norm(again.psi[1] - half) < 1e-6 * moved


def test_none_between_are_the_two_that_are_stored():
    fields = run_of_one_time_unit(2)
    found = instants(fields, 0)
    assert found.times == (0.0, 1.0)
    assert len(found.psi) == 2


def test_a_checkpoint_that_leads_nowhere_is_refused():
    fields = run_of_one_time_unit(3)
    wild = type(fields)(**{**vars(fields), "checkpoint_rho_s": -fields.checkpoint_rho_s})
    with pytest.raises(ArtifactError, match="checkpoint") as caught:
        instants(wild, 2)
    assert caught.value.failure == "audit_failed"

"""Tables of hunts with given figures, without a ledger."""

import numpy as np

from engine.hunt.table import METRICS, HuntTable
from engine.settings import HuntSettings

SETTINGS = HuntSettings.from_mapping({"num_generations": 4, "population_size": 3, "N_grid": 32})


def table_of(settings=SETTINGS, statuses=None, ids=None, **columns):
    """A table whose columns are those given; the others are NaN, places count up."""
    count = len(next(iter(columns.values())))
    names = ["replicate", *(d.key for d in settings.dimensions), *(m.key for m in METRICS)]
    numbers = {name: np.full(count, np.nan) for name in names}
    numbers["replicate"] = np.zeros(count)
    numbers["generation"] = 1.0 + np.arange(count) // settings.population_size
    numbers["member"] = np.arange(count) % settings.population_size * 1.0
    numbers |= {name: np.array(values, float) for name, values in columns.items()}
    return HuntTable(
        "2026-11-21-001",
        settings,
        tuple(ids or (f"{i:040x}" for i in range(count))),
        tuple(statuses or ["ok"] * count),
        numbers,
    )

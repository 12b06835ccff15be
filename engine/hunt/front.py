"""The Pareto front of a hunt's table: the runs that no other beats in both SSE and H-norm."""

import numpy as np

from engine.hunt.table import H_NORM, SSE, HuntTable, Places
from engine.store.pareto import undominated


def front(table: HuntTable) -> Places:
    """The places on the front, from the smallest SSE on; small is good in both."""
    places = table.scored[np.isfinite(table[H_NORM.key][table.scored])]
    x, y = table[SSE.key][places], table[H_NORM.key][places]
    order = np.lexsort((y, x))
    points = zip(x[order].tolist(), y[order].tolist(), places[order].tolist(), strict=True)
    return np.array(undominated(points), int)

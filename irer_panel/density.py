"""How many runs lie under each pixel of a log–log figure: for more runs than can be drawn."""

from dataclasses import dataclass

import numpy as np

from engine.hunt.table import Numbers
from irer_panel.viewport import MAX_PIXELS, Array, Range, Window


@dataclass(frozen=True, eq=False)
class Density:
    """Counts by pixel, row 0 lowest, NaN for none; `x_range` and `y_range` are its ends."""

    counts: Array
    x_range: Range
    y_range: Range


def density(x: Numbers, y: Numbers, window: Window) -> Density:
    """Count points by pixel of a window whose axes are both logarithmic, with Datashader.

    Pixels are equally wide on the screen, so points are binned by their logarithms.

    Args:
        x: shape (n,), positive; others are left out.
        y: the same.
        window: ranges in the units of x and y, both positive.
    """
    # Imported late: it brings Numba, a second that the first paint need not wait for.
    import datashader
    import pandas as pd

    drawn = (x > 0) & (y > 0)
    logs = pd.DataFrame({"x": np.log10(x[drawn]), "y": np.log10(y[drawn])})
    canvas = datashader.Canvas(
        min(max(window.width, 1), MAX_PIXELS),
        min(max(window.height, 1), MAX_PIXELS),
        tuple(np.log10(window.x_range)),
        tuple(np.log10(window.y_range)),
    )
    counts = np.asarray(canvas.points(logs, "x", "y", datashader.count()).values, np.float32)
    counts[counts == 0] = np.nan
    return Density(counts, window.x_range, window.y_range)


def around(values: Numbers) -> Range:
    """A positive interval that holds all positive values, with a little room, on a log axis."""
    values = values[np.isfinite(values) & (values > 0)]
    if not len(values):
        return 0.1, 10.0
    low, high = np.log10(values.min()), np.log10(values.max())
    room = max(0.05 * (high - low), 0.02)
    return float(10 ** (low - room)), float(10 ** (high + room))


def warm_up() -> None:
    """Compile what the first density needs (two to four seconds), away from the first user."""
    place = np.array([0.1, 1.0])
    density(place, place, Window((0.01, 10.0), (0.01, 10.0), 8, 8))

"""The stored time of a run that one page's player stands at, as a link carries it."""

import math
from collections.abc import Mapping

import param


class Moment(param.Parameterized):
    """A time of a run; a run that is not named stands at its end."""

    run = param.String(default="", doc="Id of the run.")
    time = param.Number(default=None, allow_None=True, doc="Model time; None for the end.")

    def of(self, run: str) -> float | None:
        """Where a run stands; None for its end."""
        return self.time if run and run == self.run else None


def wanted_moment(wanted: Mapping[str, str], run: str) -> tuple[Moment, str]:
    """The time of a run that a link names, and in words what is wrong with it."""
    text = wanted.get("t", "")
    if not text or not run:
        return Moment(), ""
    try:
        time = float(text)
    except ValueError:
        time = math.nan
    if not math.isfinite(time):
        return Moment(), f"t: got {text[:60]!r}, expected a time such as 12.5; it was left out."
    return Moment(run=run, time=time), ""

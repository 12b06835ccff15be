"""Which runs a browser compares, up to four, marked in the list or named by a link; and how."""

from collections.abc import Iterable

import param

from irer_panel.views.compare_state import CompareView, Ranges
from irer_panel.wording import short_id

MOST = 4
"""Most runs that stand side by side."""


class Compared(param.Parameterized):
    """The marked runs of one session, in the order in which they were marked."""

    runs = param.ClassSelector(
        default=(), class_=tuple, doc="Their ids (config_hash), each once.", allow_None=False
    )
    refused = param.String(default="", doc="Why the newest mark was not made, empty where it was.")
    view = param.ClassSelector(
        default=CompareView(), class_=CompareView, doc="How they are shown.", allow_None=False
    )
    window = param.ClassSelector(
        default=None, class_=tuple, doc="Ranges of x and y that are shown, None for the whole."
    )

    def __init__(
        self,
        runs: Iterable[str] = (),
        refused: str = "",
        view: CompareView | None = None,
        window: Ranges | None = None,
    ) -> None:
        """Begin with what a link names, and with what was wrong with it."""
        super().__init__(
            runs=tuple(runs), refused=refused, view=view or CompareView(), window=window
        )

    def toggle(self, run: str) -> None:
        """Mark a run, or take its mark away; a fifth mark is refused in words."""
        if run in self.runs:
            self.param.update(runs=tuple(r for r in self.runs if r != run), refused="")
        elif len(self.runs) < MOST:
            self.param.update(runs=(*self.runs, run), refused="")
        else:
            self.refused = (
                f"Run {short_id(run)} was not marked: got a fifth run, expected at most {MOST}; "
                "take a mark away first."
            )

    def clear(self) -> None:
        """Take all marks away."""
        self.param.update(runs=(), refused="")

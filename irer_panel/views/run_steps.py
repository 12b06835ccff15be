"""Two buttons beside the run's heading: the previous and the next run of the list."""

from functools import partial

import panel as pn

from irer_panel.views.icon_button import NEXT, PREVIOUS, IconButton
from irer_panel.walk import Walk


class RunSteps(pn.viewable.Viewer):
    """Steps along the list; a button is grey where the list ends."""

    def __init__(self, walk: Walk) -> None:
        super().__init__()
        self.previous = IconButton(
            partial(walk.step, -1),
            label="Previous run (K)",
            drawing=PREVIOUS,
            useful=walk.param.before,
        )
        self.next = IconButton(
            partial(walk.step, 1), label="Next run (J)", drawing=NEXT, useful=walk.param.after
        )

    def __panel__(self) -> pn.viewable.Viewable:
        return pn.Row(self.previous, self.next, margin=(0, 0, 0, -6), align="center")

"""What the state calls for, in words: why a hunt failed or stopped and what to do next."""

from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from irer_panel.states import notice
from irer_panel.views.hunt_view import HuntView

_DENSE = {
    "alignItems": "center",
    "& .MuiAlert-icon": {"padding": 0},
    "& .MuiAlert-message": {"padding": "2px 0"},
    "& p": {"margin": 0},
}


class Notice(HuntView):
    """A bar above the tiles, shown only when there is something to say."""

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._alert = pmui.Alert(
            "", sizing_mode="stretch_width", margin=0, visible=False, sx=_DENSE
        )
        self._update()

    @param.depends("snapshot", watch=True)
    def _update(self) -> None:
        severity, text = notice(self.snapshot)
        if text:
            self._alert.param.update(object=text, severity=severity, visible=True)
        else:
            self._alert.visible = False

    def __panel__(self) -> pn.viewable.Viewable:
        return self._alert

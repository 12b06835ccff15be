"""What the state calls for, in words: why a hunt failed or stopped, and the button that goes on."""

from collections.abc import Callable
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from irer_panel.states import continuable, notice
from irer_panel.views.hunt_view import HuntView

_DENSE = {
    "alignItems": "center",
    "& .MuiAlert-icon": {"padding": 0},
    "& .MuiAlert-message": {"padding": "2px 0"},
    "& p": {"margin": 0},
}


class Notice(HuntView):
    """A bar above the tiles, shown only when there is something to say."""

    def __init__(self, on_continue: Callable[[], None], **params: Any) -> None:
        super().__init__(**params)
        self._alert = pmui.Alert("", sizing_mode="stretch_width", margin=0, sx=_DENSE)
        self.go_on = pmui.Button(
            label="Continue",
            icon="replay",
            variant="outlined",
            on_click=lambda _: on_continue(),
            margin=0,
            align="center",
            visible=False,
            sx={"whiteSpace": "nowrap"},
        )
        self._row = pn.Row(
            self._alert,
            self.go_on,
            sizing_mode="stretch_width",
            styles={"gap": "12px"},
            margin=0,
            visible=False,
        )
        self._says = ("", "", "")
        self._update()

    @param.depends("snapshot", watch=True)
    def _update(self) -> None:
        says = (*notice(self.snapshot), continuable(self.snapshot))
        if says == self._says:
            return
        self._says = severity, text, hunt_id = says
        if text:
            self._alert.param.update(object=text, severity=severity)
        self.go_on.param.update(label=f"Continue hunt {hunt_id}", visible=bool(hunt_id))
        self._row.visible = bool(text)

    def __panel__(self) -> pn.viewable.Viewable:
        return self._row

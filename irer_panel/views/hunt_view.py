"""What the views of the hunt have in common: the newest look."""

import panel as pn
import param

from irer_panel.snapshot import Snapshot


class HuntView(pn.viewable.Viewer):
    """A view that follows `snapshot`, which a session's parameter may feed."""

    snapshot = param.ClassSelector(
        default=Snapshot(), class_=Snapshot, allow_None=False, allow_refs=True, doc="Newest look."
    )

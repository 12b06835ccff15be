"""Which run a browser looks at: the newest as it lands, or the one its user picked."""

import panel as pn
import param


class Selection(param.Parameterized):
    """The selected run of one session; every view of a run follows it, some can set it."""

    run = param.String(default="", doc="config_hash of the selected run, empty for none.")
    newest = param.String(default="", doc="config_hash of the newest run with an artifact.")
    follow = param.Boolean(default=True, doc="Select each new run as it lands.")

    def land(self, newest: str) -> None:
        """A new artifact is there: it becomes the selection unless the user picked one."""
        self.newest = newest
        if newest and (self.follow or not self.run):
            self.run = newest

    def pick(self, run: str) -> None:
        """The user picks a run: the page stays with it, and is told in one message."""
        with pn.io.hold():
            self.param.update(run=run, follow=False)

    @param.depends("follow", watch=True)
    def _catch_up(self) -> None:
        if self.follow and self.newest:
            self.run = self.newest

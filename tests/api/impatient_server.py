"""A server that waits shorter than ours: `python -m tests.api.impatient_server`.

It asks for a log-in where its workspace has somebody who may come in.
"""

from engine.store.access import FILE_NAME, Access
from engine.store.workspace import Workspace
from irer_panel import doors, still_in
from irer_panel.api import events, handler
from irer_panel.doors import Doors
from irer_panel.h5web import handlers as h5web
from irer_panel.server import serve

if __name__ == "__main__":
    handler.STALL_SECONDS = 1.0
    events.HEARTBEAT = 0.3
    doors.REQUEST_SECONDS = 2.0
    still_in.PULSE = 0.3
    h5web.PATIENCE, h5web.SLOWEST = 2.0, 2**40
    workspace = Workspace.open()
    access = Access(workspace.root / FILE_NAME)
    serve(workspace, Doors(port=0, access=access if access.path.exists() else None))

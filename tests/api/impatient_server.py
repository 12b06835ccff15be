"""A server that waits shorter than ours: `python -m tests.api.impatient_server`."""

from engine.store.workspace import Workspace
from irer_panel import doors
from irer_panel.api import events, handler
from irer_panel.doors import Doors
from irer_panel.h5web import handlers as h5web
from irer_panel.server import serve

if __name__ == "__main__":
    handler.STALL_SECONDS = 1.0
    events.HEARTBEAT = 0.3
    doors.REQUEST_SECONDS = 2.0
    h5web.PATIENCE, h5web.SLOWEST = 2.0, 2**40
    serve(Workspace.open(), Doors(port=0))

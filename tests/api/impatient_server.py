"""A server that waits shorter than ours: `python -m tests.api.impatient_server`."""

from engine.store.workspace import Workspace
from irer_panel.api import events, handler
from irer_panel.server import serve

if __name__ == "__main__":
    handler.STALL_SECONDS = 1.0
    events.HEARTBEAT = 0.3
    serve(Workspace.open(), port=0)

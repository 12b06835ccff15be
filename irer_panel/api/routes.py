"""Which path is answered by whom."""

from collections.abc import Callable
from typing import Any

from engine.hunt.engine import Engine
from irer_panel.api.artifact import ArtifactHandler
from irer_panel.api.events import EventsHandler
from irer_panel.api.handler import ApiHandler, NotFound
from irer_panel.api.hunts import StartHandler, SteerHandler
from irer_panel.api.openapi import OpenApiHandler
from irer_panel.api.runs import RunHandler, RunsHandler
from irer_panel.api.status import ConstantsHandler, StatusHandler

Route = tuple[str, type[ApiHandler], dict[str, Any]]


def routes(engine: Callable[[], Engine]) -> list[Route]:
    """The interface, as Tornado's patterns.

    Args:
        engine: finds the engine of this process.
    """
    handlers: dict[str, type[ApiHandler]] = {
        r"/api/start-hunt": StartHandler,
        r"/api/(stop|pause|resume)-hunt": SteerHandler,
        r"/api/get-status": StatusHandler,
        r"/api/get-constants": ConstantsHandler,
        r"/api/events": EventsHandler,
        r"/api/runs": RunsHandler,
        r"/api/runs/([0-9a-f]{40})": RunHandler,
        r"/api/runs/([0-9a-f]{40})/artifact": ArtifactHandler,
        r"/api/openapi\.json": OpenApiHandler,
        r"/api(?:/.*)?": NotFound,
    }
    return [(path, handler, {"engine": engine}) for path, handler in handlers.items()]
